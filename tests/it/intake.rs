//! The write path under load: batches form by themselves, a full queue refuses, figures are exact at every
//! moment, and a recount proves the tallies.

use crate::support::cluster::{PROGRAM, crowd, run_dir};
use crate::support::samples::{id, response, with};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const QUERY: &str = "survey=demo-service&period=2026";

/// Posts at the same time; gives the statuses, and checks that every refusal says when to come back.
async fn post_all(kiosk: &Client, bodies: Vec<Value>) -> Vec<u16> {
    let post = |body: Value| {
        let kiosk = kiosk.clone();
        tokio::spawn(async move {
            let reply = kiosk.post("/v1/responses", &body).await;
            if reply.status == 503 {
                assert_eq!((reply.problem().as_str(), reply.header("retry-after")), ("unavailable", "2"));
            }
            reply.status
        })
    };
    let mut statuses = Vec::new();
    for post in bodies.into_iter().map(post).collect::<Vec<_>>() {
        statuses.push(post.await.unwrap());
    }
    statuses
}

async fn number(app: &TestApp, sql: &str) -> i64 {
    app.sql().await.query_one(sql, &[]).await.unwrap().get(0)
}

async fn wait_until_folded(app: &TestApp) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while number(app, "SELECT count(*) FROM ingest_batches").await > 0 {
        assert!(Instant::now() < deadline, "nobody folds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn verify(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").args(arguments).env("DATABASE_URL", &app.database_url);
    command.env("SIPAS_DATA_DIR", run_dir("verify")).output().unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Holds every intake of a database until it is dropped.
async fn hold(app: &TestApp) -> tokio_postgres::Client {
    let sql = app.sql().await;
    sql.batch_execute("BEGIN; LOCK TABLE responses IN ACCESS EXCLUSIVE MODE").await.unwrap();
    sql
}

#[tokio::test]
async fn what_waits_for_a_commit_is_committed_together() {
    let _turn = crowd().await;
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    wait_until_folded(&app).await;
    let held = hold(&app).await;
    let posting = {
        let (kiosk, now) = (kiosk.clone(), app.now);
        tokio::spawn(async move { post_all(&kiosk, (0..60).map(|_| response(id(now), 4)).collect()).await })
    };
    // Long enough for all sixty to arrive, also on a busy machine.
    tokio::time::sleep(Duration::from_secs(3)).await;
    held.batch_execute("ROLLBACK").await.unwrap();
    assert!(posting.await.unwrap().iter().all(|status| *status == 201));
    // The first went alone, the others gathered behind it.
    let commits = number(&app, "SELECT count(DISTINCT xmin::text) FROM responses").await;
    assert!((2..=6).contains(&commits), "61 responses in {commits} commits");
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_was_accepted_is_stored() {
    let _turn = crowd().await;
    let app = TestApp::start_with(&["--intake-queue", "20", "--intake-batch", "10"]).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let bodies: Vec<Value> = (0..100).map(|_| response(id(app.now), 4)).collect();
    let held = hold(&app).await;
    let posting = {
        let (kiosk, bodies) = (kiosk.clone(), bodies.clone());
        tokio::spawn(async move { post_all(&kiosk, bodies).await })
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    held.batch_execute("ROLLBACK").await.unwrap();
    let statuses = posting.await.unwrap();
    let accepted = statuses.iter().filter(|status| **status == 201).count();
    assert!((20..=40).contains(&accepted), "one batch and one queue: {accepted}");
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 100 - accepted);
    assert_eq!(number(&app, "SELECT count(*) FROM responses").await, i64::try_from(accepted).unwrap());
    // Told to come back, the kiosk comes back with the same ids.
    for body in bodies {
        let reply = kiosk.post("/v1/responses", &body).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
    }
    assert_eq!(app.admin(None).await.index("H56.C1", QUERY).await["whole"]["n"], 100);
}

#[tokio::test]
async fn figures_are_the_same_before_and_after_folding() {
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(None).await);
    let sql = app.sql().await;
    for level in 1..=5 {
        // No instance folds while this lock is held.
        sql.batch_execute("SELECT pg_advisory_lock(1179601988)").await.unwrap();
        kiosk.post("/v1/responses", &response(id(app.now), level)).await.expect(201);
        let body = with(response(id(app.now), level), "/answers/feedback.handled", Value::Null);
        kiosk.post("/v1/responses", &body).await.expect(201);
        assert_eq!(number(&app, "SELECT count(*) FROM ingest_batches").await, 2);
        let unfolded = admin.index("H56", QUERY).await;
        assert_eq!(unfolded["whole"]["n"], 2 * level);
        sql.batch_execute("SELECT pg_advisory_unlock(1179601988)").await.unwrap();
        wait_until_folded(&app).await;
        assert_eq!(admin.index("H56", QUERY).await, unfolded);
    }
    assert_eq!(report(&verify(&app, &[])), json!({"responses": 10, "differences": [], "repaired": false}));
}

/// Those who ask the same at the same time share an answer; it must not be older than any of their questions.
#[tokio::test]
async fn whoever_asks_after_an_answer_sees_it_however_many_ask_the_same() {
    let _turn = crowd().await;
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(None).await);
    let stored = Arc::new(AtomicU64::new(0));
    let reading: Vec<_> = (0..12)
        .map(|_| {
            let (admin, stored) = (admin.clone(), stored.clone());
            tokio::spawn(async move {
                while stored.load(Ordering::SeqCst) < 60 {
                    let before = stored.load(Ordering::SeqCst);
                    let people = admin.index("H56", QUERY).await["whole"]["n"].as_u64().unwrap();
                    assert!(people >= before, "{before} were stored before the question, {people} are told");
                }
            })
        })
        .collect();
    for _ in 0..60 {
        kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
        stored.fetch_add(1, Ordering::SeqCst);
    }
    for reader in reading {
        reader.await.unwrap();
    }
    assert_eq!(admin.index("H56", QUERY).await["whole"]["n"], 60);
}

#[tokio::test]
async fn many_instances_fold_each_response_once() {
    let _turn = crowd().await;
    let app = TestApp::start().await;
    let others = [
        TestApp::on(app.database_url.clone(), crate::support::app::NOW, &[]).await,
        TestApp::on(app.database_url.clone(), crate::support::app::NOW, &[]).await,
    ];
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let bodies: Vec<Value> = (0..150).map(|i| response(id(app.now), i % 5 + 1)).collect();
    let posts: Vec<_> = std::iter::once(&app)
        .chain(&others)
        .map(|instance| {
            let (client, bodies) = (instance.anonymous().with_token(kiosk.bearer()), bodies.clone());
            tokio::spawn(async move { post_all(&client, bodies).await })
        })
        .collect();
    let mut created = 0;
    for post in posts {
        let statuses = post.await.unwrap();
        assert!(statuses.iter().all(|status| matches!(status, 200 | 201)), "{statuses:?}");
        created += statuses.iter().filter(|status| **status == 201).count();
    }
    assert_eq!(created, 150, "each was new to one instance");
    wait_until_folded(&app).await;
    let output = verify(&app, &[]);
    assert!(output.status.success());
    assert_eq!(report(&output)["responses"], 150);
}

#[tokio::test]
async fn a_wrong_tally_is_found_and_repaired() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    for level in [2, 5] {
        kiosk.post("/v1/responses", &response(id(app.now), level)).await.expect(201);
    }
    wait_until_folded(&app).await;
    app.sql()
        .await
        .batch_execute("UPDATE tallies SET numbers = pack_numbers(n[1:17] || n[18] + 1 || n[19:]) FROM (SELECT ctid AS place, unpack_numbers(numbers) AS n FROM tallies WHERE facet = 0 AND grain = 1 AND reach = 0) t WHERE tallies.ctid = t.place")
        .await
        .unwrap();
    let found = verify(&app, &[]);
    assert!(!found.status.success(), "a difference is a failure");
    assert_eq!(report(&found)["differences"].as_array().unwrap().len(), 1);
    let repaired = verify(&app, &["--repair"]);
    assert!(repaired.status.success());
    assert_eq!(report(&repaired)["repaired"], true);
    assert_eq!(report(&verify(&app, &[])), json!({"responses": 2, "differences": [], "repaired": false}));
    assert_eq!(app.admin(None).await.index("H56", QUERY).await["whole"]["n"], 2);
}
