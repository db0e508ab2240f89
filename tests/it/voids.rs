//! Void responses leave every figure exactly, by two people, and stay visible.

use crate::support::samples::{id, response, with};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sipas::service::verification::verify;
use sipas::store::Db;
use uuid::Uuid;

const YEAR: &str = "survey=demo-service&period=2026";

/// The tallies are what a recount gives; says how many responses are stored.
pub async fn verified(app: &TestApp) -> u64 {
    let found = verify(&Db::new(&app.database_url, 1).unwrap(), false).await.unwrap();
    assert_eq!(found.differences, Vec::<String>::new());
    found.responses
}

/// Posts so many at half an hour each, good and bad in turn; gives their ids in order.
async fn post(app: &TestApp, kiosk: &Client, count: i64) -> Vec<(Uuid, Value)> {
    let mut posted = Vec::new();
    for place in 0..count {
        let id = id(app.now - TimeDelta::minutes(30 * place));
        let level = if place % 2 == 0 { 5 } else { 1 };
        let channel = if place == 0 { "tablet" } else { "kiosk" };
        let body = with(response(id, level), "/channel", json!(channel));
        kiosk.post("/v1/responses", &body).await.expect(201);
        posted.push((id, body));
    }
    posted
}

fn path(id: Uuid, what: &str) -> String {
    format!("/v1/responses/{id}/void{what}")
}

async fn n(client: &Client, query: &str) -> Value {
    client.index("H56.C1", query).await["whole"]["n"].clone()
}

#[tokio::test]
async fn a_void_needs_two_people_and_leaves_every_figure() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let posted = post(&app, &kiosk, 12).await;
    let (own, province) = (app.admin(Some("H56.C1")).await, app.admin(Some("H56")).await);
    let (other, national) = (app.admin(Some("H21")).await, app.admin(None).await);
    let (void, body) = &posted[0];
    let reason = json!({"reason": "Thử máy"});

    assert_eq!(own.post(&path(*void, "/confirm"), &json!({})).await.problem(), "not_above");
    assert_eq!(province.post(&path(*void, "/confirm"), &json!({})).await.problem(), "void_not_found");
    let asked = own.post(&path(*void, ""), &reason).await.expect(201).json();
    assert_eq!((&asked["state"], &asked["replayed"]), (&json!("pending"), &json!(false)));
    assert_eq!(own.post(&path(*void, ""), &reason).await.expect(200).json()["replayed"], true);
    assert_eq!(own.post(&path(*void, ""), &json!({"reason": "x"})).await.problem(), "void_conflict");
    assert_eq!(n(&own, YEAR).await, 12, "nothing changes before it is confirmed");

    // Neither another credential of the office, nor one elsewhere, nor another kind.
    let twin = app.admin(Some("H56.C1")).await;
    assert_eq!(twin.post(&path(*void, "/confirm"), &json!({})).await.expect(403).problem(), "not_above");
    assert_eq!(other.post(&path(*void, "/confirm"), &json!({})).await.problem(), "response_not_found");
    assert_eq!(other.post(&path(*void, ""), &reason).await.problem(), "response_not_found");
    let system = app.system(None).await;
    assert_eq!(system.post(&path(*void, "/confirm"), &json!({})).await.problem(), "not_permitted");
    assert_eq!(kiosk.post(&path(*void, ""), &reason).await.problem(), "not_permitted");

    // Nor one made after somebody asked, who may have made it.
    let tomorrow = TestApp::on(app.database_url.clone(), "2026-07-16T10:00:00+07:00", &[]).await;
    let made_for_it = tomorrow.admin(Some("H56")).await;
    let refused = made_for_it.post(&path(*void, "/confirm"), &json!({})).await.expect(403);
    assert_eq!(refused.problem(), "second_person_needed");

    let etag = own.get(&format!("/v1/agencies/H56.C1/index?{YEAR}")).await.header("etag").to_owned();
    let confirmed = province.post(&path(*void, "/confirm"), &json!({})).await.expect(200).json();
    assert_eq!((&confirmed["state"], &confirmed["replayed"]), (&json!("confirmed"), &json!(false)));
    assert_eq!(n(&own, YEAR).await, 11);
    assert_eq!(n(&own, "survey=demo-service&period=2026-07-15").await, 11);
    assert_eq!(n(&app.anonymous(), YEAR).await, 11);
    let now = own.get(&format!("/v1/agencies/H56.C1/index?{YEAR}")).await;
    assert_ne!(now.header("etag"), etag);
    let index = now.json();
    assert_eq!(index["elements"][0]["criteria"][0]["levels"][4]["count"], 5);
    assert_eq!(index["elements"][0]["criteria"][0]["levels"][0]["count"], 6);
    for above in ["H56", "VN"] {
        assert_eq!(national.index(above, YEAR).await["whole"]["n"], 11, "{above}");
    }
    // Nobody answered at a tablet any more: it is no slice.
    let by = own.get(&format!("/v1/agencies/H56.C1/index/breakdown?{YEAR}&by=channel")).await.json();
    let slices: Vec<_> = by["slices"].as_array().unwrap().iter().map(|slice| &slice["value_code"]).collect();
    assert_eq!(slices, ["kiosk"]);

    // The kiosk that repeats it is told that it is held, and it is not counted again.
    assert_eq!(kiosk.post("/v1/responses", body).await.expect(200).json()["replayed"], true);
    assert_eq!(n(&own, YEAR).await, 11);
    let feed = own.get("/v1/responses?limit=1000").await.expect(200).json();
    let seen = feed["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(void)).unwrap();
    assert_eq!((&seen["standing"], &seen["void_reason"]), (&json!("void"), &json!("Thử máy")));
    let voids = own.get("/v1/voids?state=confirmed").await.expect(200).json();
    assert_eq!(voids["items"][0]["response_id"], json!(void));
    assert_eq!(other.get("/v1/voids").await.expect(200).json()["items"], json!([]));
    assert_eq!(verified(&app).await, 12);

    assert_eq!(
        national.post(&path(*void, "/confirm"), &json!({})).await.expect(200).json()["replayed"],
        true
    );
    assert_eq!(national.post(&path(*void, "/refuse"), &json!({})).await.problem(), "void_conflict");
    assert_eq!(national.post(&path(*void, ""), &reason).await.problem(), "void_conflict");

    // Refused: it goes on counting, and may be asked for anew.
    let (kept, _) = &posted[1];
    province.post(&path(*kept, ""), &reason).await.expect(201);
    assert_eq!(province.post(&path(*kept, "/refuse"), &json!({})).await.problem(), "second_person_needed");
    national.post(&path(*kept, "/refuse"), &json!({})).await.expect(200);
    assert_eq!(n(&own, YEAR).await, 11);
    province.post(&path(*kept, ""), &reason).await.expect(201);
    let actions: Vec<String> = app
        .sql()
        .await
        .query("SELECT action FROM audit_entries WHERE action LIKE 'void%' ORDER BY seq", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(
        actions,
        ["void_requested", "void_confirmed", "void_requested", "void_refused", "void_requested"]
    );
}

#[tokio::test]
async fn those_who_confirm_at_once_take_it_out_once_also_before_it_is_folded() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let national = app.admin(None).await;
    let seconds = [app.admin(None).await, app.admin(Some("H56")).await, app.admin(None).await];
    // More often than PostgreSQL plans a statement anew.
    for round in 0..8_u64 {
        let posted = post(&app, &kiosk, 1).await;
        let (void, _) = &posted[0];
        national.post(&path(*void, ""), &json!({"reason": "x"})).await.expect(201);
        let confirm = |client: &Client| {
            let client = client.clone();
            let path = path(*void, "/confirm");
            async move { client.post(&path, &json!({})).await.expect(200).json()["replayed"].clone() }
        };
        let told = futures_util::future::join_all(seconds.iter().map(confirm)).await;
        assert_eq!(told.iter().filter(|replayed| **replayed == false).count(), 1, "{told:?}");
        assert_eq!(n(&national, YEAR).await, 0);
        assert_eq!(verified(&app).await, round + 1);
    }
    let left = "SELECT count(*) FROM tallies";
    assert_eq!(app.sql().await.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0, "no rows of nobody");
}

#[tokio::test]
async fn requests_expire_and_dropped_months_are_refused() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let posted = post(&app, &kiosk, 2).await;
    let reason = json!({"reason": "x"});
    app.admin(None).await.post(&path(posted[0].0, ""), &reason).await.expect(201);
    let late = TestApp::on(app.database_url.clone(), "2026-07-30T10:00:00+07:00", &[]).await;
    let (first, second) = (late.admin(None).await, late.admin(None).await);
    assert_eq!(second.post(&path(posted[0].0, "/confirm"), &json!({})).await.problem(), "void_not_found");
    assert_eq!(first.get("/v1/voids").await.json()["items"][0]["state"], "expired");
    assert_eq!(first.get("/v1/voids?state=pending").await.json()["items"], json!([]));
    first.post(&path(posted[0].0, ""), &reason).await.expect(201);
    app.sql().await.execute("UPDATE installation SET kept_from = '2026-08-01'", &[]).await.unwrap();
    for (id, what) in [(posted[1].0, ""), (posted[0].0, "/confirm")] {
        let refused = second.post(&path(id, what), &reason).await.expect(422);
        assert_eq!(refused.faults(), [("id".to_owned(), "month_dropped".to_owned())]);
    }
    assert_eq!(n(&second, YEAR).await, 2);
}

#[tokio::test]
async fn what_is_sent_is_checked() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let nobody = path(id(app.now), "");
    let check = async |body: Value| admin.post(&nobody, &body).await.expect(422).faults();
    assert_eq!(check(json!({})).await, [("/reason".to_owned(), "missing_field".to_owned())]);
    assert_eq!(check(json!({"reason": " "})).await, [("/reason".to_owned(), "missing_field".to_owned())]);
    let two = check(json!({"reason": "x".repeat(501), "answers": {}})).await;
    assert_eq!(
        two,
        crate::support::clients::faults(&[("/reason", "too_long"), ("/answers", "unknown_field")])
    );
    for unknown in [nobody.clone(), "/v1/responses/none/void".into(), path(Uuid::nil(), "/confirm")] {
        let problem = admin.post(&unknown, &json!({"reason": "x"})).await;
        assert_eq!(problem.expect(404).problem(), "response_not_found");
    }
    assert_eq!(app.anonymous().post(&nobody, &json!({"reason": "x"})).await.problem(), "token_missing");
    assert_eq!(
        admin.get("/v1/voids?state=x&limit=0").await.expect(422).faults(),
        crate::support::clients::faults(&[("state", "not_allowed"), ("limit", "out_of_range")])
    );
}
