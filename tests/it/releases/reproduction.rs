//! A release is made again from the raw responses a year later, whatever came in between.

use super::{Office, path, quarter};
use crate::flags::judged;
use crate::support::TestApp;
use crate::support::citizens::{self, alike};
use crate::support::program::{run, sipas};
use crate::support::samples::{id, response, source, with};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sipas::catalogue::built_in;
use sipas::domain::release::Number;
use sipas::service::releases::reproduction::{Reproduction, reproduce};
use sipas::service::{catalogue, partitions};
use sipas::store::Db;
use std::process::Output;
use uuid::Uuid;

const BURST: [&str; 6] = ["--flag-rules", "burst", "--flag-burst-most", "3", "--flag-burst-minutes", "10"];
const LATER: &str = "2027-07-15T10:00:00+07:00";

async fn again(app: &TestApp) -> Reproduction {
    let db = Db::new(&app.database_url, 1).unwrap();
    reproduce(&db, &Number::parse("H56_2026-Q2/1").unwrap()).await.unwrap()
}

fn program(office: &Office) -> Output {
    let arguments = ["release", "reproduce", "H56_2026-Q2/1", "--database-url", &office.app.database_url];
    run(&mut sipas(office.folder.path(), &arguments))
}

/// The quarter, the year, another tree, and another province by the whole country's administrator.
fn contents() -> Value {
    let question = |kind: &str, period: &str| json!({"kind": kind, "agency": "H56", "survey": "demo-service", "period": period});
    let mut then = question("index", "2026-Q2");
    then["tree_on"] = json!("2026-06-30");
    let mut body = quarter();
    body["contents"] = json!([
        question("index", "2026-Q2"), question("ranking", "2026-Q2"), question("index", "2026"), question("ranking", "2026"), then,
        {"kind": "index", "agency": "H56.C1", "survey": "demo-desk", "period": "2026-07"},
    ]);
    body
}

/// A new version of the questionnaire with a survey of it.
async fn new_version(database_url: &str) {
    let mut sources = built_in();
    sources.retain(|source| source.text.contains("code = \"sipas-service-2022\""));
    let text = sources.pop().unwrap().text.replacen("version = 1", "version = 2", 1);
    let survey = "[[surveys]]\ncode = \"next\"\nname = { vi = \"x\", en = \"x\" }\nquestionnaire = \"sipas-service-2022\"\n\
                  version = 2\nopens_on = \"2026-01-01\"\nagencies = [\"H56\"]\nsample = true\n";
    let sources = [source("version.toml", &text), source("survey.toml", survey)];
    catalogue::load(&Db::new(database_url, 1).unwrap(), &sources).await.unwrap();
}

async fn void(app: &TestApp, response: Uuid) {
    let (asks, confirms) = (app.admin(Some("H56.C1")).await, app.admin(Some("H56")).await);
    let path = format!("/v1/responses/{response}/void");
    asks.post(&path, &json!({"reason": "Thử máy"})).await.expect(201);
    confirms.post(&format!("{path}/confirm"), &json!({})).await.expect(200);
}

async fn lift(app: &TestApp, response: Uuid) {
    let above = app.admin(Some("H56")).await;
    let body = json!({"decision": "lifted", "reason": "Đã xác minh"});
    above.post(&format!("/v1/responses/{response}/flag-review"), &body).await.expect(200);
}

/// Responses of a device within a few minutes, which a rule flags; and one before them that nobody does.
async fn burst(app: &TestApp, from: DateTime<Utc>) -> Vec<Uuid> {
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let mut ids = Vec::new();
    for seconds in [-9000, -8000, -7000, 0, 60, 120, 180, 240] {
        let id = id(from + TimeDelta::seconds(seconds));
        kiosk.post("/v1/responses", &response(id, 2)).await.expect(201);
        ids.push(id);
    }
    judged(app).await;
    ids
}

async fn event(app: &TestApp, body: Value) {
    let national = app.admin(None).await;
    let body = with(body, "/id", json!(Uuid::from_u128(rand::random())));
    national.post("/v1/agency-events", &with(body, "/basis", json!("NQ 1 (mẫu)"))).await.expect(201);
}

async fn dossiers(app: &TestApp, count: u64) {
    let system = app.system(Some("H56")).await;
    let report = json!({"count": count, "source": "x"});
    system.put("/v1/agencies/H56.C4/dossier-counts/2026-Q2", &report).await.expect(200);
}

#[tokio::test]
async fn a_release_is_reproduced_bit_for_bit_a_year_later() {
    let office = Office::open(&BURST).await;
    let app = &office.app;
    let ids = burst(app, app.now - TimeDelta::hours(20)).await;
    // One is flagged and lifted, one is void, before the figures are made.
    lift(app, ids[3]).await;
    void(app, ids[0]).await;
    dossiers(app, 500).await;
    let sealed = office.seal(&contents()).await;
    let package = app.anonymous().get("/v1/releases/H56_2026-Q2/1/package").await.bytes;
    let live = |app: &TestApp, query: &str| {
        let (client, query) = (app.anonymous(), format!("survey=demo-service&{query}"));
        async move { client.index("H56", &query).await }
    };
    let year = live(app, "period=2026").await["whole"].clone();
    let figures = app.anonymous().get("/v1/releases/H56_2026-Q2/1").await.json()["figures"].clone();
    assert_eq!(figures["contents"][2]["figures"][0]["whole"], year);
    let of_c4 = &figures["contents"][0]["figures"][4];
    assert_eq!((&of_c4["agency"]["code"], &of_c4["dossiers"]), (&json!("H56.C4"), &json!(500)));
    let at_once = again(app).await;
    assert_eq!((at_once.is_complete(), at_once.same.len()), (true, 7), "{at_once:?}");

    // Late data of the same days, more flags by it, and a year later: the tree of then is told otherwise, a new version, a
    // void, a flag lifted and one set again, and the numbers of dossiers corrected.
    citizens::post(app, &alike("H56.C3", "2026-06-20", &[(1, 25)])).await;
    burst(app, app.now - TimeDelta::hours(20) + TimeDelta::seconds(30)).await;
    let later = TestApp::on(app.database_url.clone(), LATER, &BURST).await;
    let merge = json!({"kind": "merge", "effective_on": "2026-02-01", "predecessors": ["H56.C3"], "successor": "H56.C2"});
    event(&later, merge).await;
    event(
        &later,
        json!({"kind": "rename", "effective_on": "2026-01-10", "agency": "H56.C1", "name": "Phường Khác"}),
    )
    .await;
    event(
        &later,
        json!({"kind": "move", "effective_on": "2026-03-01", "agency": "H56.C4", "parent": "H56.C2"}),
    )
    .await;
    let open = json!({"code": "H56.C9", "level": "commune", "name": "Xã Mới", "parent": "H56"});
    event(&later, json!({"kind": "open", "effective_on": "2026-03-01", "open": open})).await;
    new_version(&app.database_url).await;
    void(&later, ids[1]).await;
    lift(&later, ids[4]).await;
    dossiers(&later, 400).await;
    let changed = live(&later, "period=2026").await["whole"].clone();
    assert_ne!(changed["n"], year["n"], "the live figure moves on");

    let found = again(app).await;
    assert_eq!(found.differences, Vec::<String>::new());
    assert!(
        found.is_complete() && found.same == at_once.same && found.responses == at_once.responses,
        "{found:?}"
    );
    let output = program(&office);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.success(), &printed["reproduced"]), (true, &json!(true)), "{printed}");
    let kept = later.anonymous().get("/v1/releases/H56_2026-Q2/1/package").await.bytes;
    assert!(kept == package, "a release is as it was sealed");
    assert_eq!(
        later.anonymous().get(&path(&sealed, "")).await.json()["package_sha256"],
        sealed["package_sha256"]
    );

    // One answer changed in the database, past every guard: the figures made again are others.
    let sql = app.sql().await;
    let change = format!(
        "SET session_replication_role = replica; UPDATE responses SET answers = set_byte(answers, 0, 5) WHERE id = '{}'; \
         SET session_replication_role = origin",
        ids[2]
    );
    sql.batch_execute(&change).await.unwrap();
    let found = again(app).await;
    assert!(found.differences.iter().any(|what| what.starts_with("figures.json differs")), "{found:?}");
    assert!(!program(&office).status.success());
}

#[tokio::test]
async fn months_that_were_dropped_are_said_and_the_release_stays() {
    let office = Office::open(&[]).await;
    office.seal(&quarter()).await;
    let package = office.app.anonymous().get("/v1/releases/H56_2026-Q2/1/package").await.bytes;
    assert!(again(&office.app).await.is_complete());
    let db = Db::new(&office.app.database_url, 2).unwrap();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 7, 15).unwrap();
    partitions::retire(&db, today, office.app.now, 1).await.unwrap();
    assert!(partitions::drop_old(&db, office.app.now).await.unwrap() >= 1);
    let found = again(&office.app).await;
    assert_eq!(found.differences, Vec::<String>::new(), "what cannot be made again is not said to differ");
    let lost: Vec<String> = found.lost_months.iter().map(ToString::to_string).collect();
    assert_eq!(lost, ["2026-05-01"]);
    assert!(!found.is_complete());
    let output = program(&office);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("dropped"));
    assert!(office.app.anonymous().get("/v1/releases/H56_2026-Q2/1/package").await.bytes == package);
}
