//! Clients that are slow, stop in the middle, or vanish.

use crate::support::cluster::{crowd, database};
use crate::support::load::{Answer, Sender};
use crate::support::samples::{id, response};
use crate::support::site::{ALL, Site};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// A little more than the twenty seconds that a head or a body may take.
const BOUND: Duration = Duration::from_secs(27);

fn new_id() -> Uuid {
    id(std::time::SystemTime::now().into())
}

/// Head and body of a post.
fn post(site: &Site, id: Uuid) -> (String, String) {
    let level = u8::try_from(id.as_u128() % 5).unwrap() + 1;
    let body = response(id, level).to_string();
    let head = format!(
        "POST /v1/responses HTTP/1.1\r\nHost: sipas\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        site.kiosk,
        body.len()
    );
    (head, body)
}

async fn connect(site: &Site) -> TcpStream {
    let address = site.address.borrow().strip_prefix("http://").unwrap().to_owned();
    TcpStream::connect(address).await.unwrap()
}

/// What comes back until the service closes or the answer's head is there; the status, or nothing.
async fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_buf(&mut answer).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

/// Sends the beginning at once and the rest a byte at a time, for as long as the service listens.
async fn trickle(mut stream: TcpStream, at_once: String, slowly: String) -> (Option<u16>, Duration) {
    let begun = Instant::now();
    stream.write_all(at_once.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let write = async {
        for byte in slowly.bytes() {
            if writing.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(150)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let read = async {
        while !answer.windows(4).any(|end| end == b"\r\n\r\n")
            && reading.read_buf(&mut answer).await.is_ok_and(|read| read > 0)
        {}
    };
    tokio::select! {
        () = write => {}
        read = timeout(BOUND, read) => read.expect("an answer, or the end of the connection"),
    }
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|word| word.parse().ok());
    (status, begun.elapsed())
}

#[tokio::test]
async fn slow_and_broken_senders_are_cut_off_and_hold_up_nobody() {
    let _turn = crowd().await;
    let (site, mut service) = Site::on("slow", database().await, &["--workers", "1"]).await;
    let mut slow = Vec::new();
    let mut start = async |what: &'static str, at_once: &str, slowly: &str| {
        let sending = trickle(connect(&site).await, at_once.to_owned(), slowly.to_owned());
        slow.push((what, tokio::spawn(sending)));
    };
    for _ in 0..8 {
        let (head, body) = post(&site, new_id());
        start("nothing at all", "", "").await;
        start("a slow head", "", &head).await;
        start("half a head", &head[..head.len() / 2], "").await;
        start("a slow body", &head, &body).await;
        start("half a body", &format!("{head}{}", &body[..body.len() / 2]), "").await;
    }
    // Meanwhile others are served at once.
    let (sender, begun, mut acknowledged) = (Sender::new(&site), Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs(15) {
        let (id, asked) = (new_id(), Instant::now());
        assert_eq!(sender.post(id).await, Answer::Acknowledged);
        assert!(asked.elapsed() < Duration::from_secs(2), "held up for {:?}", asked.elapsed());
        acknowledged.push(id);
        sleep(Duration::from_millis(100)).await;
    }
    for (what, sending) in slow {
        let (status, took) = sending.await.unwrap();
        assert!(matches!(status, Some(408) | None), "{what}: {status:?}");
        assert!(what == "nothing at all" || took > Duration::from_secs(15), "{what} has its time: {took:?}");
        if what.ends_with("body") {
            assert_eq!(status, Some(408), "{what}");
        }
    }
    // Whoever breaks off is told so, if still listening.
    let (head, body) = post(&site, new_id());
    let mut broken = connect(&site).await;
    broken.write_all(format!("{head}{}", &body[..40]).as_bytes()).await.unwrap();
    broken.shutdown().await.unwrap();
    let told = timeout(BOUND, status(&mut broken)).await.expect("an end in time");
    assert!(matches!(told, Some(400) | None), "{told:?}");

    let stored = site.prove_nothing_lost(&acknowledged).await;
    assert_eq!(stored.len(), acknowledged.len(), "what came by halves is not stored");
    service.stop();
}

/// Where a client vanishes.
const STAGES: [&str; 8] = ["connected", "mid head", "head", "mid body", "body", "answer", "reset", "reading"];

/// Begins a request and vanishes at the stage.
async fn vanish(site: &Site, stage: &str, id: Uuid) {
    let (head, body) = post(site, id);
    let whole = format!("{head}{body}");
    let figures = format!("GET /v1/agencies/H56/index?{ALL} HTTP/1.1\r\nHost: sipas\r\n\r\n");
    let sent = match stage {
        "connected" => "",
        "mid head" => &head[..head.len() / 2],
        "head" => &head,
        "mid body" => &whole[..head.len() + body.len() / 2],
        "reading" => &figures,
        _ => &whole,
    };
    let mut stream = connect(site).await;
    stream.write_all(sent.as_bytes()).await.unwrap();
    match stage {
        "answer" => assert_eq!(stream.read(&mut [0]).await.unwrap(), 1),
        "reset" | "reading" => {
            sleep(Duration::from_micros(rand::random_range(0..20_000))).await;
            stream.set_zero_linger().unwrap();
        }
        _ => {}
    }
}

/// Median time of posts by one who is alone.
async fn lone_posts(site: &Site, acknowledged: &mut Vec<Uuid>) -> Duration {
    let (sender, mut times) = (Sender::new(site), Vec::new());
    for _ in 0..60 {
        let (id, begun) = (new_id(), Instant::now());
        assert_eq!(sender.post(id).await, Answer::Acknowledged);
        times.push(begun.elapsed());
        acknowledged.push(id);
    }
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
async fn a_hundred_rounds_of_vanishing_clients_leave_nothing_behind() {
    let _turn = crowd().await;
    // Eight, and one for the writer of each HTTP worker.
    let flags = ["--database-connections", "8", "--workers", "2"];
    let (site, mut service) = Site::on("vanishing", database().await, &flags).await;
    let mut acknowledged = Vec::new();
    let before = (lone_posts(&site, &mut acknowledged).await, service.open_files());
    let (mut complete, mut uncertain) = (HashSet::new(), Vec::new());
    for _ in 0..100 {
        let clients: Vec<_> = (0..64).map(|number| (STAGES[number % STAGES.len()], new_id())).collect();
        futures_util::future::join_all(clients.iter().map(|(stage, id)| vanish(&site, stage, *id))).await;
        for (stage, id) in clients {
            match stage {
                "body" | "answer" => drop(complete.insert(id)),
                "reset" => uncertain.push(id),
                _ => {}
            }
        }
    }

    // What arrived whole is stored, without anybody asking again.
    let (sql, begun) = (site.sql().await, Instant::now());
    let ids: Vec<Uuid> = complete.iter().copied().collect();
    loop {
        let count =
            sql.query_one("SELECT count(*) FROM responses WHERE id = ANY ($1)", &[&ids]).await.unwrap();
        if count.get::<_, i64>(0) == 1600 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{} of 1600", count.get::<_, i64>(0));
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(2)).await;
    let sessions = "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%')
        FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let sessions = sql.query_one(sessions, &[]).await.unwrap();
    assert!(sessions.get::<_, i64>(0) <= 10, "{} connections", sessions.get::<_, i64>(0));
    assert_eq!(sessions.get::<_, i64>(1), 0, "transactions that nobody ends");

    // Whoever was cut off asks again.
    let sender = Sender::new(&site);
    for id in &uncertain {
        assert_eq!(sender.post(*id).await, Answer::Acknowledged);
    }
    let after = (lone_posts(&site, &mut acknowledged).await, service.open_files());
    assert!(after.0 < (before.0 * 4).max(Duration::from_millis(50)), "slower: {before:?}, {after:?}");
    assert!(after.1 <= before.1 + 16, "open files: {before:?}, {after:?}");
    acknowledged.extend(complete);
    acknowledged.extend(uncertain);
    let stored = site.prove_nothing_lost(&acknowledged).await;
    assert_eq!(stored.len(), acknowledged.len(), "what came by halves is not stored");
    service.stop();
}
