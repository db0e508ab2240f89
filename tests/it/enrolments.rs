//! Devices enrol with a code, once.

use crate::support::{Client, Reply, TestApp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Invites a device to the desk of H56.C1; gives the answer.
pub async fn invite(admin: &Client, more: Value) -> Value {
    let mut body = json!({"service_point": "MC-H56-C1", "survey": "demo-service"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/devices/invitations", &body).await.expect(201).json()
}

/// A random UUID, as a tablet makes it.
pub fn attempt() -> Uuid {
    Uuid::from_u128(rand::random())
}

/// What a tablet sends.
pub fn tablet(code: &str, attempt: Uuid) -> Value {
    json!({"code": code, "attempt": attempt, "model": "Tablet T5", "app_version": "1.4.2", "os": "Android",
           "os_version": "14", "screen_width": 1920, "screen_height": 1200})
}

/// Enrols a device at the desk of H56.C1 for `demo-service`; gives its id and the device with a token.
pub async fn enrolled(app: &TestApp, admin: &Client) -> (String, Client) {
    let invited = invite(admin, json!({"name": "Kiosk 1"})).await;
    let body = tablet(invited["code"].as_str().unwrap(), attempt());
    let credential = app.anonymous().post("/v1/devices/enrol", &body).await.expect(201).json();
    device_of(app, &credential).await
}

async fn device_of(app: &TestApp, credential: &Value) -> (String, Client) {
    let [id, secret] = ["client_id", "client_secret"].map(|name| credential[name].as_str().unwrap());
    (id.to_owned(), app.anonymous().with_token(&app.anonymous().token(id, secret).await))
}

/// What a refusal says, but for the id of the request.
fn refusal(reply: Reply) -> (u16, Value) {
    let mut body = reply.json();
    body.as_object_mut().unwrap().remove("request_id");
    (reply.status, body)
}

#[tokio::test]
async fn a_tablet_enrols_with_a_code_and_works_for_its_desk_and_survey() {
    let app = TestApp::start_with(&["--public-url", "https://sipas.example.vn"]).await;
    let admin = app.admin(Some("H56")).await;
    let invited = invite(&admin, json!({"name": "Kiosk 1"})).await;
    let code = invited["code"].as_str().unwrap();
    assert_eq!(invited["link"], format!("https://sipas.example.vn/kiosk#enrol={code}"));
    assert_eq!((&invited["state"], &invited["agency"]), (&json!("open"), &json!("H56.C1")));
    assert_eq!(invited["expires_at"], "2026-07-15T04:00:00Z");
    // In small letters and without hyphens, as people type.
    let typed = code.to_lowercase().replace('-', " ");
    let body = tablet(&typed, attempt());
    let credential = app.anonymous().post("/v1/devices/enrol", &body).await.expect(201).json();
    assert_eq!(
        [&credential["name"], &credential["agency"], &credential["service_point"], &credential["survey"]],
        ["Kiosk 1", "H56.C1", "MC-H56-C1", "demo-service"]
    );
    let (id, device) = device_of(&app, &credential).await;
    let response = crate::support::samples::response(crate::support::samples::id(app.now), 4);
    device.post("/v1/responses", &response).await.expect(201);
    let list = admin.get("/v1/devices/invitations").await.expect(200);
    assert!(!list.text.contains(code), "a code is shown once");
    let item = &list.json()["items"][0];
    assert_eq!((&item["state"], &item["device"]), (&json!("used"), &json!(id)));
    let shown = admin.get(&format!("/v1/devices/{id}")).await.expect(200).json();
    assert_eq!((&shown["model"], &shown["screen_width"]), (&json!("Tablet T5"), &json!(1920)));
    let stored = app.sql().await;
    let stored = stored.query_one("SELECT code_hash FROM enrolments", &[]).await.unwrap();
    assert_eq!(stored.get::<_, Vec<u8>>(0).len(), 32);
}

#[tokio::test]
async fn of_two_tablets_with_one_code_exactly_one_gets_in() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    for _ in 0..3 {
        let code = invite(&admin, json!({})).await["code"].as_str().unwrap().to_owned();
        let bodies: Vec<Value> = (0..6).map(|_| tablet(&code, attempt())).collect();
        let anonymous = app.anonymous();
        let tries = bodies.iter().map(|body| anonymous.post("/v1/devices/enrol", body));
        let replies = futures_util::future::join_all(tries).await;
        let mut counts = BTreeMap::new();
        replies.iter().for_each(|reply| *counts.entry(reply.status).or_insert(0) += 1);
        assert_eq!(counts, BTreeMap::from([(201, 1), (404, 5)]));
    }
    let devices = "SELECT count(*) FROM clients WHERE kind = 'device'";
    assert_eq!(app.sql().await.query_one(devices, &[]).await.unwrap().get::<_, i64>(0), 3);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_code_it_is_refused_alike() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let code = |invited: &Value| invited["code"].as_str().unwrap().to_owned();
    let used = code(&invite(&admin, json!({})).await);
    app.anonymous().post("/v1/devices/enrol", &tablet(&used, attempt())).await.expect(201);
    let taken_back = invite(&admin, json!({})).await;
    let path = format!("/v1/devices/invitations/{}/revoke", taken_back["id"].as_str().unwrap());
    for _ in 0..2 {
        let revoked = admin.send(reqwest::Method::POST, &path, &[], None::<String>).await.expect(200).json();
        assert_eq!(revoked["state"], "revoked");
    }
    let short = code(&invite(&admin, json!({"expires_in_minutes": 5})).await);
    let (other, secret) =
        app.credential(sipas::domain::client::ClientKind::Admin, Some("H56.C1"), None).await;
    let gone = app.anonymous().with_token(&app.anonymous().token(&other, &secret).await);
    let orphaned = code(&invite(&gone, json!({})).await);
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::clients::revoke(&db, other.parse().unwrap(), app.now).await.unwrap();
    let later = TestApp::on(app.database_url.clone(), "2026-07-15T10:05:00+07:00", &[]).await;
    let mut refusals = Vec::new();
    for (app, code) in [
        (&app, "AAAA-AAAA-AAAA".to_owned()),
        (&app, "?".to_owned()),
        (&app, used),
        (&app, code(&taken_back)),
        (&later, short),
        (&app, orphaned),
    ] {
        let reply = app.anonymous().post("/v1/devices/enrol", &tablet(&code, attempt())).await;
        refusals.push(refusal(reply));
    }
    assert_eq!(refusals[0].1["code"], "invitation_not_found");
    assert!(refusals.iter().all(|one| *one == refusals[0]), "{refusals:#?}");
}

#[tokio::test]
async fn a_lost_answer_is_had_again_by_the_same_attempt_for_ten_minutes() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let invited = invite(&admin, json!({})).await;
    let body = tablet(invited["code"].as_str().unwrap(), attempt());
    let first = app.anonymous().post("/v1/devices/enrol", &body).await.expect(201).json();
    let again = app.anonymous().post("/v1/devices/enrol", &body).await.expect(200).json();
    assert_eq!((&again["client_id"], &again["replayed"]), (&first["client_id"], &json!(true)));
    let (id, device) = device_of(&app, &again).await;
    device.get(&format!("/v1/devices/{id}/receipts")).await.expect(200);
    let lost = first["client_secret"].as_str().unwrap();
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={lost}");
    assert_eq!(app.anonymous().form("/oauth/token", &form).await.expect(401).problem(), "invalid_client");
    let later = TestApp::on(app.database_url.clone(), "2026-07-15T10:10:00+07:00", &[]).await;
    later.anonymous().post("/v1/devices/enrol", &body).await.expect(404);
    // Once the device is ended, asking again does not bring it back.
    let path = format!("/v1/devices/{id}/revoke");
    admin.send(reqwest::Method::POST, &path, &[], None::<String>).await.expect(200);
    app.anonymous().post("/v1/devices/enrol", &body).await.expect(404);
}

#[tokio::test]
async fn an_invitation_comes_as_a_picture_too() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let body = json!({"service_point": "MC-H56-C1"});
    let accept = |kind: &'static str| [("accept", kind)];
    let path = "/v1/devices/invitations";
    let svg = admin.post_with(path, &body, &accept("image/svg+xml")).await.expect(201);
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    assert!(svg.text.starts_with("<svg ") && svg.text.ends_with("</svg>"), "{}", svg.text);
    assert_eq!(svg.header("cache-control"), "no-store");
    let png = admin.post_with(path, &body, &accept("image/png")).await.expect(201);
    assert_eq!(png.header("content-type"), "image/png");
    assert!(png.bytes.starts_with(b"\x89PNG\r\n"));
    let id = png.header("location").rsplit('/').next().unwrap().to_owned();
    assert!(admin.get(path).await.expect(200).text.contains(&id));
    admin.post(&format!("{path}?format=png"), &body).await.expect(201);
    let refused = admin.post_with(path, &body, &accept("text/html")).await.expect(406);
    assert_eq!(refused.problem(), "not_acceptable");
    let wrong = admin.post(&format!("{path}?format=gif"), &body).await.expect(422);
    assert_eq!(wrong.faults(), [("format".to_owned(), "not_allowed".to_owned())]);
    assert_eq!(admin.get(path).await.json()["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn every_fault_of_an_invitation_and_an_enrolment_is_told() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let body =
        json!({"service_point": "MC-H56-C2", "survey": "closed", "expires_in_minutes": 10_081, "x": 1});
    let reply = admin.post("/v1/devices/invitations", &body).await.expect(422);
    let expected = [
        ("/expires_in_minutes", "out_of_range"),
        ("/service_point", "unknown_service_point"),
        ("/survey", "survey_not_open"),
        ("/x", "unknown_field"),
    ];
    assert_eq!(reply.faults(), crate::support::clients::faults(&expected));
    let body = json!({"code": "", "attempt": "1", "model": "m\u{0}", "screen_width": 0, "imei": "1"});
    let reply = app.anonymous().post("/v1/devices/enrol", &body).await.expect(422);
    let expected = [
        ("/app_version", "missing_field"),
        ("/attempt", "bad_format"),
        ("/code", "missing_field"),
        ("/imei", "unknown_field"),
        ("/model", "forbidden_character"),
        ("/screen_height", "missing_field"),
        ("/screen_width", "out_of_range"),
    ];
    assert_eq!(reply.faults(), crate::support::clients::faults(&expected));
}

#[tokio::test]
async fn invitations_are_for_those_in_charge_of_the_desk() {
    let app = TestApp::start().await;
    let invited = invite(&app.admin(Some("H56.C1")).await, json!({})).await;
    let revoke = format!("/v1/devices/invitations/{}/revoke", invited["id"].as_str().unwrap());
    let sibling = app.admin(Some("H56.C2")).await;
    assert_eq!(sibling.get("/v1/devices/invitations").await.json()["items"], json!([]));
    let refused = sibling.get("/v1/devices/invitations?agency=H56.C1").await.expect(422);
    assert_eq!(refused.faults(), [("agency".to_owned(), "unknown_agency".to_owned())]);
    let refused = sibling.send(reqwest::Method::POST, &revoke, &[], None::<String>).await.expect(404);
    assert_eq!(refused.problem(), "invitation_not_found");
    let body = tablet(invited["code"].as_str().unwrap(), attempt());
    app.anonymous().post("/v1/devices/enrol", &body).await.expect(201);
    let parent = app.admin(Some("H56")).await;
    let used = parent.send(reqwest::Method::POST, &revoke, &[], None::<String>).await.expect(409);
    assert_eq!(used.problem(), "invitation_used");
    let (mut cursor, mut ids) = (String::new(), Vec::new());
    invite(&parent, json!({})).await;
    loop {
        let page = parent.get(&format!("/v1/devices/invitations?limit=1&cursor={cursor}")).await.expect(200);
        ids.extend(page.json()["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        match page.json()["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    // Made in the same millisecond of a clock that stands still, so in either order.
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&invited["id"]) && ids[0] != ids[1]);
}
