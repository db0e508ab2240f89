//! Signs of life.

use crate::support::TestApp;
use crate::support::cluster::connect;
use crate::support::samples::{id, response, with};

#[tokio::test]
async fn a_service_with_its_database_is_live_and_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get("/health/live").await.expect(200).json()["status"], "live");
    let ready = app.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(
        ready.json(),
        serde_json::json!({"status": "ready", "demonstration": false, "fold_lag_seconds": 0})
    );
    assert_eq!(ready.header("cache-control"), "no-store");
}

#[tokio::test]
async fn without_its_database_it_is_live_but_not_ready_and_says_when_to_come_back() {
    let app = TestApp::start().await;
    let device = app.device("H56.C1", "MC-H56-C1").await;
    let (server, name) = app.database_url.rsplit_once('/').unwrap();
    let server = connect(&format!("{server}/postgres")).await;
    server.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    server
        .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", &[&name])
        .await
        .unwrap();
    app.anonymous().get("/health/live").await.expect(200);
    for reply in [
        app.anonymous().get("/health/ready").await,
        device.get("/v1/agencies/H56/index?survey=demo-service&period=2026").await,
    ] {
        assert_eq!(reply.problem(), "unavailable");
        assert_eq!((reply.status, reply.header("retry-after")), (503, "2"));
    }
    server.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    app.anonymous().get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn the_service_counts_what_it_does() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let body = response(id(app.now), 4);
    kiosk.post("/v1/responses", &body).await.expect(201);
    kiosk.post("/v1/responses", &body).await.expect(200);
    kiosk
        .post_batch(&[response(id(app.now), 4), with(body, "/channel", serde_json::json!("fax"))])
        .await
        .expect(200);
    app.anonymous().get("/nowhere").await.expect(404);
    let made_up = reqwest::Method::from_bytes(b"MADEUP").unwrap();
    app.anonymous().send(made_up, "/v1/responses", &[], None::<String>).await;
    kiosk.post("/v1/responses", &serde_json::json!({})).await.expect(422);
    let reply = app.anonymous().get("/metrics").await.expect(200);
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        "sipas_responses_total{outcome=\"created\"} 2",
        "sipas_responses_total{outcome=\"replayed\"} 1",
        "sipas_responses_total{outcome=\"rejected\"} 2",
        "sipas_requests_total{route=\"POST /v1/responses\",status=\"201\"} 1",
        "sipas_requests_total{route=\"none\",status=\"404\"} 1",
        "sipas_request_duration_seconds_count{route=\"POST /v1/responses\"} 3",
        "sipas_intake_batch_responses_count 2",
        "sipas_intake_queue_responses 0",
        "sipas_bulk_requests 0",
        "sipas_database_up 1",
    ] {
        assert!(reply.text.lines().any(|found| found == line), "{line} is not in\n{}", reply.text);
    }
    assert!(!reply.text.contains("MADEUP"));
    // The lag is the age of the oldest batch that is not in the tallies.
    let sql = app.sql().await;
    sql.batch_execute("SELECT pg_advisory_lock(1179601988)").await.unwrap();
    let insert = "INSERT INTO ingest_batches (received_at, response_ids, survey_ids, agency_ids, packed) VALUES ($1, '{}', '{}', '{}', '')";
    sql.execute(insert, &[&(app.now - chrono::TimeDelta::seconds(90))]).await.unwrap();
    let text = app.anonymous().get("/metrics").await.expect(200).text;
    assert!(text.lines().any(|line| line == "sipas_fold_lag_seconds 90"), "{text}");
}
