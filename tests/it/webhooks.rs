//! Webhooks: who may have them, where they may lead, their secrets, and what pauses them.

use crate::alerts::{alerts, monthly, rule, wait};
use crate::support::app::NOW;
use crate::support::citizens::{alike, post};
use crate::support::clients::faults;
use crate::support::receiver::{Manner, Receiver};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A service that evaluates every second and sends to tests.
pub const SENDING: [&str; 6] =
    ["--alert-seconds", "1", "--webhook-allow-private", "true", "--webhook-seconds", "1"];

/// Makes a webhook of an agency for alerts; gives its path and secret.
pub async fn webhook(admin: &Client, agency: &str, url: &str, events: &[&str]) -> (String, String) {
    let body = json!({"name": "Nơi nhận", "agency": agency, "url": url, "events": events});
    let made = admin.post("/v1/webhooks", &body).await.expect(201).json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (format!("/v1/webhooks/{}", text("id")), text("secret"))
}

/// Makes one alert of an agency that has contented nobody; gives the path of its rule.
pub async fn one_alert(admin: &Client, agency: &str, threshold: &str) -> String {
    let before = alerts(admin, &format!("agency={agency}")).await.len();
    let id = rule(admin, agency, "below_target", threshold, monthly()).await;
    wait(admin, &format!("agency={agency}"), before + 1).await;
    format!("/v1/alert-rules/{id}")
}

/// Waits until something holds of the only delivery in a list.
async fn delivery(admin: &Client, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let page = admin.get(&format!("{path}/deliveries")).await.expect(200).json();
        let first = page["items"][0].clone();
        if holds(&first) {
            return first;
        }
        assert!(Instant::now() < deadline, "{page:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_leads_inside_is_refused_when_it_is_made_and_when_it_is_sent() {
    let app = TestApp::start_with(&["--alert-seconds", "1"]).await;
    let admin = app.admin(Some("H56")).await;
    let create = async |url: &str| {
        let body = json!({"name": "x", "agency": "H56", "url": url, "events": ["alert.opened"]});
        admin.post("/v1/webhooks", &body).await
    };
    for url in [
        "https://127.0.0.1/x",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/",
        "https://100.64.0.1/",
        "https://[fd00::1]/",
        "https://localhost/",
    ] {
        assert_eq!(create(url).await.expect(422).faults(), faults(&[("/url", "private_address")]), "{url}");
    }
    for url in ["http://8.8.8.8/", "https://user:pass@8.8.8.8/", "nothing", "https://"] {
        assert_eq!(create(url).await.expect(422).faults(), faults(&[("/url", "bad_format")]), "{url}");
    }
    // A name that began to lead inside after it was looked at.
    let receiver = Receiver::start(Manner::Status(200)).await;
    let (path, _) = webhook(&admin, "H56", "https://8.8.8.8/", &["alert.opened"]).await;
    let port = receiver.url.rsplit(':').next().unwrap();
    let set = format!("UPDATE webhooks SET url = 'https://localhost:{port}/'");
    app.sql().await.batch_execute(&set).await.unwrap();
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    one_alert(&admin, "H56.C1", "50").await;
    let tried = delivery(&admin, &path, |delivery| delivery["attempts"] == 1).await;
    assert_eq!((&tried["last_failure"], &tried["state"]), (&json!("private_address"), &json!("pending")));
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn every_fault_of_a_webhook_is_named_and_others_do_not_find_it() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin(Some("H56")).await, app.admin(Some("H21")).await);
    let body = json!({"url": 1, "events": ["alert.opened", "x", "alert.opened", 1], "secret": "mine"});
    assert_eq!(
        admin.post("/v1/webhooks", &body).await.expect(422).faults(),
        faults(&[
            ("/agency", "missing_field"),
            ("/events/1", "not_allowed"),
            ("/events/2", "duplicate_field"),
            ("/events/3", "wrong_type"),
            ("/name", "missing_field"),
            ("/secret", "unknown_field"),
            ("/url", "wrong_type"),
        ])
    );
    let (path, secret) = webhook(&admin, "H56.C1", "https://8.8.8.8/", &["alert.opened"]).await;
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let shown = admin.get(&path).await.expect(200);
    assert!(!shown.text.contains("secret\":") && !shown.text.contains(&secret), "{}", shown.text);
    assert_eq!(other.get(&path).await.problem(), "webhook_not_found");
    for step in ["pause", "resume", "rotate", "end", "replay"] {
        let body = json!({});
        let reply = other.post(&format!("{path}/{step}"), &body).await;
        assert_eq!(reply.problem(), "webhook_not_found", "{step}");
    }
    assert_eq!(other.get(&format!("{path}/deliveries")).await.problem(), "webhook_not_found");
    admin.post(&format!("{path}/end"), &json!({})).await.expect(200);
    for step in ["pause", "resume", "rotate"] {
        assert_eq!(admin.post(&format!("{path}/{step}"), &json!({})).await.problem(), "webhook_ended");
    }
    let kept = "SELECT length(secret) FROM webhooks";
    assert_eq!(app.sql().await.query_one(kept, &[]).await.unwrap().get::<_, i32>(0), 0);
}

#[tokio::test]
async fn an_event_is_signed_by_both_secrets_while_one_replaces_the_other_and_shows_no_small_cell() {
    let app = TestApp::start_with(&SENDING).await;
    let admin = app.admin(Some("H56")).await;
    let receiver = Receiver::start(Manner::Status(200)).await;
    let events = ["alert.opened", "alert.closed"];
    let (path, first) = webhook(&admin, "H56", &format!("{}/a", receiver.url), &events).await;
    // Another one below gets what is below only.
    let (_, below) = webhook(&admin, "H56.C2", &format!("{}/b", receiver.url), &events[..1]).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 3)])).await;
    post(&app, &alike("H56.C2", "2026-07-10", &[(1, 30)])).await;
    one_alert(&admin, "H56.C1", "60.5").await;
    let taken = receiver.wait(1).await;
    assert!(taken[0].is_signed_by(&first) && !taken[0].is_signed_by(&below));
    assert_eq!(taken[0].signatures.len(), 1);
    assert_eq!(taken[0].timestamp, app.now.timestamp());
    let told = taken[0].json();
    assert_eq!((&told["type"], &told["data"]["agency"]), (&json!("alert.opened"), &json!("H56.C1")));
    assert_eq!((&told["data"]["threshold"], &told["data"]["period"]), (&json!("60.50"), &json!("2026-07")));
    // Three people are for those in charge, not for wherever a webhook leads.
    let figure = &told["data"]["figures"]["whole"];
    assert_eq!(
        (&figure["suppressed"], &figure["value"], &figure["n"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    assert_eq!(alerts(&admin, "").await[0]["evidence"]["whole"]["n"], 3);

    let rotated =
        admin.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 60})).await.expect(200).json();
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(rotated["previous_secret_until"], Value::Null);
    // Asked again, because the answer was lost: the receiver's secret signs on.
    let again = admin.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 60})).await.expect(409);
    assert_eq!(again.problem(), "webhook_rotating");
    one_alert(&admin, "H56.C2", "50").await;
    let taken = receiver.wait(3).await;
    let [a, b] = ["/a", "/b"].map(|path| taken[1..].iter().find(|arrived| arrived.path == path).unwrap());
    assert!(a.is_signed_by(&first) && a.is_signed_by(second) && b.is_signed_by(&below));
    assert_eq!(a.body, b.body);
    // Nor those of the neighbour, which would tell them by subtraction.
    assert_eq!(a.json()["data"]["figures"]["whole"]["suppressed"], true);

    // Over after a minute.
    drop(app.url.clone());
    let later = TestApp::on(app.database_url.clone(), "2026-07-15T10:02:00+07:00", &SENDING).await;
    let admin = later.admin(Some("H56")).await;
    drop(app);
    one_alert(&admin, "H56.C1", "70").await;
    let taken = receiver.wait(4).await;
    assert!(taken[3].is_signed_by(second) && !taken[3].is_signed_by(&first));
}

#[tokio::test]
async fn redirections_slow_and_endless_answers_do_no_harm() {
    let app = TestApp::start_with(&SENDING).await;
    let admin = app.admin(Some("H56")).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    let manners = [Manner::Redirect, Manner::Slow, Manner::Endless];
    let mut receivers = Vec::new();
    for manner in manners {
        let receiver = Receiver::start(manner).await;
        let (path, _) = webhook(&admin, "H56", &receiver.url, &["alert.opened"]).await;
        receivers.push((receiver, path));
    }
    one_alert(&admin, "H56.C1", "50").await;
    let mut found = Vec::new();
    for (receiver, path) in &receivers {
        let tried = delivery(&admin, path, |delivery| delivery["attempts"] == 1).await;
        found.push((tried["state"].clone(), tried["last_status"].clone(), tried["last_failure"].clone()));
        let paths: Vec<String> = receiver.arrived().into_iter().map(|arrived| arrived.path).collect();
        assert_eq!(paths, ["/"], "nothing is followed, and nothing sent twice");
    }
    assert_eq!(found[0], (json!("pending"), json!(307), json!("status 307")));
    assert_eq!(found[1], (json!("pending"), Value::Null, json!("no answer in time")));
    assert_eq!(found[2], (json!("delivered"), json!(200), Value::Null));
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_fails_for_days_is_paused_with_a_notice() {
    let app = TestApp::start_with(&SENDING).await;
    let admin = app.admin(Some("H56")).await;
    let (failing, gone) =
        (Receiver::start(Manner::Status(500)).await, Receiver::start(Manner::Status(410)).await);
    let witness = Receiver::start(Manner::Status(200)).await;
    let (failing_path, _) = webhook(&admin, "H56", &failing.url, &["alert.opened", "webhook.paused"]).await;
    let (gone_path, secret) = webhook(&admin, "H56", &gone.url, &["alert.opened"]).await;
    let (_, witness_secret) = webhook(&admin, "H56", &witness.url, &["webhook.paused"]).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    one_alert(&admin, "H56.C1", "50").await;
    wait(&admin, "kind=webhook_paused", 1).await;
    let paused = admin.get(&gone_path).await.json();
    assert_eq!((&paused["state"], &paused["pause_reason"]), (&json!("paused"), &json!("gone")));
    // Not so the other, which has days: as many attempts as it may, but not the days; then both.
    let sql = app.sql().await;
    let age = |attempts: i32, hours: i32| {
        format!(
            "UPDATE webhook_deliveries SET attempts = {attempts}, due_at = '{NOW}',
             first_attempt_at = timestamptz '{NOW}' - interval '{hours} hours'
             WHERE state = 'pending' AND event_seq = (
                 SELECT min(event_seq) FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
                 WHERE d.state = 'pending' AND w.state = 'active'
             )"
        )
    };
    sql.batch_execute(&age(20, 70)).await.unwrap();
    let oldest = |page: &Value| page["items"].as_array().unwrap().last().unwrap().clone();
    let deadline = Instant::now() + Duration::from_secs(30);
    while oldest(&admin.get(&format!("{failing_path}/deliveries")).await.json())["attempts"] != 21 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(admin.get(&failing_path).await.json()["state"], "active");
    sql.batch_execute(&age(9, 76)).await.unwrap();
    let open = wait(&admin, "kind=webhook_paused&state=open", 2).await;
    assert_eq!(open[0]["evidence"], json!({"reason": "failing"}));
    let paused = admin.get(&failing_path).await.json();
    assert_eq!((&paused["state"], &paused["pause_reason"]), (&json!("paused"), &json!("failing")));
    let given_up = admin.get(&format!("{failing_path}/deliveries?state=given_up")).await.json();
    assert_eq!(given_up["items"].as_array().unwrap().len(), 1);
    let told = witness.wait(2).await;
    assert!(told.iter().all(|told| told.is_signed_by(&witness_secret)));
    let reasons: Vec<Value> = told.iter().map(|told| told.json()["data"]["reason"].clone()).collect();
    assert_eq!(reasons, [json!("gone"), json!("failing")]);
    let log = "SELECT actor, details FROM audit_entries WHERE action = 'webhook_paused' ORDER BY seq";
    let log = sql.query(log, &[]).await.unwrap();
    let log: Vec<(String, String)> = log.iter().map(|row| (row.get(0), row.get(1))).collect();
    let entry = |reason: &str| ("service".to_owned(), json!({"reason": reason}).to_string());
    assert_eq!(log, [entry("gone"), entry("failing")]);

    // What waited is sent when it goes on, and the alert is over.
    gone.answer(Manner::Status(200));
    admin.post(&format!("{gone_path}/resume"), &json!({})).await.expect(200);
    assert!(gone.wait(1).await[0].is_signed_by(&secret));
    assert_eq!(wait(&admin, "kind=webhook_paused&state=closed", 1).await[0]["close_reason"], "recovered");
    gone.wait(2).await;
    let (national, deadline) = (app.admin(None).await, Instant::now() + Duration::from_secs(30));
    loop {
        let metrics = national.get("/metrics").await.expect(200).text;
        // Those of the paused one are not counted.
        if metrics.contains("sipas_webhook_pending_deliveries 0") {
            break;
        }
        assert!(Instant::now() < deadline, "{metrics}");
    }
}
