//! What citizens wrote: redacted before it is stored, shown to the rated agency alone, by whole months of enough people.

use crate::support::samples::{id, response, with, without};
use crate::support::{Client, TestApp};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use sipas::service::comments;
use sipas::store::Db;
use std::collections::BTreeSet;

const JUNE: &str = "/v1/comments?agency=H56.C1&survey=demo-service&month=2026-06";

fn june() -> DateTime<Utc> {
    "2026-06-10T03:00:00Z".parse().unwrap()
}

/// Stores responses of June with these comments, one a minute.
async fn store(kiosk: &Client, comments: &[Option<String>]) -> Vec<Value> {
    let body = |(minute, comment): (usize, &Option<String>)| {
        let body = response(id(june() + Duration::minutes(minute as i64)), 4);
        match comment {
            Some(comment) => with(body, "/comment", json!(comment)),
            None => body,
        }
    };
    let bodies: Vec<Value> = comments.iter().enumerate().map(body).collect();
    kiosk.post_batch(&bodies).await.expect(200);
    bodies
}

/// The page, when what was stored is folded.
async fn shown(client: &Client, path: &str) -> Value {
    for _ in 0..50 {
        let page = client.get(path).await.expect(200).json();
        if page["suppressed"] == false {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("still suppressed");
}

#[tokio::test]
async fn what_could_reach_a_person_is_not_stored_whichever_way_it_comes() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let words = "Gọi 0912 345 678 hoặc a.b@gmail.com, hồ sơ H56.14-240823-0001, CCCD 001093012345";
    let one = with(response(id(app.now), 4), "/comment", json!(words));
    kiosk.post("/v1/responses", &one).await.expect(201);
    let two = with(response(id(app.now), 4), "/comment", json!(words));
    kiosk.post_batch(std::slice::from_ref(&two)).await.expect(200);
    let sql = app.sql().await;
    let rows = sql.query("SELECT body FROM comments", &[]).await.unwrap();
    let expected = "Gọi [điện thoại] hoặc [thư điện tử], hồ sơ [mã hồ sơ], CCCD [số định danh]";
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), [expected, expected]);
    // The same again is the same, other words are not.
    assert_eq!(kiosk.post("/v1/responses", &one).await.expect(200).json()["replayed"], true);
    let other = with(one.clone(), "/comment", json!("Khác"));
    kiosk.post("/v1/responses", &other).await.expect(409);
    // Stored by older rules: what was sent is not known any more, so the words are not held against it.
    sql.batch_execute("UPDATE comments SET rules = 0, body = 'x'").await.unwrap();
    kiosk.post("/v1/responses", &one).await.expect(200);
    kiosk.post("/v1/responses", &without(one.clone(), "/comment")).await.expect(409);
    // The whole database, tail, receipts and log included, does not hold the number.
    let tables = sql
        .query("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')", &[])
        .await
        .unwrap();
    for table in tables {
        let table: String = table.get(0);
        let found = format!(
            "SELECT count(*) FROM {table} t WHERE t::text LIKE '%345 678%' OR t::text LIKE '%gmail%'"
        );
        assert_eq!(sql.query_one(&found, &[]).await.unwrap().get::<_, i64>(0), 0, "{table}");
    }
}

#[tokio::test]
async fn what_arrived_before_there_were_rules_is_redacted_later() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &with(response(id(app.now), 4), "/comment", json!("x"))).await.expect(201);
    let sql = app.sql().await;
    sql.batch_execute("UPDATE comments SET rules = 0, body = 'Gọi 0912345678'").await.unwrap();
    let db = Db::new(&app.database_url, 2).unwrap();
    assert_eq!(comments::redact_old(&db).await.unwrap(), 1);
    assert_eq!(comments::redact_old(&db).await.unwrap(), 0);
    let row = sql.query_one("SELECT body, rules FROM comments", &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, i16>(1)), ("Gọi [điện thoại]".into(), 1));
}

#[tokio::test]
async fn comments_are_shown_with_nothing_beside_the_words() {
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(Some("H56.C1")).await);
    let comments: Vec<_> = (0..12).map(|n| Some(format!("Lời số {n}, gọi 0912345678"))).collect();
    store(&kiosk, &comments).await;
    let page = shown(&admin, JUNE).await;
    let keys: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["items", "next_cursor", "suppressed"]);
    let items = page["items"].as_array().unwrap();
    let texts: Vec<&str> = items.iter().map(|item| item["text"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..12).map(|n| format!("Lời số {n}, gọi [điện thoại]")).collect();
    assert_eq!(
        texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>(),
        expected.iter().cloned().collect()
    );
    // One chance in twelve factorial for the order of arrival.
    assert_ne!(texts, expected.iter().map(String::as_str).collect::<Vec<_>>());
    for item in items {
        assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ["handle", "redactions", "text"]);
        let handle = item["handle"].as_str().unwrap();
        assert!(handle.len() == 64 && handle.bytes().all(|byte| byte.is_ascii_hexdigit()), "{handle}");
        assert_eq!(item["redactions"], json!({"phone": 1}));
    }
    // Pages keep that order.
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{JUNE}&limit=5&cursor={cursor}")).await.expect(200).json();
        paged.extend(page["items"].as_array().unwrap().iter().map(|item| item["text"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(paged, texts.iter().map(|text| json!(text)).collect::<Vec<_>>());
    // The feed does not even say that there is one: where few wrote, that would tell who.
    let feed = app.admin(None).await.get("/v1/responses").await.expect(200);
    assert!(!feed.text.contains("comment") && !feed.text.contains("Lời số"));
    // It is written down before it is read, without the words.
    let log = admin.get("/v1/audit?action=comments_read").await.expect(200).json();
    assert_eq!(log["items"].as_array().unwrap().len(), 4);
    assert_eq!(
        log["items"][3]["details"],
        json!({"survey": "demo-service", "month": "2026-06", "rows": "12"})
    );
}

#[tokio::test]
async fn a_month_of_few_people_or_one_that_is_not_over_is_not_shown() {
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(Some("H56")).await);
    let mut comments = vec![None; 8];
    comments.push(Some("Chờ lâu".into()));
    store(&kiosk, &comments).await;
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let hidden = json!({"suppressed": true, "items": [], "next_cursor": null});
    assert_eq!(admin.get(JUNE).await.expect(200).json(), hidden);
    // Those who answered for other agencies do not help.
    assert_eq!(admin.get(&JUNE.replace("H56.C1", "H56")).await.expect(200).json(), hidden);
    kiosk.post("/v1/responses", &response(id(june()), 3)).await.expect(201);
    let page = shown(&admin, JUNE).await;
    assert_eq!(page["items"][0]["text"], "Chờ lâu");
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let now = admin.get(&JUNE.replace("2026-06", "2026-07")).await.expect(422);
    assert_eq!(now.faults(), [("month".to_owned(), "month_not_over".to_owned())]);
    for month in ["2026", "2026-Q2", "2026-06-10", "2026-W24", "x"] {
        let wrong = admin.get(&JUNE.replace("2026-06", month)).await.expect(422);
        assert_eq!(wrong.faults(), [("month".to_owned(), "bad_format".to_owned())], "{month}");
    }
    assert_eq!(admin.get("/v1/comments?x=1").await.expect(422).faults().len(), 4);
}

#[tokio::test]
async fn nobody_else_reads_them() {
    let app = TestApp::start().await;
    let viewer = {
        let (id, secret) = app.credential(ClientKind::Viewer, Some("H56.C1"), None).await;
        app.anonymous().with_token(&app.anonymous().token(&id, &secret).await)
    };
    for (client, status) in [
        (app.anonymous(), 401),
        (app.device("H56.C1", "MC-H56-C1").await, 403),
        (app.system(Some("H56.C1")).await, 403),
        (viewer, 403),
        (app.admin(Some("H56.C2")).await, 422),
        (app.admin(Some("H56.C1.X1")).await, 422),
        (app.admin(Some("H56")).await, 200),
        (app.admin(None).await, 200),
    ] {
        client.get(JUNE).await.expect(status);
    }
}

#[tokio::test]
async fn comments_go_before_their_responses_if_that_is_set() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let bodies = store(&kiosk, &[Some("tháng sáu".into())]).await;
    kiosk
        .post("/v1/responses", &with(response(id(app.now), 4), "/comment", json!("tháng bảy")))
        .await
        .expect(201);
    let db = Db::new(&app.database_url, 2).unwrap();
    let today = "2026-07-15".parse().unwrap();
    assert_eq!(comments::forget_old(&db, today, app.now, 1).await.unwrap(), 0);
    let august = "2026-08-01".parse().unwrap();
    assert_eq!(comments::forget_old(&db, august, app.now, 1).await.unwrap(), 1);
    let sql = app.sql().await;
    let left: String = sql.query_one("SELECT body FROM comments", &[]).await.unwrap().get(0);
    assert_eq!(left, "tháng bảy");
    // The response is still there, and still the same.
    kiosk.post("/v1/responses", &bodies[0]).await.expect(200);
    let log = app.admin(None).await.get("/v1/audit?action=comments_dropped").await.expect(200).json();
    assert_eq!(log["items"][0]["actor"], "service");
}
