//! Signs of life.

use crate::support::TestApp;
use crate::support::cluster::connect;

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
