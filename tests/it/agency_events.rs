//! What becomes of agencies: every kind of event, every reason to refuse one.

mod refusals;

use crate::support::clients::faults;
use crate::support::samples::{id, response, with, without};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

/// An event of 2026-07-10, five days before the tests' today.
fn event(kind: &str, fields: Value) -> Value {
    let mut event = json!({ "id": Uuid::from_u128(rand::random()), "kind": kind, "effective_on": "2026-07-10", "basis": "NQ 1 (mẫu)" });
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

fn opening(code: &str, parent: &str) -> Value {
    json!({ "code": code, "level": "commune", "name": "Xã Mới", "parent": parent })
}

async fn agency(client: &Client, code: &str) -> Value {
    client.get(&format!("/v1/agencies/{code}")).await.expect(200).json()
}

async fn children(client: &Client, parent: &str, day: &str) -> Vec<String> {
    let page = client.get(&format!("/v1/agencies?parent={parent}&valid_on={day}")).await.expect(200).json();
    let items = page["items"].as_array().unwrap();
    items.iter().map(|agency| agency["code"].as_str().unwrap().to_owned()).collect()
}

/// What an event did, as "role agency".
fn deeds(reply: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parties = reply["agencies"].as_array().unwrap().iter();
    parties.map(|party| format!("{} {}", text(&party["role"]), text(&party["agency"]))).collect()
}

#[tokio::test]
async fn an_agency_is_opened_renamed_recoded_moved_and_closed() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let mut open = opening("H56.C9", "H56");
    open["unit_code"] = "14797".into();
    let reply =
        admin.post("/v1/agency-events", &event("open", json!({ "open": open }))).await.expect(201).json();
    assert_eq!((&reply["replayed"], deeds(&reply)), (&false.into(), vec!["opened H56.C9".to_owned()]));
    let born = agency(&admin, "H56.C9").await;
    assert_eq!((&born["valid_from"], &born["unit_code"]), (&"2026-07-10".into(), &"14797".into()));
    assert_eq!((&born["parent"], &born["sample"]), (&"H56".into(), &false.into()));
    assert!(children(&admin, "H56", "2026-07-10").await.contains(&"H56.C9".into()));
    assert!(!children(&admin, "H56", "2026-07-09").await.contains(&"H56.C9".into()));

    let on = |day: &str, kind: &str, fields: Value| with(event(kind, fields), "/effective_on", json!(day));
    let rename = on("2026-07-11", "rename", json!({ "agency": "H56.C9", "name": "Phường Mới" }));
    let reply = admin.post("/v1/agency-events", &rename).await.expect(201).json();
    assert_eq!(deeds(&reply), ["changed H56.C9"]);
    let recode = on("2026-07-12", "recode", json!({ "agency": "H56.C9", "unit_code": "14800" }));
    admin.post("/v1/agency-events", &recode).await.expect(201);
    let relocate = on("2026-07-13", "move", json!({ "agency": "H56.C9", "parent": "H56.C2" }));
    admin.post("/v1/agency-events", &relocate).await.expect(201);
    let named = admin.get("/v1/agencies?q=xa%20moi&valid_on=2026-07-10").await.expect(200).json();
    assert_eq!(named["items"][0]["code"], "H56.C9");
    assert_eq!(admin.get("/v1/agencies?q=xa%20moi").await.expect(200).json()["items"], json!([]));
    assert_eq!(children(&admin, "H56.C2", "2026-07-13").await, ["H56.C9"]);
    assert!(children(&admin, "H56.C2", "2026-07-12").await.is_empty());
    let close = on("2026-07-14", "close", json!({ "agency": "H56.C9" }));
    let reply = admin.post("/v1/agency-events", &close).await.expect(201).json();
    assert_eq!(deeds(&reply), ["ended H56.C9"]);
    let past = agency(&admin, "H56.C9").await;
    assert_eq!((&past["valid_to"], &past["parent"]), (&"2026-07-14".into(), &"H56.C2".into()));
    assert_eq!(
        past["versions"],
        json!([
            { "valid_from": "2026-07-10", "name": "Xã Mới", "parent": "H56", "unit_code": "14797" },
            { "valid_from": "2026-07-11", "name": "Phường Mới", "parent": "H56", "unit_code": "14797" },
            { "valid_from": "2026-07-12", "name": "Phường Mới", "parent": "H56", "unit_code": "14800" },
            { "valid_from": "2026-07-13", "name": "Phường Mới", "parent": "H56.C2", "unit_code": "14800" },
        ])
    );

    let events = admin.get("/v1/agency-events?agency=H56.C9&limit=3").await.expect(200).json();
    let kinds = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().into()).collect()
    };
    assert_eq!(kinds(&events), ["open", "rename", "recode"]);
    assert!(events["items"][0]["recorded_by"].is_string());
    let cursor = events["next_cursor"].as_str().unwrap();
    let rest = admin
        .get(&format!("/v1/agency-events?agency=H56.C9&limit=3&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert_eq!((kinds(&rest), &rest["next_cursor"]), (vec!["move".into(), "close".into()], &Value::Null));
    let open_to_all = app.anonymous().get("/v1/agency-events?agency=H56.C9").await.expect(200).json();
    assert_eq!((kinds(&open_to_all).len(), &open_to_all["items"][0]["recorded_by"]), (5, &Value::Null));
    let other = admin.get(&format!("/v1/agency-events?limit=3&cursor={cursor}")).await.expect(400);
    assert_eq!(other.problem(), "invalid_cursor");
    let unknown = admin.get("/v1/agency-events?agency=H98").await.expect(422);
    assert_eq!(unknown.faults(), faults(&[("agency", "unknown_agency")]));
}

#[tokio::test]
async fn agencies_are_merged_into_one_that_is_there_or_begins() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let merge = event("merge", json!({ "predecessors": ["H56.C1", "H56.C3"], "successor": "H56.C2" }));
    let reply = admin.post("/v1/agency-events", &merge).await.expect(201).json();
    assert_eq!(
        deeds(&reply),
        [
            "ended H56.C1",
            "predecessor H56.C1",
            "changed H56.C1.X1",
            "successor H56.C2",
            "ended H56.C3",
            "predecessor H56.C3",
        ]
    );
    // What was below it moved along.
    assert_eq!(children(&admin, "H56.C2", "2026-07-10").await, ["H56.C1.X1"]);
    assert_eq!(children(&admin, "H56.C1", "2026-07-09").await, ["H56.C1.X1"]);
    let heir = agency(&admin, "H56.C2").await;
    let from = |code: &str| json!({ "agency": code, "effective_on": "2026-07-10", "share": "1" });
    assert_eq!(heir["predecessors"], json!([from("H56.C1"), from("H56.C3")]));

    let fields = json!({ "predecessors": ["H56.C2", "H56.C4"], "open": opening("H56.C7", "H56") });
    let merge = with(event("merge", fields), "/effective_on", json!("2026-07-12"));
    admin.post("/v1/agency-events", &merge).await.expect(201);
    let gone = agency(&admin, "H56.C2").await;
    let into = json!([{ "agency": "H56.C7", "effective_on": "2026-07-12", "share": "1" }]);
    assert_eq!((&gone["valid_to"], &gone["successors"]), (&"2026-07-12".into(), &into));
    assert_eq!(children(&admin, "H56", "2026-07-12").await, ["H56.C7", "H56.D1", "H56.D2"]);
    assert_eq!(children(&admin, "H56.C7", "2026-07-12").await, ["H56.C1.X1"]);
    // The heir's administrator is in charge of what was told to those before, and of nobody else.
    let heir = app.admin(Some("H56.C7")).await;
    let query = "survey=demo-service&period=2026&as_of=then";
    let minimum = async |client: &Client, code: &str| client.index(code, query).await["min_n"].clone();
    assert_eq!(minimum(&heir, "H56.C1").await, 0);
    assert_eq!(minimum(&heir, "H56.D1").await, 10);
}

#[tokio::test]
async fn an_agency_is_split_with_exact_shares() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let heirs = json!([
        { "agency": "H56.C3", "share": "1/3" },
        { "open": opening("H56.C8", "H56"), "share": "1/3" },
        { "agency": "H56.C4", "share": "2/6" },
    ]);
    let split = event("split", json!({ "agency": "H56.C2", "successors": heirs }));
    let reply = admin.post("/v1/agency-events", &split).await.expect(201).json();
    assert!(deeds(&reply).contains(&"ended H56.C2".into()));
    let gone = agency(&admin, "H56.C2").await;
    let part = |code: &str| json!({ "agency": code, "effective_on": "2026-07-10", "share": "1/3" });
    assert_eq!(gone["successors"], json!([part("H56.C3"), part("H56.C4"), part("H56.C8")]));

    let heirs =
        json!([{ "agency": "H56.C4", "share": "3/4" }, { "open": opening("H56.C6", "H56"), "share": "1/4" }]);
    let split = event("split", json!({ "agency": "H56.C4", "successors": heirs }));
    admin.post("/v1/agency-events", &split).await.expect(201);
    let stays = agency(&admin, "H56.C4").await;
    assert_eq!((&stays["valid_to"], stays["successors"].as_array().unwrap().len()), (&Value::Null, 2));
}

#[tokio::test]
async fn a_repeated_event_is_recorded_once() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let rename = event("rename", json!({ "agency": "H56.C1", "name": "Phường Mới" }));
    let first = admin.post("/v1/agency-events", &rename).await.expect(201).json();
    let again = admin.post("/v1/agency-events", &rename).await.expect(200).json();
    assert_eq!((&again["replayed"], &again["recorded_at"]), (&true.into(), &first["recorded_at"]));
    assert_eq!(agency(&admin, "H56.C1").await["versions"].as_array().unwrap().len(), 2);
    let other =
        admin.post("/v1/agency-events", &with(rename, "/name", json!("Phường Khác"))).await.expect(409);
    assert_eq!(other.problem(), "agency_event_conflict");
    let heirs =
        json!([{ "agency": "H56.C3", "share": "1/2" }, { "open": opening("H56.C8", "H56"), "share": "1/2" }]);
    let split = event("split", json!({ "agency": "H56.C2", "successors": heirs }));
    admin.post("/v1/agency-events", &split).await.expect(201);
    admin.post("/v1/agency-events", &split).await.expect(200);
}

#[tokio::test]
async fn events_of_an_agency_come_in_the_order_of_their_days() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let rename = event("rename", json!({ "agency": "H56.C1", "name": "Phường Mới" }));
    admin.post("/v1/agency-events", &rename).await.expect(201);
    for late in [
        event("close", json!({ "agency": "H56.C1.X1" })),
        event("rename", json!({ "agency": "H56.C1", "name": "x" })),
        event("merge", json!({ "predecessors": ["H56.C1"], "successor": "H56.C2" })),
        event("merge", json!({ "predecessors": ["H56.C2"], "successor": "H56.C1" })),
    ] {
        let before = with(late, "/effective_on", json!("2026-07-09"));
        let reply = admin.post("/v1/agency-events", &before).await;
        if before["agency"] == "H56.C1.X1" {
            // Nothing happened to this one.
            assert_eq!(reply.status, 201, "{}", reply.text);
            continue;
        }
        assert_eq!(reply.expect(409).problem(), "agency_event_out_of_order", "{before}");
    }
    let reply = admin
        .post(
            "/v1/agency-events",
            &with(event("close", json!({ "agency": "H56.C3" })), "/effective_on", json!("2025-07-01")),
        )
        .await;
    let reply = reply.expect(409).json();
    assert_eq!(
        reply["detail"], "H56.C3 was changed on 2025-07-01",
        "it would end before its first day is over"
    );
    // What is planned counts from its day on.
    let planned = with(event("close", json!({ "agency": "H56.C1" })), "/effective_on", json!("2026-08-01"));
    admin.post("/v1/agency-events", &planned).await.expect(201);
    assert!(children(&admin, "H56", "2026-07-31").await.contains(&"H56.C1".into()));
    assert!(!children(&admin, "H56", "2026-08-01").await.contains(&"H56.C1".into()));
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let later = TestApp::on(app.database_url.clone(), "2026-08-01T10:00:00+07:00", &[]).await;
    let kiosk = later.device("H56.C1", "MC-H56-C1").await;
    let refused = kiosk.post("/v1/responses", &response(id(later.now), 4)).await.expect(422);
    assert_eq!(refused.faults(), faults(&[("/rated_agency", "agency_not_valid")]));
    kiosk.post("/v1/responses", &response(id(app.now), 5)).await.expect(201);
}

#[tokio::test]
async fn an_end_that_is_planned_leaves_nothing_below_it() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let close = with(event("close", json!({ "agency": "H56.C2" })), "/effective_on", json!("2026-09-01"));
    admin.post("/v1/agency-events", &close).await.expect(201);
    for (body, expected) in [
        (
            event("open", json!({ "open": opening("H56.C2.X", "H56.C2") })),
            ("/open/parent", "agency_not_there"),
        ),
        (event("move", json!({ "agency": "H56.C3", "parent": "H56.C2" })), ("/parent", "agency_not_there")),
        (
            event("merge", json!({ "predecessors": ["H56.C3"], "successor": "H56.C2" })),
            ("/successor", "agency_ends"),
        ),
    ] {
        let reply = admin.post("/v1/agency-events", &body).await.expect(422);
        assert_eq!(reply.faults(), faults(&[expected]), "{body}");
    }
    let gone = event("rename", json!({ "agency": "H56.C2", "name": "x" }));
    let reply =
        admin.post("/v1/agency-events", &with(gone, "/effective_on", json!("2026-09-01"))).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/agency", "agency_not_there")]));
}

#[tokio::test]
async fn shares_stay_exact_or_are_refused() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    // Denominators that share no factor: their product outgrows 64 bits with the seventh.
    let primes = [997, 991, 983, 977, 971, 967, 953];
    let mut last = None;
    for (step, prime) in primes.into_iter().enumerate() {
        let old = format!("H56.S{step}");
        if step == 0 {
            admin
                .post(
                    "/v1/agency-events",
                    &with(
                        event("open", json!({ "open": opening(&old, "H56") })),
                        "/effective_on",
                        json!("2026-01-01"),
                    ),
                )
                .await
                .expect(201);
        }
        let (one, rest) = (format!("1/{prime}"), format!("{}/{prime}", prime - 1));
        let heirs = json!([
            { "open": opening(&format!("H56.S{}", step + 1), "H56"), "share": one },
            { "open": opening(&format!("H56.R{step}"), "H56"), "share": rest },
        ]);
        let day = format!("2026-02-{:02}", step + 1);
        let split = event("split", json!({ "agency": old, "successors": heirs }));
        last = Some(admin.post("/v1/agency-events", &with(split, "/effective_on", json!(day))).await);
        if step + 1 < primes.len() {
            assert_eq!(last.as_ref().unwrap().status, 201, "step {step}");
        }
    }
    assert_eq!(last.unwrap().expect(422).faults(), faults(&[("/successors", "shares_too_fine")]));
}

#[tokio::test]
async fn facts_are_never_rewritten() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let split = json!([{ "agency": "H56.C3", "share": "1/2" }, { "agency": "H56.C4", "share": "1/2" }]);
    let split = event("split", json!({ "agency": "H56.C2", "successors": split }));
    admin.post("/v1/agency-events", &split).await.expect(201);
    let sql = app.sql().await;
    for statement in [
        "UPDATE agency_versions SET name = 'x'",
        "UPDATE agency_successions SET numerator = 1, denominator = 1",
        "UPDATE agency_events SET basis = 'x'",
        "UPDATE agency_event_agencies SET role = 'ended'",
        "UPDATE agencies SET code = 'H97' WHERE code = 'H57'",
        "UPDATE agencies SET valid_to = NULL WHERE code = 'H56.C2'",
        "UPDATE agencies SET valid_to = '2030-01-01' WHERE code = 'H56.C2'",
        "DELETE FROM agency_versions",
        "DELETE FROM agency_events",
        "TRUNCATE agency_successions",
    ] {
        assert!(sql.batch_execute(statement).await.is_err(), "{statement}");
    }
    let body = without(event("close", json!({ "agency": "H56.D1" })), "/id");
    assert_eq!(
        admin.post("/v1/agency-events", &body).await.expect(422).faults(),
        faults(&[("/id", "missing_field")])
    );
}
