//! Deliveries: nothing is lost while a receiver is down, nothing overtakes, and what was sent can be sent again.

use crate::alerts::wait;
use crate::support::TestApp;
use crate::support::app::NOW;
use crate::support::citizens::{alike, post};
use crate::support::clients::faults;
use crate::support::receiver::{Arrived, Manner, Receiver};
use crate::webhooks::{SENDING, one_alert, webhook};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Numbers of alerts with what happened to them, of each agency in the order of arrival.
fn told(arrived: &[Arrived]) -> BTreeMap<String, Vec<(i64, String)>> {
    let mut told: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for event in arrived.iter().map(Arrived::json) {
        let agency = event["data"]["agency"].as_str().unwrap().to_owned();
        let alert = event["data"]["alert"].as_i64().unwrap();
        told.entry(agency).or_default().push((alert, event["type"].as_str().unwrap().to_owned()));
    }
    told
}

#[tokio::test]
async fn a_receiver_that_was_down_for_a_day_gets_every_event_in_order_and_can_verify_it() {
    let mut app = TestApp::start_with(&SENDING).await;
    let admin = app.admin(Some("H56")).await;
    let receiver = Receiver::start(Manner::Status(503)).await;
    let (_, secret) = webhook(&admin, "H56", &receiver.url, &["alert.opened", "alert.closed"]).await;
    let mut expected: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for agency in ["H56.C1", "H56.C2"] {
        post(&app, &alike(agency, "2026-07-10", &[(1, 30)])).await;
    }
    for threshold in ["40", "50", "60"] {
        for agency in ["H56.C1", "H56.C2"] {
            let rule = one_alert(&admin, agency, threshold).await;
            let alert =
                wait(&admin, &format!("state=open&agency={agency}"), 1).await[0]["seq"].as_i64().unwrap();
            admin.post(&format!("{rule}/end"), &json!({})).await.expect(200);
            let events = ["alert.opened", "alert.closed"].map(|kind| (alert, kind.to_owned()));
            expected.entry(agency.to_owned()).or_default().extend(events);
        }
    }
    // Each time another instance goes on: the one before was stopped between two attempts.
    let steps = [
        "15T10:00:07",
        "15T10:06:00",
        "15T10:40:00",
        "15T13:00:00",
        "15T19:00:00",
        "16T05:30:00",
        "16T10:00:00",
    ];
    for step in steps {
        let database_url = app.database_url.clone();
        drop(app);
        app = TestApp::on(database_url, &format!("2026-07-{step}+07:00"), &SENDING).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    let attempts = receiver.arrived();
    assert!(attempts.len() >= 4 && receiver.taken().is_empty(), "{}", attempts.len());
    // Only the first of each agency was tried.
    let tried: BTreeSet<&str> = attempts.iter().map(|arrived| arrived.id.as_str()).collect();
    assert_eq!(tried.len(), 2);

    receiver.answer(Manner::Status(200));
    let database_url = app.database_url.clone();
    drop(app);
    let app = TestApp::on(database_url, "2026-07-17T10:30:00+07:00", &SENDING).await;
    let taken = receiver.wait(12).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.taken().len(), 12, "none twice");
    assert_eq!(told(&taken), expected);
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for arrived in receiver.arrived() {
        assert!(arrived.is_signed_by(&secret), "{arrived:?}");
        let body = bodies.entry(arrived.id).or_insert_with(|| arrived.body.clone());
        assert_eq!(*body, arrived.body, "an id stands for the same bytes");
    }
    assert_eq!(bodies.len(), 12);
    let written: BTreeSet<i64> = taken.iter().map(|arrived| arrived.timestamp).collect();
    assert_eq!(written, BTreeSet::from([app.now.timestamp()]));
}

#[tokio::test]
async fn what_a_killed_sender_held_is_sent_by_another_when_its_lease_is_over() {
    let app = TestApp::start_with(&SENDING).await;
    let admin = app.admin(Some("H56")).await;
    let receiver = Receiver::start(Manner::Status(200)).await;
    let (path, _) = webhook(&admin, "H56", &receiver.url, &["alert.opened"]).await;
    admin.post(&format!("{path}/pause"), &json!({})).await.expect(200);
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    one_alert(&admin, "H56.C1", "50").await;
    // As whoever took it left it.
    let held =
        format!("UPDATE webhook_deliveries SET leased_until = timestamptz '{NOW}' + interval '61 seconds'");
    app.sql().await.batch_execute(&held).await.unwrap();
    admin.post(&format!("{path}/resume"), &json!({})).await.expect(200);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(receiver.arrived().is_empty());
    let later = TestApp::on(app.database_url.clone(), "2026-07-15T10:01:02+07:00", &SENDING).await;
    assert_eq!(receiver.wait(1).await.len(), 1);
    drop(later);
}

#[tokio::test]
async fn what_was_sent_is_sent_again_on_request_with_the_same_ids() {
    let app = TestApp::start_with(&SENDING).await;
    let admin = app.admin(Some("H56")).await;
    let receiver = Receiver::start(Manner::Status(200)).await;
    let (path, secret) = webhook(&admin, "H56", &receiver.url, &["alert.opened"]).await;
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30)])).await;
    for threshold in ["40", "50", "60"] {
        one_alert(&admin, "H56.C1", threshold).await;
    }
    let sent = receiver.wait(3).await;
    let ids: Vec<&str> = sent.iter().map(|arrived| arrived.id.as_str()).collect();
    let replay = async |body: Value| admin.post(&format!("{path}/replay"), &body).await;
    assert_eq!(replay(json!({"id": ids[1]})).await.expect(200).json(), json!({"replayed": 1}));
    assert_eq!(receiver.wait(4).await[3].id, ids[1]);
    admin.post(&format!("{path}/pause"), &json!({})).await.expect(200);
    let all = json!({"since": "2026-07-15T02:00:00Z"});
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while admin.get(&format!("{path}/deliveries?state=delivered")).await.json()["items"]
        .as_array()
        .unwrap()
        .len()
        < 3
    {
        assert!(std::time::Instant::now() < deadline);
    }
    assert_eq!(replay(all.clone()).await.expect(200).json(), json!({"replayed": 3}));
    assert_eq!(replay(all).await.expect(200).json(), json!({"replayed": 0}), "what waits is not sent twice");
    assert_eq!(replay(json!({"since": "2026-07-15T12:00:00Z"})).await.json(), json!({"replayed": 0}));
    assert_eq!(receiver.taken().len(), 4);
    admin.post(&format!("{path}/resume"), &json!({})).await.expect(200);
    let again = receiver.wait(7).await;
    assert_eq!(again[4..].iter().map(|arrived| arrived.id.as_str()).collect::<Vec<_>>(), ids);
    assert!(again.iter().all(|arrived| arrived.is_signed_by(&secret)));

    let unknown = json!({"id": "msg_00000000000000000000000000000000"});
    assert_eq!(replay(unknown).await.expect(404).problem(), "delivery_not_found");
    assert_eq!(replay(json!({})).await.expect(422).faults(), faults(&[("/id", "missing_field")]));
    let both = json!({"id": ids[0], "since": "2026-07-15T02:00:00Z", "x": 1});
    assert_eq!(
        replay(both).await.expect(422).faults(),
        faults(&[("/since", "unreadable"), ("/x", "unknown_field")])
    );
    let page = admin.get(&format!("{path}/deliveries?limit=2")).await.expect(200).json();
    let next = format!("{path}/deliveries?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = admin.get(&next).await.expect(200).json();
    let all: Vec<&Value> = [&page, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|one| &one["id"])
        .collect();
    assert_eq!(all, [ids[2], ids[1], ids[0]]);
    assert_eq!(rest["items"][0]["due_at"], Value::Null);
}
