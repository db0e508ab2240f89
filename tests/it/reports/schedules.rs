//! Reports that are made by themselves: once, whoever makes them, and never again.

use super::{bytes, rate, rated};
use crate::support::clients::{Client, faults};
use crate::support::{TestApp, samples};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

const SCHEDULE: &str = "/v1/agencies/H56/report-schedules/demo-service/quarter";
const FLAGS: [&str; 4] = ["--max-offline-days", "300", "--report-days", "10"];

async fn kept(client: &Client) -> Vec<Value> {
    client.get("/v1/agencies/H56/reports").await.expect(200).json()["items"].as_array().unwrap().clone()
}

/// The reports, once there are so many.
async fn eventually(client: &Client, many: usize) -> Vec<Value> {
    for _ in 0..600 {
        let kept = kept(client).await;
        if kept.len() >= many {
            return kept;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there are not {many} reports after a minute");
}

#[tokio::test]
async fn two_instances_make_what_was_missed_once_and_late_answers_change_nothing() {
    let app = rated().await;
    let admin = app.admin(Some("H56")).await;
    let body = json!({"languages": ["en", "vi"], "from": "2026-Q1"});
    let schedule = admin.put(SCHEDULE, &body).await.expect(200).json();
    assert_eq!((&schedule["languages"], &schedule["from"]), (&json!(["vi", "en"]), &json!("2026-Q1")));
    assert!(kept(&app.anonymous()).await.is_empty());

    // Both find two quarters that are over; only one makes them.
    let start = || TestApp::on(app.database_url.clone(), "2026-07-16T00:30:00+07:00", &FLAGS);
    let (one, two) = tokio::join!(start(), start());
    let anybody = app.anonymous();
    let made = eventually(&anybody, 12).await;
    drop((one, two));
    let of: std::collections::BTreeSet<String> = made
        .iter()
        .map(|report| ["period", "language", "format"].map(|name| report[name].as_str().unwrap()).join(" "))
        .collect();
    assert_eq!((made.len(), of.len()), (12, 12), "{of:?}");

    let workbook = |reports: &[Value]| {
        let is = |report: &&Value| {
            report["format"] == "xlsx" && report["language"] == "en" && report["period"] == "2026-Q2"
        };
        reports.iter().find(is).unwrap().clone()
    };
    let report = workbook(&made);
    let path = format!("/v1/agencies/H56/reports/{}", report["id"].as_str().unwrap());
    let first = anybody.get(&path).await.expect(200);
    assert_eq!(first.header("cache-control"), "max-age=31536000, immutable, public");
    let digest: String = Sha256::digest(&first.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        (report["sha256"].as_str(), report["bytes"].as_u64()),
        (Some(&digest[..]), Some(first.bytes.len() as u64))
    );
    let asked = super::path("format=xlsx&lang=en");
    assert!(first.bytes == bytes(&anybody, &asked).await, "the one that is asked for is the same");

    rate(&app.system(Some("H56")).await, "H56.C1", "2026-05-20", &[(1, 50)]).await;
    assert!(first.bytes != bytes(&anybody, &asked).await, "late answers count where they are asked for");
    let later = TestApp::on(app.database_url.clone(), "2026-07-17T00:30:00+07:00", &FLAGS).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(kept(&later.anonymous()).await, made);
    assert!(first.bytes == bytes(&later.anonymous(), &path).await);
    let sql = app.sql().await;
    for change in ["UPDATE reports SET content = ''", "DELETE FROM reports", "TRUNCATE reports"] {
        assert!(sql.batch_execute(change).await.is_err(), "{change}");
    }
    let log = app.admin(None).await.get("/v1/audit?action=reports_made&limit=10").await.expect(200).json();
    let files: Vec<&str> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["details"]["files"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["6", "6"]);
}

#[tokio::test]
async fn a_report_waits_until_nothing_can_arrive_that_it_would_count() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    admin.put(SCHEDULE, &json!({"languages": ["vi"], "from": "2026-Q1"})).await.expect(200);
    // Ninety days after the first quarter; the second one is younger.
    let later = TestApp::on(app.database_url.clone(), "2026-06-30T08:00:00+07:00", &[]).await;
    let made = eventually(&later.anonymous(), 3).await;
    assert!(made.iter().all(|report| report["period"] == "2026-Q1"), "{made:?}");
    let day_before = TestApp::start().await;
    let admin = day_before.admin(Some("H56")).await;
    admin.put(SCHEDULE, &json!({"languages": ["vi"], "from": "2026-Q1"})).await.expect(200);
    let early = TestApp::on(day_before.database_url.clone(), "2026-06-29T08:00:00+07:00", &[]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(kept(&early.anonymous()).await.is_empty());
}

#[tokio::test]
async fn schedules_are_kept_by_those_in_charge_and_end_without_taking_anything_away() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let first = admin.put(SCHEDULE, &json!({"languages": ["vi"]})).await.expect(200).json();
    assert_eq!(first["from"], "2026-Q3", "the one that runs");
    assert_eq!(admin.put(SCHEDULE, &json!({"languages": ["vi"]})).await.expect(200).json(), first);
    let both = admin.put(SCHEDULE, &json!({"languages": ["vi", "en"]})).await.expect(200).json();
    let list = admin.get("/v1/agencies/H56/report-schedules").await.expect(200).json();
    assert_eq!(list["items"], json!([both]));

    let put = async |path: &str, body: Value| admin.put(path, &body).await.expect(422).faults();
    let wrong = json!({"languages": ["vi", "fr", 1], "from": "2026-W31", "to": "2027"});
    let expected = [
        ("survey", "unknown_survey"),
        ("cadence", "not_allowed"),
        ("/languages/1", "not_allowed"),
        ("/languages/2", "wrong_type"),
        ("/from", "bad_format"),
        ("/to", "unknown_field"),
    ];
    assert_eq!(put("/v1/agencies/H56/report-schedules/none/week", wrong).await, faults(&expected));
    assert_eq!(put(SCHEDULE, json!({"languages": []})).await, faults(&[("/languages", "missing_field")]));
    let month = json!({"languages": ["vi"], "from": "2026-07"});
    assert_eq!(put(SCHEDULE, month).await, faults(&[("/from", "bad_format")]));
    let other = app.admin(Some("H56.C1")).await;
    assert_eq!(
        other.put(SCHEDULE, &json!({"languages": ["vi"]})).await.expect(404).problem(),
        "agency_not_found"
    );

    let end = async || admin.send(Method::DELETE, SCHEDULE, &[], None::<String>).await;
    end().await.expect(204);
    assert_eq!(end().await.expect(404).problem(), "schedule_not_found");
    let list = admin.get("/v1/agencies/H56/report-schedules").await.expect(200).json();
    assert_eq!(list["items"], json!([]));
    let log = admin.get("/v1/audit?limit=100").await.expect(200).json();
    let actions: Vec<&str> =
        log["items"].as_array().unwrap().iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "report_scheduled").count(), 2);
    assert_eq!(actions.iter().filter(|action| **action == "report_schedule_ended").count(), 1);
    let unknown = samples::id(app.now);
    let missing = app.anonymous().get(&format!("/v1/agencies/H56/reports/{unknown}")).await.expect(404);
    assert_eq!(missing.problem(), "report_not_found");
}
