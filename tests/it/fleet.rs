//! The fleet: devices are renamed, moved, suspended and ended; who is silent is listed.

use crate::authorization;
use crate::enrolments::enrolled;
use crate::support::samples::{desk_response, id, response, with, without};
use crate::support::{Client, Reply, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request without a body.
async fn order(admin: &Client, device: &str, what: &str) -> Reply {
    let path = format!("/v1/devices/{device}/{what}");
    admin.send(reqwest::Method::POST, &path, &[], None::<String>).await
}

fn beat(more: Value) -> Value {
    let mut body = json!({"clock": "2026-07-15T10:00:02.5+07:00", "app_version": "1.5.0", "backlog": 3});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Ids of the devices listed; in any order, since under a clock that stands still it is left to chance.
async fn devices(admin: &Client, query: &str) -> BTreeSet<String> {
    let items = admin.get(&format!("/v1/devices?{query}")).await.expect(200).json()["items"].clone();
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn set(ids: &[&String]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).clone()).collect()
}

async fn actions(app: &TestApp) -> Vec<String> {
    let rows = app.sql().await.query("SELECT action FROM audit_entries WHERE action LIKE 'device%' OR action = 'client_revoked' ORDER BY seq", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_heartbeat_and_responses_show_in_the_fleet() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let (device, kiosk) = enrolled(&app, &admin).await;
    let fresh = admin.get(&format!("/v1/devices/{device}")).await.expect(200).json();
    assert_eq!([&fresh["heartbeat"], &fresh["last_seen_at"]], [&Value::Null, &Value::Null]);
    let loaded = json!({"survey": "demo-service", "questionnaire_version": 1, "battery_percent": 80,
                        "oldest_answered_at": "2026-07-15T09:00:00+07:00"});
    let pulse = kiosk.put("/v1/devices/me/heartbeat", &beat(loaded)).await.expect(200).json();
    let expected = json!({"server_time": "2026-07-15T03:00:00Z", "clock_offset_ms": 2500, "agency": "H56.C1", "service_point": "MC-H56-C1",
        "survey": "demo-service", "survey_state": "open", "questionnaire_version": 1, "is_current": true});
    assert_eq!(pulse, expected);
    let stale = json!({"survey": "demo-service", "questionnaire_version": 2});
    let pulse = kiosk.put("/v1/devices/me/heartbeat", &beat(stale)).await.expect(200).json();
    assert_eq!(pulse["is_current"], false);
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let again = id(app.now - TimeDelta::days(2));
    let batch: Vec<Value> = vec![response(again, 4), response(again, 4), response(id(app.now), 3)];
    kiosk.post_batch(&batch).await.expect(200);
    let shown = admin.get(&format!("/v1/devices/{device}")).await.expect(200).json();
    assert_eq!(shown["responses_today"], 3, "received today, replays not counted");
    assert_eq!((&shown["app_version"], &shown["heartbeat"]["backlog"]), (&json!("1.5.0"), &json!(3)));
    assert_eq!(shown["heartbeat"]["clock_offset_ms"], 2500);
    assert_eq!(shown["heartbeat"]["oldest_answered_at"], Value::Null, "the newest replaces the one before");
    assert_eq!(shown["last_seen_at"], "2026-07-15T03:00:00Z");
    let tomorrow = TestApp::on(app.database_url.clone(), "2026-07-16T08:00:00+07:00", &[]).await;
    let (id, secret) = app.credential(sipas::domain::client::ClientKind::Admin, None, None).await;
    let national = tomorrow.anonymous().with_token(&tomorrow.anonymous().token(&id, &secret).await);
    let shown = national.get(&format!("/v1/devices/{device}")).await.expect(200).json();
    assert_eq!(shown["responses_today"], 0);
    // Signs stay one row a device however often it is heard.
    let rows = "SELECT count(*), sum(received)::bigint FROM device_signs";
    let row = app.sql().await.query_one(rows, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 3));
}

#[tokio::test]
async fn every_fault_of_a_heartbeat_is_told() {
    let app = TestApp::start().await;
    let (_, kiosk) = enrolled(&app, &app.admin(Some("H56")).await).await;
    let body = json!({"clock": "now", "backlog": -1, "battery_percent": 101, "storage_free_mb": "1", "x": 1});
    let reply = kiosk.put("/v1/devices/me/heartbeat", &body).await.expect(422);
    let expected = [
        ("/app_version", "missing_field"),
        ("/backlog", "out_of_range"),
        ("/battery_percent", "out_of_range"),
        ("/clock", "bad_format"),
        ("/storage_free_mb", "wrong_type"),
        ("/x", "unknown_field"),
    ];
    assert_eq!(reply.faults(), crate::support::clients::faults(&expected));
}

#[tokio::test]
async fn silent_devices_are_listed_by_office_time() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let (heard, kiosk) = enrolled(&app, &admin).await;
    let (answered, other) = enrolled(&app, &admin).await;
    let (mute, _) = enrolled(&app, &admin).await;
    let (suspended, _) = enrolled(&app, &admin).await;
    order(&admin, &suspended, "suspend").await.expect(200);
    let at = |time: &'static str| TestApp::on(app.database_url.clone(), time, &[]);
    let later = at("2026-07-15T10:20:00+07:00").await;
    let on = |app: &TestApp, client: &Client| app.anonymous().with_token(client.bearer());
    on(&later, &kiosk).put("/v1/devices/me/heartbeat", &beat(json!({}))).await.expect(200);
    on(&later, &other).post("/v1/responses", &response(id(later.now), 4)).await.expect(201);
    let silent = |app: TestApp| {
        let admin = on(&app, &admin);
        async move {
            let _app = &app;
            (devices(&admin, "silent=true").await, devices(&admin, "silent=false").await)
        }
    };
    let all = set(&[&heard, &answered, &mute, &suspended]);
    assert_eq!(silent(later).await, (set(&[]), all));
    let rest = set(&[&heard, &answered, &suspended]);
    assert_eq!(silent(at("2026-07-15T10:30:00+07:00").await).await, (set(&[&mute]), rest));
    // Thirty minutes on from 10:20.
    let listed = silent(at("2026-07-15T10:50:00+07:00").await).await;
    assert_eq!(listed, (set(&[&heard, &answered, &mute]), set(&[&suspended])));
}

#[tokio::test]
async fn a_fleet_is_cut_by_agency_desk_and_state_and_into_pages() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let (one, _) = enrolled(&app, &admin).await;
    let (two, _) = enrolled(&app, &admin).await;
    let body = json!({"service_point": "MC-H56-C2"});
    admin.post(&format!("/v1/devices/{two}/move"), &body).await.expect(200);
    order(&admin, &one, "suspend").await.expect(200);
    assert_eq!(devices(&admin, "").await, set(&[&one, &two]));
    assert_eq!(devices(&admin, "agency=H56.C2").await, set(&[&two]));
    assert_eq!(devices(&admin, "service_point=MC-H56-C1").await, set(&[&one]));
    assert_eq!(devices(&admin, "state=suspended").await, set(&[&one]));
    assert_eq!(devices(&admin, "state=active").await, set(&[&two]));
    assert_eq!(devices(&app.admin(Some("H56.C1")).await, "").await, set(&[&one]));
    assert_eq!(devices(&app.admin(Some("H21")).await, "").await, set(&[]));
    let page = admin.get("/v1/devices?limit=1").await.expect(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let mut paged = devices(&admin, &format!("limit=1&cursor={cursor}")).await;
    assert!(paged.len() == 1 && paged.insert(page["items"][0]["id"].as_str().unwrap().to_owned()));
    assert_eq!(paged, set(&[&one, &two]));
    let wrong = admin.get(&format!("/v1/devices?cursor={cursor}&state=active")).await.expect(400);
    assert_eq!(wrong.problem(), "invalid_cursor");
    let sibling = app.admin(Some("H56.C3")).await;
    let reply = sibling.get("/v1/devices?agency=H56.C1&service_point=MC-H56-C1").await.expect(422);
    let expected = [("agency", "unknown_agency"), ("service_point", "unknown_service_point")];
    assert_eq!(reply.faults(), crate::support::clients::faults(&expected));
    assert_eq!(sibling.get(&format!("/v1/devices/{one}")).await.expect(404).problem(), "device_not_found");
}

#[tokio::test]
async fn a_moved_device_answers_for_its_old_desk_up_to_the_move() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let (device, kiosk) = enrolled(&app, &admin).await;
    let (before, after) = (app.now - TimeDelta::minutes(10), app.now + TimeDelta::minutes(1));
    let sent = |at| response(id(at), 4);
    let at_old = |at| with(sent(at), "/service_point", json!("MC-H56-C1"));
    let at_new = |at| with(sent(at), "/service_point", json!("MC-H56-C2"));
    let unknown = [("/service_point".to_owned(), "unknown_service_point".to_owned())];
    assert_eq!(kiosk.post("/v1/responses", &at_new(before)).await.expect(422).faults(), unknown);

    let path = format!("/v1/devices/{device}/move");
    for (since, code) in
        [("2026-07-15T10:00:01+07:00", "period_not_begun"), ("2026-07-15T09:59:59+07:00", "bad_period")]
    {
        let body = json!({"service_point": "MC-H56-C2", "since": since});
        let faults = admin.post(&path, &body).await.expect(422).faults();
        assert_eq!(faults, [("/since".to_owned(), code.to_owned())]);
    }
    let body = json!({"service_point": "MC-H21"});
    assert_eq!(admin.post(&path, &body).await.expect(422).faults(), unknown);
    let moved = admin.post(&path, &json!({"service_point": "MC-H56-C2"})).await.expect(200).json();
    assert_eq!([&moved["agency"], &moved["service_point"]], ["H56.C2", "MC-H56-C2"]);
    assert_eq!(moved["survey"], "demo-service");
    let earlier = json!([{"since": null, "until": "2026-07-15T03:00:00Z", "agency": "H56.C1",
                          "service_point": "MC-H56-C1", "survey": "demo-service"}]);
    assert_eq!(moved["earlier_places"], earlier);

    kiosk.post("/v1/responses", &at_old(before)).await.expect(201);
    kiosk.post("/v1/responses", &at_new(after)).await.expect(201);
    let faults = kiosk.post("/v1/responses", &at_old(after)).await.expect(422).faults();
    assert!(faults.contains(&unknown[0]), "{faults:?}");
    assert_eq!(kiosk.post("/v1/responses", &at_new(before)).await.expect(422).faults(), unknown);
    // Unnamed, it is the desk the device stood at by then.
    let unnamed = without(sent(before), "/service_point");
    kiosk.post("/v1/responses", &unnamed).await.expect(201);
    let stored =
        "SELECT p.code FROM responses r JOIN service_points p ON p.id = r.service_point_id WHERE r.id = $1";
    let unnamed: uuid::Uuid = unnamed["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        app.sql().await.query_one(stored, &[&unnamed]).await.unwrap().get::<_, String>(0),
        "MC-H56-C1"
    );
    assert_eq!(actions(&app).await, ["device_invited", "device_enrolled", "device_moved"]);
}

#[tokio::test]
async fn a_device_posts_for_its_own_survey_only() {
    let app = TestApp::start().await;
    let (_, kiosk) = enrolled(&app, &app.admin(Some("H56")).await).await;
    // A desk takes files for any agency of the province (NĐ 118/2025/NĐ-CP).
    let elsewhere = with(response(id(app.now), 4), "/rated_agency", json!("H56.C2"));
    kiosk.post("/v1/responses", &elsewhere).await.expect(201);
    let other = desk_response(id(app.now), [Some(2); 4]);
    let faults = kiosk.post("/v1/responses", &other).await.expect(422).faults();
    assert_eq!(faults, [("/survey".to_owned(), "unknown_survey".to_owned())]);
    let outside = with(response(id(app.now), 4), "/rated_agency", json!("H21.C1"));
    let faults = kiosk.post("/v1/responses", &outside).await.expect(422).faults();
    assert_eq!(faults, [("/rated_agency".to_owned(), "unknown_agency".to_owned())]);
}

#[tokio::test]
async fn a_device_is_renamed_suspended_resumed_and_ended_by_one_call() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let (device, kiosk) = enrolled(&app, &admin).await;
    let path = format!("/v1/devices/{device}");
    let patch = |body: Value| {
        let headers = [("content-type", "application/json")];
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.send(reqwest::Method::PATCH, &path, &headers, Some(body.to_string())).await }
    };
    assert_eq!(patch(json!({"name": " Quầy  2 "})).await.expect(200).json()["name"], "Quầy  2");
    assert_eq!(patch(json!({"name": ""})).await.expect(422).faults()[0].1, "missing_field");
    for _ in 0..2 {
        assert_eq!(order(&admin, &device, "suspend").await.expect(200).json()["state"], "suspended");
    }
    let body = response(id(app.now), 4);
    assert_eq!(kiosk.post("/v1/responses", &body).await.expect(401).problem(), "client_suspended");
    assert_eq!(order(&admin, &device, "resume").await.expect(200).json()["state"], "active");
    kiosk.post("/v1/responses", &body).await.expect(201);
    for _ in 0..2 {
        assert_eq!(order(&admin, &device, "revoke").await.expect(200).json()["state"], "revoked");
    }
    assert_eq!(kiosk.post("/v1/responses", &body).await.expect(401).problem(), "client_revoked");
    for what in ["suspend", "resume"] {
        assert_eq!(order(&admin, &device, what).await.expect(409).problem(), "device_revoked");
    }
    assert_eq!(patch(json!({"name": "x"})).await.expect(409).problem(), "device_revoked");
    let expected = [
        "device_invited",
        "device_enrolled",
        "device_renamed",
        "device_suspended",
        "device_resumed",
        "client_revoked",
    ];
    assert_eq!(actions(&app).await, expected);
}

/// What somebody can do who has the credential of a device, and nothing else.
#[tokio::test]
async fn a_leaked_device_can_post_for_its_desk_and_read_what_is_public_and_its_own() {
    let app = TestApp::start().await;
    let (device, kiosk) = enrolled(&app, &app.admin(Some("H56")).await).await;
    let senders = authorization::senders(&app).await;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for operation in authorization::operations() {
        let reply = authorization::drive(&operation, &app, &senders, &kiosk, "H56.C1").await;
        match reply.status {
            200..300 => done.push(operation),
            401 | 403 | 404 => {}
            status => refused.push((operation, status)),
        }
    }
    let public = [
        "get_agency",
        "get_comparison",
        "get_drags",
        "get_formula",
        "get_index",
        "get_measure",
        "get_measure_series",
        "get_metrics",
        "get_ranking",
        "get_report",
        "get_series",
        "get_survey",
        "get_tracker",
        "list_agencies",
        "list_agency_events",
        "list_dossier_counts",
        "list_formulas",
        "list_keys",
        "list_measures",
        "list_release_keys",
        "list_releases",
        "list_reports",
        "list_surveys",
        "list_targets",
        "list_undertakings",
        "live",
        "ready",
    ];
    let mut expected: Vec<&str> = public.into();
    expected.extend(["put_heartbeat", "submit_batch", "submit_response"]);
    expected.sort_unstable();
    assert_eq!(done, expected);
    // Like everybody it gets breakdowns of provinces only.
    assert_eq!(refused, [("get_breakdown".to_owned(), 422)]);
    kiosk.get(&format!("/v1/devices/{device}/receipts")).await.expect(200);
    let figures = kiosk.index("H56.C1", "survey=demo-service&period=2026").await;
    assert_eq!(figures["whole"]["suppressed"], true, "as little as the public sees");
}
