//! The recount of whole histories: agencies open, move, close, merge and split at random while people answer, some of
//! whom are heard late; then figures of all kinds are asked for by all trees and computed again from the raw rows,
//! by mathematics (`support::recount_math`) and a tree (`support::recount_tree`) that share nothing with the service.
//! Equal to the last digit, before and after a fold.
//!
//! `SIPAS_HISTORIES` is how many (3), `SIPAS_HISTORY_SEED` the first one's seed.

mod questions;
mod world;

use crate::support::TestApp;
use crate::support::app::{NOW, load_catalogue};
use crate::support::clients::Client;
use crate::support::cluster::database;
use crate::support::recount_tree::{Tree, day};
use crate::support::samples::{id, source};
use chrono::{Days, NaiveDate, TimeDelta};
use questions::ask_everything;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use world::{FIRST, SERVICE, SHORT, SHORT_FORMS, Survey, TODAY, World, raw_rows, second_version};

/// Responses of a history.
const RESPONSES: usize = 260;

/// Of a survey with a short form every third is a short one.
fn form(survey: Survey, short: &[&str], agency: &str, on: NaiveDate, chance: &mut StdRng) -> Value {
    // Any moment of the day in Viet Nam, but for today's, which is young.
    let most = if on == day(TODAY) { 10 } else { 24 };
    let midnight = on.and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(7);
    let at = midnight + TimeDelta::milliseconds(chance.random_range(0..most * 3_600_000));
    let mood = chance.random_range(1..=5_u8);
    let mut body = json!({ "id": id(at), "survey": survey.code, "rated_agency": agency, "answers": {} });
    let short = Some(short).filter(|_| survey.code == SHORT.code && chance.random_range(0..3) == 0);
    if short.is_some() {
        body["form"] = json!("short");
    }
    for (place, code) in survey.criteria.iter().enumerate() {
        if short.is_some_and(|asked| !asked.contains(code)) {
            continue;
        }
        let level = (mood + chance.random_range(0..3)).clamp(2, 6) - 1;
        let skipped = place >= survey.paper.required && short.is_none() && chance.random_range(0..3) > 0;
        body["answers"][code] = if skipped { Value::Null } else { json!(level) };
    }
    if let Some(channel) = [None, Some("kiosk"), Some("web")][chance.random_range(0..3)] {
        body["channel"] = json!(channel);
    }
    if let Some(gender) = [None, Some("male"), Some("female")][chance.random_range(0..3)] {
        body["gender"] = json!(gender);
    }
    body
}

/// Sends random forms about agencies that are there on the day of answering; an hour ago or half a year.
async fn answer(system: &Client, tree: &Tree, short: &[&str], count: usize, chance: &mut StdRng) {
    let mut forms = Vec::new();
    while forms.len() < count {
        let on = day(FIRST) + Days::new(chance.random_range(0..=207));
        let there = tree.there_on(on);
        let agency = &there[chance.random_range(0..there.len())];
        let survey = if on >= day("2026-03-01") && chance.random_range(0..3) == 0 { SHORT } else { SERVICE };
        forms.push(form(survey, short, agency, on, chance));
    }
    let (one_by_one, together) = forms.split_at(count / 4);
    for body in one_by_one {
        system.post("/v1/responses", body).await.expect(201);
        if chance.random_range(0..5) == 0 {
            system.post("/v1/responses", body).await.expect(200);
        }
    }
    let again = &one_by_one[..1];
    let reply = system.post_batch(&[together, again].concat()).await.expect(200).json();
    assert_eq!(
        (&reply["counts"]["created"], &reply["counts"]["replayed"]),
        (&json!(together.len()), &json!(1)),
        "{reply}"
    );
}

async fn wait_until_folded(sql: &tokio_postgres::Client) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while sql.query_one("SELECT count(*) FROM ingest_batches", &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "nobody folds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn history(seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let database_url = database().await;
    load_catalogue(&database_url).await;
    let db = sipas::store::Db::new(&database_url, 1).unwrap();
    let short = SHORT_FORMS[chance.random_range(0..SHORT_FORMS.len())];
    sipas::service::catalogue::load(&db, &[source("second.toml", &second_version(short))]).await.unwrap();
    let app = TestApp::on(database_url, NOW, &["--max-offline-days", "400"]).await;
    let (system, admin, sql) = (app.system(None).await, app.admin(None).await, app.sql().await);
    let mut tree = Tree::demonstration();
    let mut days: Vec<NaiveDate> = (0..chance.random_range(6..12))
        .map(|_| day("2026-01-05") + Days::new(chance.random_range(0..190)))
        .collect();
    days.sort_unstable();
    // The last one is planned, and its day yet to come.
    days.push(day("2026-08-05"));
    let part = RESPONSES / (days.len() + 1);
    for on in &days {
        answer(&system, &tree, short, part, &mut chance).await;
        let event = tree.happen(*on, &mut chance);
        let reply = admin.post("/v1/agency-events", &event).await;
        assert_eq!(reply.status, 201, "SIPAS_HISTORY_SEED={seed}: {event}: {}", reply.text);
    }
    wait_until_folded(&sql).await;
    // No instance folds while this lock is held.
    sql.batch_execute("SELECT pg_advisory_lock(1179601988)").await.unwrap();
    answer(&system, &tree, short, part, &mut chance).await;
    let world = World { tree, rows: raw_rows(&app).await };
    assert_eq!(world.rows.len(), part * (days.len() + 1));
    // The same questions before and after the fold.
    let questions = chance.random();
    ask_everything(&admin, &world, seed, &mut StdRng::seed_from_u64(questions)).await;
    sql.batch_execute("SELECT pg_advisory_unlock(1179601988)").await.unwrap();
    wait_until_folded(&sql).await;
    ask_everything(&admin, &world, seed, &mut StdRng::seed_from_u64(questions)).await;
    let verified = sipas::service::verification::verify(&db, false).await.unwrap();
    assert_eq!(verified.differences, Vec::<String>::new(), "SIPAS_HISTORY_SEED={seed}");
}

#[tokio::test]
async fn every_figure_of_a_history_equals_its_recount() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let first = number("SIPAS_HISTORY_SEED").unwrap_or_else(rand::random);
    for place in 0..number("SIPAS_HISTORIES").unwrap_or(3) {
        history(first.wrapping_add(place)).await;
    }
}
