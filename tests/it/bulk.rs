//! Many responses at once: each is treated as if it had come alone, and what became of it can be read again.

use crate::support::cluster::connect;
use crate::support::samples::{CRITERIA, id, response, with, without};
use crate::support::{Client, Reply, TestApp};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::time::{Duration, Instant};

const BATCH: &str = "/v1/responses/batch";

async fn stored(app: &TestApp) -> i64 {
    let sql = connect(&app.database_url).await;
    sql.query_one("SELECT count(*) FROM responses", &[]).await.unwrap().get(0)
}

fn lines(bodies: &[Value]) -> Vec<u8> {
    bodies.iter().flat_map(|body| format!("{body}\n").into_bytes()).collect()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

async fn send(client: &Client, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    client.send(Method::POST, BATCH, headers, Some(body)).await
}

fn outcomes(reply: &Value) -> Vec<&str> {
    reply["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_response_of_a_batch_has_its_own_outcome_in_order() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let [old, new, twin] = [0; 3].map(|_| id(app.now));
    kiosk.post("/v1/responses", &response(old, 4)).await.expect(201);
    let bodies = [
        response(old, 4),
        response(new, 5),
        with(with(response(id(app.now), 5), "/answers/access.signage", json!(6)), "/channel", json!("fax")),
        response(old, 3),
        response(twin, 2),
        response(twin, 2),
        response(twin, 1),
        without(response(id(app.now), 5), "/id"),
        with(response(id(app.now), 5), "/rated_agency", json!("H21")),
        response(id(app.now + chrono::TimeDelta::hours(1)), 5),
    ];
    let english = [("accept-language", "en")];
    let reply = kiosk.post_with(BATCH, &json!(bodies), &english).await.expect(200).json();
    assert_eq!(
        outcomes(&reply),
        [
            "replayed", "created", "rejected", "conflict", "created", "replayed", "conflict", "rejected",
            "rejected", "rejected"
        ]
    );
    assert_eq!(reply["counts"], json!({"created": 2, "replayed": 2, "conflict": 2, "rejected": 4}));
    let problem = |place: usize| &reply["items"][place]["problem"];
    assert_eq!(problem(1), &Value::Null);
    assert_eq!(problem(2)["code"], "validation_failed");
    let faults: Vec<_> =
        problem(2)["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(faults, ["/channel", "/answers/access.signage"]);
    assert_eq!((&problem(3)["code"], &problem(3)["status"]), (&json!("response_conflict"), &json!(409)));
    assert_eq!(problem(6)["title"], "This response id is already stored with other content.");
    assert_eq!(
        problem(7)["errors"][0],
        json!({"pointer": "/id", "code": "missing_field", "detail": "A required field is missing."})
    );
    assert_eq!(problem(8)["errors"][0]["code"], "unknown_agency");
    assert_eq!(
        (&problem(9)["code"], &problem(9)["server_time"]),
        (&json!("answered_in_future"), &json!("2026-07-15T03:00:00Z"))
    );
    assert_eq!(stored(&app).await, 3);
    assert_eq!(app.admin(None).await.index("H56", "survey=demo-service&period=2026").await["whole"]["n"], 3);

    // The same can be read again, by the sender and by whoever is in charge of it.
    let path = format!("/v1/receipts/{}", reply["receipt"].as_str().unwrap());
    for reader in [&kiosk, &app.admin(Some("H56")).await, &app.admin(None).await] {
        assert_eq!(reader.get(&path).await.expect(200).json(), reply);
    }
    for stranger in
        [app.device("H56.C1", "MC-H56-C1").await, app.admin(Some("H56.C2")).await, app.system(None).await]
    {
        assert_eq!(stranger.get(&path).await.expect(404).problem(), "receipt_not_found");
    }
    assert_eq!(app.anonymous().get(&path).await.expect(401).problem(), "token_missing");
}

#[tokio::test]
async fn arrays_lines_and_gzip_say_the_same() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    // More than one commit's worth.
    let bodies: Vec<Value> = (0..700).map(|i| response(id(app.now), i as u8 % 5 + 1)).collect();
    let (array, lines) = (json!(bodies).to_string().into_bytes(), lines(&bodies));
    let (plain, zipped) = (("content-encoding", "identity"), ("content-encoding", "gzip"));
    let (json, ndjson) = (("content-type", "application/json"), ("content-type", "application/x-ndjson"));
    let sendings = [
        (ndjson, zipped, gzip(&lines), "created"),
        (json, plain, array.clone(), "replayed"),
        (json, zipped, gzip(&array), "replayed"),
        (ndjson, plain, lines, "replayed"),
    ];
    for (kind, encoding, body, outcome) in sendings {
        let reply = send(&kiosk, &[kind, encoding], body).await.expect(200).json();
        assert!(outcomes(&reply).iter().all(|found| *found == outcome), "{kind:?} {encoding:?}");
        let ids: Vec<_> = reply["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert_eq!(ids, bodies.iter().map(|body| &body["id"]).collect::<Vec<_>>());
    }
    assert_eq!(stored(&app).await, 700);
    assert_eq!(
        app.admin(None).await.index("H56", "survey=demo-service&period=2026").await["whole"]["n"],
        700
    );
}

#[tokio::test]
async fn a_line_that_is_no_json_is_refused_alone() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let mut body = b"{\"id\": \n\n[]\r\n".to_vec();
    body.extend(lines(&[response(id(app.now), 4)]));
    let reply = send(&kiosk, &[("content-type", "application/x-ndjson")], body).await.expect(200).json();
    assert_eq!(outcomes(&reply), ["rejected", "rejected", "created"]);
    let codes = [0, 1].map(|place| reply["items"][place]["problem"]["code"].clone());
    assert_eq!(codes, ["malformed_json", "validation_failed"]);
    assert_eq!(reply["items"][0]["id"], Value::Null);
}

#[tokio::test]
async fn one_bad_response_of_an_array_does_not_hold_up_the_others() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let good: Vec<String> = (0..2).map(|_| response(id(app.now), 4).to_string()).collect();
    // Half an emoji, as a script leaves it that cuts a comment; something else than an object; a number too large.
    for bad in [r#"{"comment": "Tốt \ud83d"}"#, "null", r#"{"id": 1e400}"#, &"[".repeat(200)] {
        let bad = if bad.starts_with('[') { format!("{bad}{}", "]".repeat(200)) } else { bad.to_owned() };
        let body = format!("[{}, {bad}, {}]", good[0], good[1]);
        let reply =
            send(&kiosk, &[("content-type", "application/json")], body.into_bytes()).await.expect(200);
        let found = reply.json();
        assert_eq!(found["counts"]["rejected"], 1, "{bad}");
        assert_eq!(outcomes(&found)[1], "rejected", "{bad}");
    }
    assert_eq!(stored(&app).await, 2);
}

#[tokio::test]
async fn only_sender_framing_and_size_refuse_the_whole() {
    let app =
        TestApp::start_with(&["--bulk-items", "3", "--bulk-bytes", "20000", "--max-body-bytes", "3000"])
            .await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let one = || response(id(app.now), 4);
    let json = ("content-type", "application/json");
    let text = |value: Value| value.to_string().into_bytes();
    let long = with(one(), "/comment", json!("x".repeat(4000)));
    let many: Vec<Value> = (0..4).map(|_| one()).collect();
    let bomb = gzip(&vec![b' '; 50_000_000]);
    type Case<'a> = (&'a [(&'a str, &'a str)], Vec<u8>, u16, &'a str);
    let cases: [Case<'_>; 9] = [
        (&[json], b"{}".to_vec(), 400, "malformed_json"),
        (&[json], b"[{}".to_vec(), 400, "malformed_json"),
        (&[json], b"[,]".to_vec(), 400, "malformed_json"),
        (&[json, ("content-encoding", "gzip")], b"[]".to_vec(), 400, "malformed_json"),
        (&[json], text(json!([long])), 413, "body_too_large"),
        (&[json], text(json!(many)), 413, "body_too_large"),
        (&[json, ("content-encoding", "gzip")], bomb, 413, "body_too_large"),
        (&[json, ("content-encoding", "br")], b"[]".to_vec(), 415, "unsupported_media_type"),
        (&[("content-type", "text/csv")], b"[]".to_vec(), 415, "unsupported_media_type"),
    ];
    for (headers, body, status, code) in cases {
        let reply = send(&kiosk, headers, body).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, code), "{headers:?}");
    }
    assert_eq!(
        kiosk.post("/v1/responses/batch?x=1", &json!([])).await.expect(422).problem(),
        "validation_failed"
    );
    assert_eq!(app.anonymous().post_batch(&[one()]).await.expect(401).problem(), "token_missing");
    assert_eq!(app.admin(None).await.post_batch(&[one()]).await.expect(403).problem(), "not_permitted");
    assert_eq!(stored(&app).await, 0);
    let nothing = kiosk.post_batch(&[]).await.expect(200).json();
    assert_eq!((&nothing["items"], &nothing["counts"]["created"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_response_full_of_faults_tells_the_first_of_them() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let mut body = response(id(app.now), 4);
    for i in 0..100 {
        body = with(body, &format!("/x{i}"), json!(1));
    }
    let reply = kiosk.post_batch(&[body]).await.expect(200).json();
    let problem = &reply["items"][0]["problem"];
    assert_eq!(problem["errors"].as_array().unwrap().len(), 20);
    assert_eq!(problem["detail"], "80 more faults");
}

#[tokio::test]
async fn what_some_of_a_batch_tell_is_stored_with_those_only() {
    let app = TestApp::start().await;
    let (system, sql) = (app.system(None).await, app.sql().await);
    for told in ["111", "110", "101", "011", "100", "001", "000", "1", "0"] {
        let told: Vec<bool> = told.chars().map(|told| told == '1').collect();
        let bodies: Vec<Value> = told
            .iter()
            .map(|told| {
                let body = response(id(app.now), 4);
                if *told {
                    with(with(body, "/channel", json!("kiosk")), "/gender", json!("female"))
                } else {
                    body
                }
            })
            .collect();
        let reply = system.post_batch(&bodies).await.expect(200).json();
        assert_eq!(reply["counts"]["created"], told.len(), "{reply}");
        for (body, told) in bodies.iter().zip(told) {
            let row = "SELECT channel, gender FROM responses WHERE id::text = $1";
            let row = sql.query_one(row, &[&body["id"].as_str().unwrap()]).await.unwrap();
            let values: [Option<&str>; 2] = [row.get(0), row.get(1)];
            assert_eq!(values, ["kiosk", "female"].map(|value| told.then_some(value)));
        }
    }
}

#[tokio::test]
async fn a_receipt_ends_after_ninety_days() {
    let app = TestApp::start().await;
    let (device, secret) =
        app.credential(sipas::domain::client::ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let kiosk = app.anonymous().with_token(&app.anonymous().token(&device, &secret).await);
    let reply = kiosk.post_batch(&[response(id(app.now), 4)]).await.expect(200).json();
    let path = format!("/v1/receipts/{}", reply["receipt"].as_str().unwrap());
    for (day, status) in [("2026-10-13T09:59:59+07:00", 200), ("2026-10-13T10:00:01+07:00", 404)] {
        let later = TestApp::on(app.database_url.clone(), day, &[]).await;
        let kiosk = later.anonymous().with_token(&later.anonymous().token(&device, &secret).await);
        kiosk.get(&path).await.expect(status);
    }
    // The later instance also clears it away.
    let (sql, deadline) = (app.sql().await, Instant::now() + Duration::from_secs(10));
    while sql.query_one("SELECT count(*) FROM receipts", &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "old receipts stay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn two_instances_with_the_same_batches_store_each_response_once() {
    let app = TestApp::start().await;
    let other = TestApp::on(app.database_url.clone(), crate::support::app::NOW, &[]).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let bodies: Vec<Value> = (0..300).map(|i| response(id(app.now), i as u8 % 5 + 1)).collect();
    let mut posts = Vec::new();
    for (turn, instance) in [&app, &other, &app, &other].into_iter().enumerate() {
        let client = instance.anonymous().with_token(kiosk.bearer());
        let mut bodies = bodies.clone();
        // Each in another order, and some alone.
        bodies.rotate_left(70 * turn);
        posts.push(tokio::spawn(async move {
            for body in bodies.iter().take(20) {
                let reply = client.post("/v1/responses", body).await;
                assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
            }
            client.post_batch(&bodies).await.expect(200).json()
        }));
    }
    for post in posts {
        let counts = post.await.unwrap()["counts"].clone();
        assert_eq!((&counts["conflict"], &counts["rejected"]), (&json!(0), &json!(0)));
    }
    assert_eq!(stored(&app).await, 300);
    let index = app.admin(None).await.index("H56", "survey=demo-service&period=2026").await;
    assert_eq!(index["whole"]["n"], 300);
    assert_eq!(
        index["elements"].as_array().unwrap().iter().flat_map(|e| e["criteria"].as_array().unwrap()).count(),
        CRITERIA.len()
    );
}
