//! Devices number their responses, and see which of them are held.

use crate::support::samples::{id, response, with};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use uuid::Uuid;

fn numbered(id: Uuid, seq: i64) -> Value {
    with(response(id, 4), "/device_seq", json!(seq))
}

/// A kiosk with its id.
async fn kiosk(app: &TestApp) -> (String, Client) {
    let (id, secret) = app.credential(ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let token = app.anonymous().token(&id, &secret).await;
    (id, app.anonymous().with_token(&token))
}

async fn held(client: &Client, device: &str) -> Value {
    client.get(&format!("/v1/devices/{device}/receipts")).await.expect(200).json()
}

#[tokio::test]
async fn a_device_sees_what_is_held_and_what_is_missing() {
    let app = TestApp::start().await;
    let (device, kiosk) = kiosk(&app).await;
    let none =
        json!({"device": device, "held": 0, "highest": null, "ranges": [], "gaps": [], "next_cursor": null});
    assert_eq!(held(&kiosk, &device).await, none);
    for seq in [2, 3, 7] {
        kiosk.post("/v1/responses", &numbered(id(app.now), seq)).await.expect(201);
    }
    let batch: Vec<Value> = [9, 8, 12].map(|seq| numbered(id(app.now), seq)).into();
    kiosk.post_batch(&batch).await.expect(200);
    // Without a number it is stored all the same.
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let expected = json!({
        "device": device, "held": 6, "highest": 12, "next_cursor": null,
        "ranges": [{"from": 2, "to": 3}, {"from": 7, "to": 9}, {"from": 12, "to": 12}],
        "gaps": [{"from": 1, "to": 1}, {"from": 4, "to": 6}, {"from": 10, "to": 11}],
    });
    assert_eq!(held(&kiosk, &device).await, expected);
    assert_eq!(held(&app.admin(Some("H56")).await, &device).await, expected);

    // Pages cut the list and lose nothing.
    let (mut cursor, mut ranges, mut gaps) = (String::new(), Vec::new(), Vec::new());
    loop {
        let path = format!("/v1/devices/{device}/receipts?limit=1&cursor={cursor}");
        let page = kiosk.get(&path).await.expect(200).json();
        ranges.extend(page["ranges"].as_array().unwrap().clone());
        gaps.extend(page["gaps"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((json!(ranges), json!(gaps)), (expected["ranges"].clone(), expected["gaps"].clone()));
}

#[tokio::test]
async fn a_number_is_for_one_response_and_a_response_has_one_number() {
    let app = TestApp::start().await;
    let (device, kiosk) = kiosk(&app).await;
    let (one, two) = (id(app.now), id(app.now));
    kiosk.post("/v1/responses", &numbered(one, 1)).await.expect(201);
    kiosk.post("/v1/responses", &numbered(one, 1)).await.expect(200);
    kiosk.post("/v1/responses", &response(one, 4)).await.expect(200);
    let refused = kiosk.post("/v1/responses", &numbered(two, 1)).await.expect(409);
    assert_eq!(refused.problem(), "device_seq_conflict");
    let refused = kiosk.post("/v1/responses", &numbered(one, 2)).await.expect(409);
    assert_eq!(refused.problem(), "device_seq_conflict");
    // In one batch: taken before, taken within, and the others are stored.
    let three = id(app.now);
    let batch = [numbered(two, 1), numbered(three, 3), numbered(id(app.now), 3), numbered(id(app.now), 4)];
    let reply = kiosk.post_batch(&batch).await.expect(200).json();
    let outcomes: Vec<_> = reply["items"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["conflict", "created", "conflict", "created"]);
    assert_eq!(reply["items"][0]["problem"]["code"], "device_seq_conflict");
    // The first with a number being refused does not take the second with it.
    let four = id(app.now);
    let batch = [numbered(id(app.now), 1), numbered(one, 1), numbered(one, 9), numbered(four, 9)];
    let reply = kiosk.post_batch(&batch).await.expect(200).json();
    let outcomes: Vec<_> = reply["items"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["conflict", "replayed", "conflict", "created"]);
    // Given a number of its own the refused response is stored.
    kiosk.post("/v1/responses", &numbered(two, 2)).await.expect(201);
    let holdings = held(&kiosk, &device).await;
    assert_eq!(
        (&holdings["ranges"], &holdings["gaps"]),
        (&json!([{"from": 1, "to": 4}, {"from": 9, "to": 9}]), &json!([{"from": 5, "to": 8}]))
    );
    assert_eq!(app.admin(None).await.index("H56", "survey=demo-service&period=2026").await["whole"]["n"], 5);
}

#[tokio::test]
async fn a_device_with_a_new_credential_repeats_its_backlog_and_is_covered() {
    let app = TestApp::start().await;
    let ((old, before), (new, after)) = (kiosk(&app).await, kiosk(&app).await);
    let bodies: Vec<Value> = (1..=3).map(|seq| numbered(id(app.now), seq)).collect();
    before.post_batch(&bodies).await.expect(200);
    // One had been sent without its number.
    let bare = id(app.now);
    after.post("/v1/responses", &response(bare, 4)).await.expect(201);
    after.post("/v1/responses", &numbered(bare, 4)).await.expect(200);
    assert_eq!(
        after.post("/v1/responses", &numbered(bare, 5)).await.expect(409).problem(),
        "device_seq_conflict"
    );
    let reply = after.post_batch(&bodies).await.expect(200).json();
    assert_eq!(reply["counts"]["replayed"], 3);
    for (device, client, last) in [(&old, &before, 3), (&new, &after, 4)] {
        assert_eq!(held(client, device).await["ranges"], json!([{"from": 1, "to": last}]));
    }
    // A number that is taken stays where it is, also for a response that is stored under another credential.
    let foreign = id(app.now);
    before.post("/v1/responses", &numbered(foreign, 4)).await.expect(201);
    assert_eq!(
        after.post("/v1/responses", &numbered(foreign, 4)).await.expect(409).problem(),
        "device_seq_conflict"
    );
}

#[tokio::test]
async fn numbers_are_whole_positive_and_for_devices() {
    let app = TestApp::start().await;
    let (_, kiosk) = kiosk(&app).await;
    for (wrong, code) in [
        (json!(0), "out_of_range"),
        (json!(-1), "out_of_range"),
        (json!(9_007_199_254_740_992_i64), "out_of_range"),
        (json!(1.5), "wrong_type"),
        (json!("1"), "wrong_type"),
    ] {
        let body = with(response(id(app.now), 4), "/device_seq", wrong);
        let faults = kiosk.post("/v1/responses", &body).await.expect(422).faults();
        assert_eq!(faults, [("/device_seq".to_owned(), code.to_owned())]);
    }
    let system = app.system(Some("H56.C1")).await;
    let faults = system.post("/v1/responses", &numbered(id(app.now), 1)).await.expect(422).faults();
    assert_eq!(faults, [("/device_seq".to_owned(), "for_devices_only".to_owned())]);
}

#[tokio::test]
async fn strangers_find_no_device() {
    let app = TestApp::start().await;
    let ((device, _), (_, other)) = (kiosk(&app).await, kiosk(&app).await);
    let path = format!("/v1/devices/{device}/receipts");
    for stranger in [other, app.admin(Some("H56.C2")).await, app.system(None).await] {
        assert_eq!(stranger.get(&path).await.expect(404).problem(), "device_not_found");
    }
    assert_eq!(app.anonymous().get(&path).await.expect(401).problem(), "token_missing");
    let admin = app.admin(None).await;
    let (system, _) = app.credential(ClientKind::System, None, None).await;
    for unknown in [Uuid::nil().to_string(), "x".into(), system] {
        let reply = admin.get(&format!("/v1/devices/{unknown}/receipts")).await.expect(404);
        assert_eq!(reply.problem(), "device_not_found");
    }
    let wrong = admin.get(&format!("{path}?limit=0&cursor=x")).await.expect(422);
    assert_eq!(wrong.faults(), [("limit".to_owned(), "out_of_range".to_owned())]);
    assert_eq!(admin.get(&format!("{path}?cursor=x")).await.expect(400).problem(), "invalid_cursor");
}
