//! Who did what: each change and each read of single responses has its entry, in one chain that a file of it proves.

use crate::support::cluster::PROGRAM;
use crate::support::samples::{id, response, with, without};
use crate::support::{Client, TestApp};
use chrono::NaiveDate;
use serde_json::{Value, json};
use sipas::audit::verify;
use sipas::domain::audit::{Action, By, Entry};
use sipas::domain::audit_chain::Hash;
use sipas::domain::client::ClientKind;
use sipas::service::{audit, clients, verification};
use sipas::store::Db;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

async fn page(client: &Client, query: &str) -> Value {
    client.get(&format!("/v1/audit?{query}")).await.expect(200).json()
}

fn actions(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["action"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the feed hands out so many responses.
async fn fed(client: &Client, count: usize) -> Value {
    for _ in 0..100 {
        let page = client.get("/v1/responses").await.expect(200).json();
        if page["items"].as_array().unwrap().len() == count {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the feed has not got {count} responses");
}

/// Does everything administrative there is and every read of single responses; gives what must not be in any entry.
async fn everything(app: &TestApp) -> Vec<String> {
    let (admin, system) = (app.admin(None).await, app.system(Some("H56.C1")).await);
    let (device, secret) = app.credential(ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let kiosk = app.anonymous().with_token(&app.anonymous().token(&device, &secret).await);
    let words = "Cán bộ tên Hoa rất nhiệt tình";
    let body = with(response(id(app.now), 4), "/comment", json!(words));
    kiosk.post("/v1/responses", &body).await.expect(201);
    fed(&admin, 1).await;
    admin.get("/v1/responses/export?survey=demo-service&from=2026-01-01").await.expect(200);
    let event = json!({"id": id(app.now), "kind": "rename", "effective_on": "2026-07-15", "basis": "QĐ 1", "agency": "H56.C2", "name": "Tên mới"});
    admin.post("/v1/agency-events", &event).await.expect(201);
    let table = "code,level,name,valid_from,parent\nH56.C9,commune,Xã mới,2026-07-01,H56\n";
    let headers = [("content-type", "text/csv")];
    let path = "/v1/agencies/import?dry_run=false&basis=QD";
    admin.send(reqwest::Method::POST, path, &headers, Some(table)).await;
    let count = json!({"count": 7, "source": "test"});
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-Q2", &count).await.expect(200);
    let target = "/v1/agencies/H56.C1/targets/demo-service:satisfied-share/2026";
    admin.put(target, &json!({"at_least": 90})).await.expect(200);
    admin.post(&format!("{target}/end"), &json!({})).await.expect(200);
    let value = json!({"rank": 20, "out_of": 63, "source": {"title": "x"}, "mark": "verified"});
    admin.put("/v1/agencies/H56/measures/sipas/2023", &value).await.expect(200);
    let duty = json!({"from": "2026-01-01", "unit_vi": "Sở Nội vụ"});
    admin.put("/v1/agencies/H56/measure-duties/sipas", &duty).await.expect(200);
    let table = "agency,measure,period,mark,source_title,rank,out_of\nH21,par,2023,verified,x,3,63\n";
    admin
        .send(reqwest::Method::POST, "/v1/measure-imports?dry_run=false", &headers, Some(table))
        .await
        .expect(201);
    let rule = json!({"name": "Quy tắc", "agency": "H56", "kind": "flagged_burst", "threshold": 3});
    let rule = admin.post("/v1/alert-rules", &rule).await.expect(201).json()["id"].clone();
    let rule = format!("/v1/alert-rules/{}", rule.as_str().unwrap());
    admin.patch(&rule, &json!({"threshold": "4"})).await.expect(200);
    admin.post(&format!("{rule}/end"), &json!({})).await.expect(200);
    let webhook = json!({"name": "Nơi nhận", "url": "https://8.8.8.8/bi-mat", "events": ["alert.opened"]});
    let webhook = admin.post("/v1/webhooks", &webhook).await.expect(201).json();
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    admin.patch(&path, &json!({"name": "Nơi khác"})).await.expect(200);
    let rotated = admin.post(&format!("{path}/rotate"), &json!({})).await.expect(200).json();
    for step in ["pause", "resume", "end"] {
        if step == "end" {
            admin
                .post(&format!("{path}/replay"), &json!({"since": "2026-07-01T00:00:00Z"}))
                .await
                .expect(200);
        }
        admin.post(&format!("{path}/{step}"), &json!({})).await.expect(200);
    }
    let signing =
        [&webhook["secret"], &rotated["secret"]].map(|secret| secret.as_str().unwrap()[6..].to_owned());
    let db = Db::new(&app.database_url, 2).unwrap();
    clients::revoke(&db, device.parse().unwrap(), app.now).await.unwrap();
    verification::verify(&db, true).await.unwrap();
    let mut secrets = signing.to_vec();
    secrets.extend([secret, kiosk.bearer().to_owned(), admin.bearer().to_owned(), words.into()]);
    // Where a webhook leads is told by its host: the path may be the receiver's secret.
    secrets.extend(["access.signage".into(), "bi-mat".into()]);
    secrets
}

#[tokio::test]
async fn every_change_and_every_read_of_responses_has_its_entry_without_secrets_or_answers() {
    let app = TestApp::start().await;
    let secrets = everything(&app).await;
    let admin = app.admin(None).await;
    let log = page(&admin, "limit=1000").await;
    let found: BTreeSet<String> = actions(&log).into_iter().collect();
    for action in [
        "catalogue_loaded",
        "client_created",
        "client_revoked",
        "responses_read",
        "responses_exported",
        "responses_export_ended",
        "agency_event_recorded",
        "agencies_imported",
        "dossier_count_reported",
        "target_set",
        "target_ended",
        "measure_value_entered",
        "measure_duty_recorded",
        "measure_values_imported",
        "tallies_repair_started",
        "alert_rule_created",
        "alert_rule_changed",
        "alert_rule_ended",
        "webhook_created",
        "webhook_changed",
        "webhook_rotated",
        "webhook_paused",
        "webhook_resumed",
        "webhook_ended",
        "webhook_replayed",
    ] {
        assert!(found.contains(action), "{action} is not in {found:?}");
    }
    let names = BTreeSet::from([
        "after_seq",
        "at_least",
        "agencies",
        "agency_events",
        "cadence",
        "client",
        "count",
        "effective_on",
        "event",
        "events",
        "files",
        "from",
        "host",
        "kind",
        "languages",
        "last_seq",
        "measure",
        "name",
        "overlap_seconds",
        "period",
        "questionnaires",
        "reason",
        "revision",
        "rows",
        "service_points",
        "since",
        "subject",
        "survey",
        "surveys",
        "target",
        "threshold",
        "until_seq",
        "values",
    ]);
    for item in log["items"].as_array().unwrap() {
        for (name, value) in item["details"].as_object().unwrap() {
            assert!(names.contains(name.as_str()), "{name} is new: is it neither a secret nor an answer?");
            assert!(value.as_str().unwrap().chars().count() <= 200);
        }
        let text = item.to_string();
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
        }
        assert!(!text.contains("eyJ") && !text.contains("argon2"), "{text}");
    }
    // The read says how many rows there were.
    let reads = page(&admin, "action=responses_read").await;
    assert_eq!(reads["items"][0]["details"]["rows"], "1");
    let ends = page(&admin, "action=responses_export_ended").await;
    assert_eq!(
        ends["items"][0]["details"],
        json!({"after_seq": "1", "survey": "demo-service", "from": "2026-01-01", "rows": "1"})
            .as_object()
            .map(|expected| {
                let mut expected = expected.clone();
                expected["after_seq"] = ends["items"][0]["details"]["after_seq"].clone();
                Value::Object(expected)
            })
            .unwrap()
    );
}

#[tokio::test]
async fn a_read_that_hands_out_nothing_and_a_look_into_the_log_leave_no_entry() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let before = page(&admin, "").await["head"].clone();
    admin.get("/v1/responses").await.expect(200);
    admin.get("/v1/comments?agency=H56.C1&survey=demo-service&month=2026-06").await.expect(200);
    page(&admin, "limit=1").await;
    assert_eq!(page(&admin, "").await["head"], before);
}

#[tokio::test]
async fn administrators_see_what_was_done_in_their_subtree() {
    let app = TestApp::start().await;
    for agency in ["H56", "H56.C1", "H21"] {
        app.credential(ClientKind::System, Some(agency), None).await;
    }
    let (own, whole) = (app.admin(Some("H56")).await, app.admin(None).await);
    let agencies = |page: &Value| -> BTreeSet<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["agency"].as_str().unwrap_or("-").to_owned()).collect()
    };
    let all = BTreeSet::from(["-", "H21", "H56", "H56.C1"].map(str::to_owned));
    assert_eq!(agencies(&page(&whole, "limit=1000").await), all);
    assert_eq!(
        agencies(&page(&own, "limit=1000").await),
        BTreeSet::from(["H56", "H56.C1"].map(str::to_owned))
    );
    assert_eq!(agencies(&page(&own, "agency=H56.C1").await), BTreeSet::from(["H56.C1".to_owned()]));
    let outside = own.get("/v1/audit?agency=H21").await.expect(422);
    assert_eq!(outside.faults(), [("agency".to_owned(), "unknown_agency".to_owned())]);
    let wrong = own.get("/v1/audit?action=x&from=2026-02-30&limit=0&what=1").await.expect(422);
    assert_eq!(wrong.faults().len(), 4);
    assert_eq!(own.get("/v1/audit/export").await.expect(403).problem(), "not_permitted");
    // Pages go on where they ended, the newest first.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(&own, &format!("limit=1&cursor={cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.windows(2).all(|two| two[0] > two[1]), "{seen:?}");
    let actor = page(&whole, "actor=command-line&action=client_created&from=2026-07-15&to=2026-07-16").await;
    assert_eq!(actor["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn writers_at_the_same_time_make_one_chain() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let db = Db::new(&app.database_url, 8).unwrap();
    let write = |number: usize| {
        let (db, now) = (db.clone(), app.now);
        async move {
            let (action, object) = (Action::CatalogueLoaded, number.to_string());
            let entry = Entry { action, agency: None, object, details: Vec::new() };
            audit::record_alone(&db, By::CommandLine, &entry, now).await.unwrap();
        }
    };
    futures_util::future::join_all((0..24).map(write)).await;
    let export = admin.get("/v1/audit/export").await.expect(200);
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    let head = page(&admin, "").await["head"]["hash"].as_str().unwrap().to_owned();
    let verified = verify(export.text.as_bytes(), Hash::parse(&head)).unwrap();
    assert_eq!(verified.head.hash.to_string(), head);
    assert!(verified.entries >= 24);
    // The last entry says that all of it was taken away.
    assert_eq!(page(&admin, "limit=1").await["items"][0]["action"], "audit_exported");
}

#[tokio::test]
async fn what_is_kept_of_a_dropped_log_can_be_verified() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let db = Db::new(&app.database_url, 2).unwrap();
    let sql = app.sql().await;
    let before = admin.get("/v1/audit/export").await.expect(200).text;
    // The database's clock says which month it is: years later everything written so far is old.
    let later = NaiveDate::from_ymd_opt(2040, 1, 15).unwrap();
    assert_eq!(audit::drop_old(&db, later, app.now, 2400).await.unwrap(), 0);
    // With the months made ahead, which are empty.
    assert!(audit::drop_old(&db, later, app.now, 12).await.unwrap() >= 1);
    let left: i64 = sql.query_one("SELECT count(*) FROM audit_entries", &[]).await.unwrap().get(0);
    assert_eq!(left, 1, "the entry that says what was dropped");
    let after = admin.get("/v1/audit/export").await.expect(200).text;
    let (before, after) = (verify(before.as_bytes(), None).unwrap(), verify(after.as_bytes(), None).unwrap());
    assert_eq!(after.after, before.head, "it goes on where the earlier file ends");
    assert_eq!(after.entries, 2);
}

#[tokio::test]
async fn rows_are_not_changed_in_place() {
    let app = TestApp::start().await;
    let sql = app.sql().await;
    for statement in [
        "UPDATE audit_entries SET actor = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DELETE FROM audit_chain",
        "TRUNCATE audit_chain",
    ] {
        assert!(sql.batch_execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn the_program_verifies_a_file_without_a_database() {
    let app = TestApp::start().await;
    let run = |arguments: &[&str]| {
        Command::new(PROGRAM)
            .args(arguments)
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let exported = run(&["audit", "export", "--database-url", &app.database_url]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let file = crate::support::cluster::run_dir("audit").join("log.ndjson");
    std::fs::write(&file, &exported.stdout).unwrap();
    let path = file.to_str().unwrap();
    let good = run(&["audit", "verify", path]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let found: Value = serde_json::from_slice(&good.stdout).unwrap();
    let head = found["head"]["hash"].as_str().unwrap();
    assert!(run(&["audit", "verify", path, "--head", head]).status.success());
    assert!(!run(&["audit", "verify", path, "--head", &"0".repeat(63)]).status.success());
    assert!(!run(&["audit", "verify", path, "--head", &"1".repeat(64)]).status.success());
    let text = String::from_utf8(exported.stdout).unwrap().replacen("catalogue_loaded", "client_created", 1);
    std::fs::write(&file, text).unwrap();
    let bad = run(&["audit", "verify", path]);
    assert!(!bad.status.success());
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(said.contains("line 2") && said.contains("entry 1"), "{said}");
}

#[tokio::test]
async fn a_change_that_fails_leaves_no_entry() {
    let app = TestApp::start().await;
    let (admin, system) = (app.admin(None).await, app.system(Some("H56.C1")).await);
    let before = page(&admin, "").await["head"].clone();
    let wrong = json!({"count": -1, "source": "test"});
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-Q2", &wrong).await.expect(422);
    let event = json!({"id": id(app.now), "kind": "close", "effective_on": "2026-07-15", "basis": "QĐ 1", "agency": "H56"});
    admin.post("/v1/agency-events", &event).await.expect(422);
    let body = without(response(id(app.now), 4), "/service_point");
    system.post("/v1/responses", &body).await.expect(201);
    assert_eq!(page(&admin, "").await["head"], before);
    // What is said again is not written down again.
    let count = json!({"count": 7, "source": "test"});
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-Q2", &count).await.expect(200);
    let once = page(&admin, "").await["head"].clone();
    assert_ne!(once, before);
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-Q2", &count).await.expect(200);
    assert_eq!(page(&admin, "").await["head"], once);
}
