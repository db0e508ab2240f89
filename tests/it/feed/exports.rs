//! Exports: whole or seen not to be, few at a time.

use super::{PATIENCE, page, pull, store};
use crate::support::cluster::crowd;
use crate::support::samples::{id, response};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

#[tokio::test]
async fn an_export_says_where_it_ends_and_what_it_held() {
    let app = TestApp::start().await;
    let (sql, admin) = (app.sql().await, app.admin(Some("H56")).await);
    store(&sql, "H56.C1", app.now, 1300).await;
    store(&sql, "H21.C1", app.now, 700).await;
    pull(&app.admin(None).await, "limit=1000", 2000).await;
    let reply = admin.get("/v1/responses/export").await.expect(200);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert_eq!(reply.header("cache-control"), "no-store");
    let text = reply.text.strip_suffix('\n').expect("the last line is whole");
    let (items, end) = text.rsplit_once('\n').unwrap();
    let items = items.to_owned() + "\n";
    let end: Value = serde_json::from_str(end).unwrap();
    let digest: String = Sha256::digest(&items).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        end,
        json!({"end": true, "count": 1300, "last_seq": 2000, "digest": format!("sha256:{digest}")})
    );
    let items: Vec<Value> = items.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(items, pull(&admin, "limit=999", 1300).await);

    // Going on after the end: nothing new, then what came since.
    let more = admin.get("/v1/responses/export?after_seq=2000").await.expect(200).text;
    let empty = "{\"end\":true,\"count\":0,\"last_seq\":2000,\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n";
    assert_eq!(more, empty);
    let new = id(app.now);
    app.device("H56.C1", "MC-H56-C1").await.post("/v1/responses", &response(new, 4)).await.expect(201);
    pull(&admin, "", 1301).await;
    let more = admin.get("/v1/responses/export?after_seq=2000").await.expect(200).text;
    assert!(more.contains(&new.to_string()) && more.contains("\"count\":1,\"last_seq\":2001"), "{more}");
}

/// Asks for an export and reads no more than the first bytes.
async fn begin_export(app: &TestApp, admin: &Client) -> (u16, TcpStream) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(app.url.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
    let head = format!(
        "GET /v1/responses/export HTTP/1.1\r\nHost: sipas\r\nAuthorization: Bearer {}\r\n\r\n",
        admin.bearer()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await.unwrap();
    (String::from_utf8_lossy(&begin[9..]).parse().unwrap(), stream)
}

#[tokio::test]
async fn few_exports_run_at_once_and_whoever_hangs_up_gives_the_turn_back() {
    let _turn = crowd().await;
    let app = TestApp::start().await;
    let (sql, admin) = (app.sql().await, app.admin(None).await);
    // Far more than fits between the two: about 15 MB.
    store(&sql, "H56.C1", app.now, 25_000).await;
    let begun = Instant::now();
    while page(&admin, "limit=1&after_seq=0").await["items"].as_array().unwrap().is_empty()
        || sql.query_one("SELECT count(*) FROM ingest_batches", &[]).await.unwrap().get::<_, i64>(0) > 0
    {
        assert!(begun.elapsed() < PATIENCE);
        sleep(Duration::from_millis(100)).await;
    }
    let mut held = Vec::new();
    for _ in 0..4 {
        let (status, stream) = begin_export(&app, &admin).await;
        assert_eq!(status, 200);
        held.push(stream);
    }
    let refused = admin.get("/v1/responses/export").await.expect(503);
    assert_eq!((refused.problem().as_str(), refused.header("retry-after")), ("unavailable", "2"));
    // Those who wait for a slow reader hold no connection of the database, and others are served.
    let active =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND state <> 'idle'";
    sleep(Duration::from_millis(500)).await;
    let busy = sql.query_one(active, &[]).await.unwrap().get::<_, i64>(0);
    assert!(busy <= 1, "{busy} sessions are busy while nobody reads");
    assert_eq!(page(&admin, "limit=3").await["items"].as_array().unwrap().len(), 3);
    // A slow reader gets all of it in the end.
    let mut slow = held.pop().unwrap();
    held.clear();
    let begun = Instant::now();
    while admin.get("/v1/responses/export?after_seq=25000").await.status != 200 {
        assert!(begun.elapsed() < PATIENCE, "the turns do not come back");
        sleep(Duration::from_millis(50)).await;
    }
    let (mut all, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    while !all.ends_with(b"\r\n0\r\n\r\n") {
        let read = tokio::time::timeout(PATIENCE, slow.read(&mut piece)).await.unwrap().unwrap();
        assert!(read > 0, "broken off after {} bytes", all.len());
        all.extend_from_slice(&piece[..read]);
    }
    assert!(String::from_utf8_lossy(&all).contains("{\"end\":true,\"count\":25000,\"last_seq\":25000,"));
}
