//! A client that is ended is refused at once on every instance, also under load and when nobody can be told.

use crate::support::app::NOW;
use crate::support::samples::{id, response};
use crate::support::{Client, TestApp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Senders at each instance.
const SENDERS: usize = 4;

/// What senders at one instance saw: when the last response was taken, and how many were.
struct Seen {
    last_taken: Option<Instant>,
    taken: u64,
    refusals: u64,
}

/// Sends responses one after the other until told to stop.
async fn send(
    client: Client,
    now: chrono::DateTime<chrono::Utc>,
    stop: Arc<AtomicBool>,
    taken: Arc<AtomicU64>,
) -> Seen {
    let mut seen = Seen { last_taken: None, taken: 0, refusals: 0 };
    while !stop.load(Ordering::Relaxed) {
        let reply = client.post("/v1/responses", &response(id(now), 4)).await;
        match reply.status {
            201 => {
                seen.last_taken = Some(Instant::now());
                seen.taken += 1;
                taken.fetch_add(1, Ordering::Relaxed);
            }
            401 => {
                assert_eq!(reply.problem(), "client_revoked");
                seen.refusals += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            503 => {}
            other => panic!("{other}: {}", reply.text),
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_refused_within_a_second_on_all_of_three_instances_under_load() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let three = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let (device, secret) =
        one.credential(sipas::domain::client::ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let token = one.anonymous().token(&device, &secret).await;
    let admin = one.admin(Some("H56")).await;
    let (stop, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut senders = Vec::new();
    for app in [&one, &two, &three] {
        for _ in 0..SENDERS {
            let client = Client::new(&app.url, Some(token.clone()));
            senders.push(tokio::spawn(send(client, one.now, stop.clone(), taken.clone())));
        }
    }
    while taken.load(Ordering::Relaxed) < 300 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let path = format!("/v1/clients/{device}/revoke");
    admin.send(reqwest::Method::POST, &path, &[], None::<String>).await.expect(200);
    let revoked = Instant::now();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    stop.store(true, Ordering::Relaxed);
    let mut late = Duration::ZERO;
    for (place, sender) in senders.into_iter().enumerate() {
        let seen = sender.await.unwrap();
        assert!(
            seen.taken > 0 && seen.refusals > 0,
            "sender {place}: {} taken, {} refused",
            seen.taken,
            seen.refusals
        );
        late = late.max(seen.last_taken.unwrap().saturating_duration_since(revoked));
    }
    assert!(late < Duration::from_secs(1), "still taken after {late:?}");
}

#[tokio::test]
async fn who_cannot_be_told_finds_out_in_a_second_or_two() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let (device, secret) =
        one.credential(sipas::domain::client::ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let token = one.anonymous().token(&device, &secret).await;
    let elsewhere = Client::new(&two.url, Some(token));
    elsewhere.post("/v1/responses", &response(id(one.now), 4)).await.expect(201);
    // Nobody is told of this change.
    let sql = one.sql().await;
    sql.batch_execute(
        "CREATE OR REPLACE FUNCTION bump_catalogue_revision() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN UPDATE catalogue_revision SET revision = revision + 1; RETURN NULL; END'",
    )
    .await
    .unwrap();
    let db = sipas::store::Db::new(&one.database_url, 1).unwrap();
    sipas::service::clients::revoke(&db, device.parse().unwrap(), one.now).await.unwrap();
    let deadline = Instant::now() + Duration::from_millis(2500);
    while elsewhere.post("/v1/responses", &response(id(one.now), 4)).await.status == 201 {
        assert!(Instant::now() < deadline, "still trusted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
