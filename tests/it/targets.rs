//! Targets: set, changed, ended, inherited, and held against figures.

use crate::support::citizens::{alike, percent, post, records, wilson};
use crate::support::clients::faults;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

const SUBJECT: &str = "demo-service:satisfied-share";

fn path(agency: &str, period: &str) -> String {
    format!("/v1/agencies/{agency}/targets/{SUBJECT}/{period}")
}

async fn set(client: &Client, agency: &str, period: &str, at_least: f64) -> Value {
    client.put(&path(agency, period), &json!({"at_least": at_least})).await.expect(200).json()
}

async fn held(client: &Client, agency: &str, query: &str) -> Value {
    client.get(&format!("/v1/agencies/{agency}/targets?period={query}")).await.expect(200).json()
}

/// At least what, set for whom and when; nothing if no target holds.
async fn source(client: &Client, agency: &str, query: &str) -> Option<(f64, String, String)> {
    let list = held(client, agency, query).await;
    let items = list["items"].as_array().unwrap();
    assert!(items.len() < 2);
    let item = items.first()?;
    let code = item["set_for"]["code"].as_str().unwrap();
    assert_eq!(item["inherited"], code != agency);
    let period = item["target"]["period"].as_str().unwrap();
    Some((item["target"]["at_least"].as_f64().unwrap(), code.to_owned(), period.to_owned()))
}

fn some(at_least: f64, agency: &str, period: &str) -> Option<(f64, String, String)> {
    Some((at_least, agency.to_owned(), period.to_owned()))
}

#[tokio::test]
async fn a_target_is_set_changed_and_ended_and_nothing_of_it_is_lost() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let first = set(&admin, "H56", "2026", 90.0).await;
    assert_eq!((&first["subject"], &first["at_least"]), (&json!(SUBJECT), &json!(90.0)));
    assert_eq!((&first["replaces"], &first["replayed"]), (&Value::Null, &json!(false)));
    assert_eq!(set(&admin, "H56", "2026", 90.0).await["replayed"], true);
    let change = json!({"at_least": 87.25, "basis": " Kế hoạch 12/KH-UBND "});
    let changed = admin.put(&path("H56", "2026"), &change).await.expect(200).json();
    assert_eq!((&changed["replaces"], &changed["basis"]), (&first["seq"], &json!("Kế hoạch 12/KH-UBND")));
    assert_eq!(source(&app.anonymous(), "H56", "2026").await, some(87.25, "H56", "2026"));
    let end = format!("{}/end", path("H56", "2026"));
    let ended = admin.post(&end, &json!({})).await.expect(200).json();
    assert_eq!((&ended["at_least"], &ended["set_at"]), (&Value::Null, &Value::Null));
    assert_eq!(ended["ended_at"], "2026-07-15T03:00:00.000000Z");
    assert_eq!(admin.post(&end, &json!({})).await.expect(200).json()["replayed"], true);
    assert_eq!(source(&app.anonymous(), "H56", "2026").await, None);
    set(&admin, "H56", "2026", 91.0).await;

    let history = app.anonymous().get(&path("H56", "2026")).await.expect(200).json();
    let said: Vec<Value> =
        history["items"].as_array().unwrap().iter().map(|item| item["at_least"].clone()).collect();
    assert_eq!(said, [json!(90.0), json!(87.25), Value::Null, json!(91.0)]);
    assert!(!history.to_string().contains("client"), "who set it is no public matter");
    for change in ["UPDATE targets SET at_least = 1", "DELETE FROM targets", "TRUNCATE targets"] {
        assert!(app.sql().await.batch_execute(change).await.is_err(), "{change}");
    }
    let missing = admin.post(&format!("{}/end", path("H56", "2025")), &json!({})).await.expect(404);
    assert_eq!(missing.problem(), "target_not_found");
    assert_eq!(app.anonymous().get(&path("H56", "2025")).await.expect(404).problem(), "target_not_found");
}

#[tokio::test]
async fn of_changes_at_the_same_moment_none_is_lost_and_the_chain_does_not_fork() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let changes = (1..=12).map(|n| {
        let admin = admin.clone();
        async move { admin.put(&path("H56", "2026"), &json!({"at_least": 80 + n % 12})).await }
    });
    let replies = futures_util::future::join_all(changes).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert!(replies.iter().all(|reply| reply.status == 200 || reply.problem() == "target_conflict"));
    let items = admin.get(&path("H56", "2026")).await.expect(200).json()["items"].clone();
    let items = items.as_array().unwrap();
    assert_eq!((items.len(), done > 0), (done, true));
    for two in items.windows(2) {
        assert_eq!(two[1]["replaces"], two[0]["seq"]);
    }
    assert_eq!(held(&admin, "H56", "2026").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_fault_of_a_target_is_told_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let put = async |subject: &str, period: &str, body: Value| {
        let path = format!("/v1/agencies/H56/targets/{subject}/{period}");
        admin.put(&path, &body).await.expect(422).faults()
    };
    let found =
        put("X", "2026-W31", json!({"at_least": "90", "rank_at_most": 0, "basis": "\u{1}", "x": 1})).await;
    let expected = [
        ("subject", "bad_format"),
        ("period", "bad_format"),
        ("/at_least", "wrong_type"),
        ("/rank_at_most", "out_of_range"),
        ("/basis", "forbidden_character"),
        ("/x", "unknown_field"),
    ];
    assert_eq!(found, faults(&expected));
    let body = json!({"at_least": 90});
    assert_eq!(
        put("none:satisfied-share", "2026", body.clone()).await,
        faults(&[("subject", "unknown_survey")])
    );
    let other = put("demo-service:desk-points", "2026", body.clone()).await;
    assert_eq!(other, faults(&[("subject", "formula_does_not_fit")]));
    for (body, expected) in [
        (json!({}), vec![("/at_least", "missing_field")]),
        (json!({"at_least": 100.01}), vec![("/at_least", "out_of_range")]),
        (json!({"at_least": 90.125}), vec![("/at_least", "two_decimals")]),
        (json!({"at_least": 90.123_45}), vec![("/at_least", "bad_format")]),
        (json!({"at_least": 90, "rank_at_most": 3}), vec![("/rank_at_most", "unknown_field")]),
    ] {
        assert_eq!(put(SUBJECT, "2026", body.clone()).await, faults(&expected), "{body}");
    }
    let low = put("demo-service:mean-normalised", "2026", json!({"at_least": 19.99})).await;
    assert_eq!(low, faults(&[("/at_least", "out_of_range")]));
    let list = async |query: &str| {
        app.anonymous().get(&format!("/v1/agencies/H56/targets?{query}")).await.expect(422).faults()
    };
    assert_eq!(list("x=1").await, faults(&[("period", "missing_field"), ("x", "unknown_field")]));
    assert_eq!(
        list("period=2026-W31&as_of=x&confidence=80").await,
        faults(&[("period", "bad_format"), ("as_of", "bad_format"), ("confidence", "not_allowed")])
    );
    assert_eq!(
        app.anonymous().get("/v1/agencies/H98/targets?period=2026").await.expect(404).problem(),
        "agency_not_found"
    );
}

#[tokio::test]
async fn an_administrator_sets_targets_in_the_own_subtree_alone() {
    let app = TestApp::start().await;
    let body = json!({"at_least": 90});
    let problem = async |client: Client, agency: &str, status: u16| {
        client.put(&path(agency, "2026"), &body).await.expect(status).problem()
    };
    assert_eq!(problem(app.anonymous(), "H56.C1", 401).await, "token_missing");
    assert_eq!(problem(app.system(None).await, "H56.C1", 403).await, "not_permitted");
    assert_eq!(problem(app.device("H56.C1", "MC-H56-C1").await, "H56.C1", 403).await, "not_permitted");
    let own = app.admin(Some("H56.C1")).await;
    for agency in ["H56", "H56.C2", "H21", "H98"] {
        assert_eq!(problem(own.clone(), agency, 404).await, "agency_not_found", "{agency}");
    }
    set(&own, "H56.C1", "2026", 90.0).await;
    set(&own, "H56.C1.X1", "2026", 80.0).await;
}

#[tokio::test]
async fn who_has_none_follows_the_nearest_above_by_the_tree_of_the_day() {
    let app = TestApp::start().await;
    let (admin, public) = (app.admin(None).await, app.anonymous());
    set(&admin, "H56", "2026", 90.0).await;
    set(&admin, "H56", "2026-Q3", 85.0).await;
    set(&admin, "H21", "2026", 70.0).await;
    assert_eq!(source(&public, "H56.C1.X1", "2026").await, some(90.0, "H56", "2026"));
    // The period itself first, else the one that contains it.
    assert_eq!(source(&public, "H56.C1", "2026-07").await, some(85.0, "H56", "2026-Q3"));
    assert_eq!(source(&public, "H56.C1", "2026-06").await, some(90.0, "H56", "2026"));
    assert_eq!(source(&public, "H56.C1", "2025").await, None);
    // The own target of the year comes before the quarter's of another.
    set(&admin, "H56.C1", "2026", 88.0).await;
    assert_eq!(source(&public, "H56.C1", "2026-Q3").await, some(88.0, "H56.C1", "2026"));
    assert_eq!(source(&public, "H56.C1.X1", "2026-Q3").await, some(88.0, "H56.C1", "2026"));
    admin.post(&format!("{}/end", path("H56.C1", "2026")), &json!({})).await.expect(200);
    assert_eq!(source(&public, "H56.C1.X1", "2026-Q3").await, some(85.0, "H56", "2026-Q3"));
    // Moved: from then on it follows the new one above, before that the old.
    let event = json!({
        "id": Uuid::from_u128(rand::random()), "kind": "move", "effective_on": "2026-07-10", "basis": "NQ 1 (mẫu)",
        "agency": "H56.C2", "parent": "H21",
    });
    admin.post("/v1/agency-events", &event).await.expect(201);
    assert_eq!(source(&public, "H56.C2", "2026").await, some(70.0, "H21", "2026"));
    assert_eq!(source(&public, "H56.C2", "2026&as_of=2026-07-09").await, some(90.0, "H56", "2026"));
    assert_eq!(source(&public, "H56.C2", "2026-06&as_of=then").await, some(90.0, "H56", "2026"));
    assert_eq!(source(&public, "H56.C2", "2026&as_of=2026-07-10").await, some(70.0, "H21", "2026"));
    // What is no more has none today.
    let gone = public.get("/v1/agencies/H90/targets?period=2026").await.expect(422);
    assert_eq!(gone.faults(), faults(&[("as_of", "not_in_tree")]));
    held(&public, "H90", "2026-06&as_of=then").await;
}

#[tokio::test]
async fn a_target_is_met_missed_or_neither_by_the_interval() {
    let app = TestApp::start().await;
    let (admin, public) = (app.admin(None).await, app.anonymous());
    let mut people = alike("H56.C1", "2026-05-05", &[(5, 15), (2, 5)]);
    people.extend(alike("H21.C3", "2026-05-06", &[(5, 4)]));
    post(&app, &people).await;
    set(&admin, "H21", "2026", 50.0).await;
    let (low, high) = wilson(15, 20, 1.959_963_984_540_054);
    let [low, high] = [low, high].map(percent);
    for (at_least, state) in [
        (low, "met"),
        (low + 0.01, "not_distinguishable"),
        (75.0, "not_distinguishable"),
        (high, "not_distinguishable"),
        (high + 0.01, "missed"),
    ] {
        let at_least = (at_least * 100.0).round() / 100.0;
        set(&admin, "H56", "2026", at_least).await;
        let list = held(&public, "H56.C1", "2026-05").await;
        let item = &list["items"][0];
        assert_eq!((&item["state"], &item["target"]["at_least"]), (&json!(state), &json!(at_least)));
        let distance = (75.0 * 100.0 - at_least * 100.0).round() / 100.0;
        assert_eq!(item["distance"], distance);
        let index = public.index("H56.C1", "survey=demo-service&period=2026-05").await;
        assert_eq!(item["figure"]["whole"], index["whole"], "as the index tells it");
        assert_eq!(
            (&item["kind"], &item["unit"], &item["index"]),
            (&json!("figure"), &json!("percent"), &Value::Null)
        );
    }
    for (agency, state) in [("H21.C3", "suppressed"), ("H56.C4", "no_value")] {
        let list = held(&public, agency, "2026-05").await;
        let item = &list["items"][0];
        assert_eq!((&item["state"], &item["distance"]), (&json!(state), &Value::Null), "{agency}");
    }
    let seen = held(&admin, "H21.C3", "2026-05").await["items"][0].clone();
    assert_eq!((&seen["figure"]["whole"]["value"], &seen["figure"]["min_n"]), (&json!(100.0), &json!(0)));

    let list = held(&public, "H56.C1", "2026-05").await["items"][0].clone();
    let csv = public.get("/v1/agencies/H56.C1/targets?period=2026-05&format=csv").await.expect(200).text;
    let rows = records(&csv);
    assert_eq!(rows.len(), 1);
    let number = |name: &str| rows[0][name].parse::<f64>().unwrap();
    assert_eq!((&*rows[0]["subject"], &*rows[0]["set_for"], &*rows[0]["state"]), (SUBJECT, "H56", "missed"));
    assert_eq!(
        (json!(number("distance")), json!(number("at_least"))),
        (list["distance"].clone(), list["target"]["at_least"].clone())
    );
    assert_eq!((number("value"), number("low"), number("high"), number("n")), (75.0, low, high, 20.0));
    let xlsx = public.get("/v1/agencies/H56.C1/targets?period=2026-05&format=xlsx").await.expect(200);
    assert!(xlsx.text.starts_with("PK"));
}

#[tokio::test]
async fn what_others_publish_is_held_against_value_and_rank() {
    let app = TestApp::start().await;
    let (admin, public) = (app.admin(None).await, app.anonymous());
    let put = async |subject: &str, period: &str, body: Value| {
        admin.put(&format!("/v1/agencies/H56/targets/{subject}/{period}"), &body).await
    };
    let refused = async |subject: &str, period: &str, body: Value| {
        put(subject, period, body).await.expect(422).faults()
    };
    assert_eq!(
        refused("none", "2025", json!({"at_least": 1})).await,
        faults(&[("subject", "unknown_measure")])
    );
    assert_eq!(refused("par", "2025-Q1", json!({"at_least": 1})).await, faults(&[("period", "bad_format")]));
    assert_eq!(refused("par", "2025", json!({})).await, faults(&[("/at_least", "missing_field")]));
    assert_eq!(
        refused("sipas", "2025", json!({"at_least": 100.5})).await,
        faults(&[("/at_least", "value_off_scale")])
    );
    put("sipas", "2025", json!({"at_least": 90, "rank_at_most": 20})).await.expect(200);
    put("papi", "2025", json!({"rank_at_most": 10})).await.expect(200);
    let items = held(&public, "H56", "2025-Q3").await["items"].clone();
    assert_eq!(
        (&items[0]["target"]["subject"], &items[1]["target"]["subject"]),
        (&json!("papi"), &json!("sipas"))
    );
    assert_eq!(
        (&items[1]["state"], &items[1]["index"], &items[1]["kind"]),
        (&json!("no_value"), &Value::Null, &json!("index"))
    );
    let enter = async |measure: &str, mut value: Value| {
        value["source"] = json!({"title": "x"});
        value["mark"] = json!("verified");
        admin.put(&format!("/v1/agencies/H56/measures/{measure}/2025"), &value).await.expect(200);
    };
    enter("sipas", json!({"value": 89.5, "rank": 12, "out_of": 34})).await;
    enter("papi", json!({"rank": 10, "out_of": 34})).await;
    let items = held(&public, "H56", "2025").await["items"].clone();
    assert_eq!(
        (&items[0]["state"], &items[0]["places"], &items[0]["distance"]),
        (&json!("met"), &json!(0), &Value::Null)
    );
    let sipas = &items[1];
    assert_eq!(
        (&sipas["state"], &sipas["places"], &sipas["distance"]),
        (&json!("missed"), &json!(8), &json!(-0.5))
    );
    assert_eq!(sipas["index"], json!({"value": 89.5, "rank": 12, "out_of": 34, "mark": "verified"}));
    // A commune inherits the target, and nothing was published about it.
    let items = held(&public, "H56.C1", "2025").await["items"].clone();
    assert_eq!((&items[1]["inherited"], &items[1]["state"]), (&json!(true), &json!("no_value")));
}
