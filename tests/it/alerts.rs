//! Alerts: each kind of rule fires and does not fire, and an episode opens and closes once.

use crate::support::app::NOW;
use crate::support::citizens::{alike, post};
use crate::support::samples::{id, response};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A service that evaluates every second.
pub const QUICK: [&str; 2] = ["--alert-seconds", "1"];

/// Makes a rule of an agency, with what else it needs; gives its id.
pub async fn rule(admin: &Client, agency: &str, kind: &str, threshold: &str, others: Value) -> String {
    let mut body = json!({"name": kind, "agency": agency, "kind": kind, "threshold": threshold});
    body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    admin.post("/v1/alert-rules", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

pub fn monthly() -> Value {
    json!({"survey": "demo-service", "period": "month"})
}

pub async fn alerts(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/alerts?limit=1000&{query}")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

/// Waits until there are so many alerts of a query.
pub async fn wait(client: &Client, query: &str, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = alerts(client, query).await;
        if found.len() == count {
            return found;
        }
        assert!(Instant::now() < deadline, "not {count} but {found:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until rules were evaluated twice more: what is not there then does not come.
pub async fn two_rounds() {
    tokio::time::sleep(Duration::from_millis(3500)).await;
}

fn whom(alerts: &[Value]) -> Vec<(&str, &str)> {
    let mut whom: Vec<_> = alerts
        .iter()
        .map(|alert| (alert["agency"].as_str().unwrap(), alert["period"].as_str().unwrap_or_default()))
        .collect();
    whom.sort_unstable();
    whom
}

#[tokio::test]
async fn an_index_below_its_target_opens_and_closes_one_episode() {
    let app = TestApp::start_with(&QUICK).await;
    // Another instance evaluates too: still each alert once.
    let _twin = TestApp::on(app.database_url.clone(), NOW, &QUICK).await;
    let admin = app.admin(Some("H56")).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30), (5, 10)])).await;
    // Of ten with six contented nobody can say that they are fewer than 80 percent.
    post(&app, &alike("H56.C2", "2026-07-10", &[(1, 4), (5, 6)])).await;
    post(&app, &alike("H56.C3", "2026-06-10", &[(1, 3)])).await;
    let mut each = monthly();
    each["each_child"] = json!(true);
    rule(&admin, "H56", "below_target", "80", each).await;
    let open = wait(&admin, "kind=below_target", 2).await;
    assert_eq!(whom(&open), [("H56.C1", "2026-07"), ("H56.C3", "2026-06")]);
    let first = open.iter().find(|alert| alert["agency"] == "H56.C1").unwrap();
    assert_eq!(first["evidence"]["whole"]["value"], 25.0);
    assert!(first["evidence"]["whole"]["high"].as_f64().unwrap() < 80.0);
    assert_eq!((&first["closed_at"], &first["close_reason"]), (&Value::Null, &Value::Null));
    two_rounds().await;
    assert_eq!(alerts(&admin, "").await.len(), 2, "an episode is opened once");

    // Others are not told, and those below only of their own.
    assert_eq!(alerts(&app.admin(Some("H21")).await, "").await, Vec::<Value>::new());
    assert_eq!(alerts(&app.admin(Some("H56.C3")).await, "").await.len(), 1);

    post(&app, &alike("H56.C1", "2026-07-11", &[(5, 300)])).await;
    let closed = wait(&admin, "state=closed", 1).await;
    assert_eq!((&closed[0]["agency"], &closed[0]["close_reason"]), (&json!("H56.C1"), &json!("recovered")));
    // Below again on the same day: not told again before tomorrow.
    post(&app, &alike("H56.C1", "2026-07-12", &[(1, 900)])).await;
    two_rounds().await;
    assert_eq!(alerts(&admin, "").await.len(), 2);
    let tomorrow = TestApp::on(app.database_url.clone(), "2026-07-16T10:00:00+07:00", &QUICK).await;
    let admin = tomorrow.admin(Some("H56")).await;
    wait(&admin, "state=open&agency=H56.C1", 1).await;

    // When the months are over nothing has to arrive for it.
    drop(app);
    let later = TestApp::on(tomorrow.database_url.clone(), "2026-09-01T10:00:00+07:00", &QUICK).await;
    let admin = later.admin(Some("H56")).await;
    let over = wait(&admin, "state=closed&agency=H56.C1", 2).await;
    assert!(over.iter().any(|alert| alert["close_reason"] == "period_over"), "{over:#?}");
}

#[tokio::test]
async fn a_changed_threshold_is_no_recovery_and_what_still_holds_is_told_anew() {
    let app = TestApp::start_with(&QUICK).await;
    let admin = app.admin(Some("H56")).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    let id = rule(&admin, "H56.C1", "below_target", "80", monthly()).await;
    wait(&admin, "state=open", 1).await;
    let change = async |threshold: &str| {
        let path = format!("/v1/alert-rules/{id}");
        admin.patch(&path, &json!({"threshold": threshold})).await.expect(200);
    };
    change("0.01").await;
    assert_eq!(alerts(&admin, "state=closed").await[0]["close_reason"], "rule_changed");
    two_rounds().await;
    assert_eq!(alerts(&admin, "state=open").await, Vec::<Value>::new());
    change("80").await;
    wait(&admin, "state=open", 1).await;
}

#[tokio::test]
async fn a_drop_is_told_if_it_is_large_and_no_chance() {
    let app = TestApp::start_with(&QUICK).await;
    let admin = app.admin(Some("H56")).await;
    for (agency, before, now) in [
        ("H56.C1", [(5, 80), (1, 0)], [(5, 40), (1, 40)]),
        // As large, but of too few people to tell.
        ("H56.C2", [(5, 4), (1, 0)], [(5, 3), (1, 1)]),
        // To tell, but smaller.
        ("H56.C3", [(5, 500), (1, 0)], [(5, 450), (1, 50)]),
    ] {
        post(&app, &alike(agency, "2026-06-10", &before)).await;
        post(&app, &alike(agency, "2026-07-10", &now)).await;
    }
    let mut each = monthly();
    each["each_child"] = json!(true);
    rule(&admin, "H56", "drop", "20.5", each).await;
    let open = wait(&admin, "", 1).await;
    assert_eq!(whom(&open), [("H56.C1", "2026-07")]);
    assert_eq!(open[0]["evidence"]["difference"], -50.0);
    two_rounds().await;
    assert_eq!(alerts(&admin, "").await.len(), 1);
}

#[tokio::test]
async fn a_device_is_silent_after_office_hours_without_a_sign_until_it_is_heard() {
    let app = TestApp::start_with(&QUICK).await;
    let admin = app.admin(Some("H56.C1")).await;
    let (device, secret) =
        app.credential(sipas::domain::client::ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    app.device("H56.C2", "MC-H56-C2").await;
    rule(&admin, "H56.C1", "silent_device", "6", json!({})).await;
    // It is Wednesday, 10:00. Until Thursday 08:00 the office was open for five and a half hours, until 09:00 for six and a half.
    let early = TestApp::on(app.database_url.clone(), "2026-07-16T08:00:00+07:00", &QUICK).await;
    two_rounds().await;
    assert_eq!(alerts(&admin, "").await.len(), 0);
    drop((app, early.url.clone()));
    let app = TestApp::on(early.database_url.clone(), "2026-07-16T09:00:00+07:00", &QUICK).await;
    drop(early);
    let admin = app.admin(Some("H56.C1")).await;
    let open = wait(&admin, "kind=silent_device", 1).await;
    assert_eq!((&open[0]["device"], &open[0]["agency"]), (&json!(device), &json!("H56.C1")));
    let kiosk = app.anonymous().with_token(&app.anonymous().token(&device, &secret).await);
    let beat = json!({"clock": "2026-07-16T09:00:00+07:00", "app_version": "1", "backlog": 0});
    kiosk.put("/v1/devices/me/heartbeat", &beat).await.expect(200);
    assert_eq!(wait(&admin, "state=closed", 1).await[0]["close_reason"], "recovered");
}

#[tokio::test]
async fn participation_is_looked_at_when_the_month_is_over_and_dossiers_are_known() {
    let app = TestApp::start_with(&QUICK).await;
    let (admin, system) = (app.admin(Some("H56")).await, app.system(None).await);
    let mut each = monthly();
    each["each_child"] = json!(true);
    rule(&admin, "H56", "participation", "5", each).await;
    post(&app, &alike("H56.C2", "2026-06-10", &[(5, 12)])).await;
    post(&app, &alike("H56.C3", "2026-06-10", &[(5, 1)])).await;
    // Of H56.C3 nobody knows how many there were. The running month is not over.
    for (agency, period, count) in
        [("H56.C1", "2026-06", 100), ("H56.C2", "2026-06", 200), ("H56.C2", "2026-07", 5000)]
    {
        let body = json!({"count": count, "source": "test"});
        // The child of H56.C1 has handled none.
        system.put(&format!("/v1/agencies/{agency}/dossier-counts/{period}"), &body).await.expect(200);
    }
    let none = json!({"count": 0, "source": "test"});
    system.put("/v1/agencies/H56.C1.X1/dossier-counts/2026-06", &none).await.expect(200);
    let open = wait(&admin, "", 1).await;
    assert_eq!(whom(&open), [("H56.C1", "2026-06")]);
    assert_eq!(open[0]["evidence"]["participation_percent"], 0.0);
    two_rounds().await;
    assert_eq!(alerts(&admin, "").await.len(), 1);
    // Late answers make up for it.
    post(&app, &alike("H56.C1", "2026-06-11", &[(5, 6)])).await;
    assert_eq!(wait(&admin, "state=closed", 1).await[0]["close_reason"], "recovered");
}

#[tokio::test]
async fn a_burst_of_flags_is_told_until_they_are_lifted() {
    let flags = ["--flag-rules", "burst", "--flag-burst-most", "3", "--flag-burst-minutes", "10"];
    let flags: Vec<&str> = flags.into_iter().chain(QUICK).collect();
    let app = TestApp::start_with(&flags).await;
    let (admin, kiosk) = (app.admin(Some("H56")).await, app.device("H56.C1", "MC-H56-C1").await);
    rule(&admin, "H56", "flagged_burst", "4", json!({})).await;
    rule(&admin, "H56", "flagged_burst", "5", json!({})).await;
    let ids: Vec<_> = (0..4).map(|place| id(app.now - TimeDelta::seconds(place * 60))).collect();
    for id in &ids {
        kiosk.post("/v1/responses", &response(*id, 5)).await.expect(201);
    }
    let open = wait(&admin, "kind=flagged_burst", 1).await;
    assert_eq!(whom(&open), [("H56", "2026-07-15")]);
    assert_eq!(open[0]["evidence"]["flagged"], 4);
    let lift = json!({"decision": "lifted", "reason": "Đã xác minh"});
    admin.post(&format!("/v1/responses/{}/flag-review", ids[0]), &lift).await.expect(200);
    wait(&admin, "state=closed", 1).await;
}

#[tokio::test]
async fn lists_of_alerts_go_on_after_the_last_and_refuse_what_they_do_not_know() {
    let app = TestApp::start_with(&QUICK).await;
    let admin = app.admin(Some("H56")).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    for threshold in ["60", "70", "80"] {
        rule(&admin, "H56.C1", "below_target", threshold, monthly()).await;
    }
    let all = wait(&admin, "", 3).await;
    let page = admin.get("/v1/alerts?limit=2").await.expect(200).json();
    let next = format!("/v1/alerts?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(page["items"].as_array().unwrap()[..], all[..2]);
    assert_eq!(admin.get(&next).await.json()["items"], json!([all[2]]));
    let wrong = admin.get("/v1/alerts?state=loud&kind=x&agency=H21&colour=red").await.expect(422);
    assert_eq!(
        wrong.faults(),
        crate::support::clients::faults(&[
            ("colour", "unknown_field"),
            ("kind", "not_allowed"),
            ("state", "not_allowed"),
        ])
    );
    let elsewhere = admin.get("/v1/alerts?agency=H21").await.expect(422).faults();
    assert_eq!(elsewhere, crate::support::clients::faults(&[("agency", "unknown_agency")]));
}
