//! A request that takes too long is given up, and so is what PostgreSQL was doing for it.
//!
//! The locked table is one that nothing else of the service reads: of a table of the catalogue the one request that looks
//! after the catalogue would wait, and all others for it.

use crate::support::TestApp;
use crate::support::cluster::{connect, database, run_dir};
use crate::support::program::{Running, sipas};
use std::time::{Duration, Instant};

/// Statements on the table that wait for the lock of the test.
async fn waiting(sql: &tokio_postgres::Client) -> Vec<String> {
    let statements = "SELECT query FROM pg_stat_activity WHERE datname = current_database() \
        AND wait_event_type = 'Lock' AND query ILIKE '%releases%'";
    sql.query(statements, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn until(sql: &tokio_postgres::Client, right: impl Fn(usize) -> bool) {
    let begun = Instant::now();
    loop {
        let waiting = waiting(sql).await;
        if right(waiting.len()) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "these wait: {waiting:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_request_over_its_deadline_is_answered_and_its_statement_cancelled() {
    let app = TestApp::start_with(&["--request-seconds", "2"]).await;
    app.anonymous().get("/v1/releases").await.expect(200);
    let (sql, lock) = (app.sql().await, app.sql().await);
    lock.batch_execute("BEGIN; LOCK TABLE releases IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // More than there are connections: also whoever waits for one is answered in time.
    let begun = Instant::now();
    let asked: Vec<_> = (0..12)
        .map(|n| {
            let client = app.anonymous();
            let path = format!("/v1/releases?limit={}", n + 1);
            tokio::spawn(async move { client.get(&path).await })
        })
        .collect();
    until(&sql, |count| count >= 4).await;
    let mut given_up = 0;
    for reply in asked {
        let reply = reply.await.unwrap().expect(503);
        assert_eq!((reply.problem().as_str(), reply.header("retry-after")), ("unavailable", "2"));
        given_up += usize::from(reply.text.contains("took too long"));
    }
    assert!(given_up >= 4, "{given_up}");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    // The server's own limit for a statement is 15 s.
    until(&sql, |count| count == 0).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    app.anonymous().get("/v1/surveys").await.expect(200);
    lock.batch_execute("COMMIT").await.unwrap();
    app.anonymous().get("/v1/releases").await.expect(200);
}

#[tokio::test]
async fn a_statement_ends_with_the_service_that_sent_it() {
    let url = database().await;
    let mut command = sipas(&run_dir("gone"), &["serve"]);
    command.env("DATABASE_URL", &url);
    let mut service = Running::start_aside(command).await;
    let sql = connect(&url).await;
    let lock = connect(&url).await;
    lock.batch_execute("BEGIN; LOCK TABLE releases IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let asked = tokio::spawn(reqwest::get(format!("{}/v1/releases", service.url())));
    until(&sql, |count| count == 1).await;
    service.kill();
    asked.await.unwrap().unwrap_err();
    // Nobody cancels it. The server's own limit for a statement is 15 s.
    until(&sql, |count| count == 0).await;
    lock.batch_execute("COMMIT").await.unwrap();
}
