//! Single responses for those in charge: in one order, each once, of the own subtree alone.

mod exports;
mod log;

use crate::support::clients::faults;
use crate::support::samples::{desk_response, id, response, with, without};
use crate::support::{Client, TestApp};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use uuid::Uuid;

/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(30);

async fn page(client: &Client, query: &str) -> Value {
    client.get(&format!("/v1/responses?{query}")).await.expect(200).json()
}

fn ids(items: &[Value]) -> Vec<Uuid> {
    items.iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
}

/// Follows the feed until so many are there; numbers have to grow.
async fn pull(client: &Client, filter: &str, count: usize) -> Vec<Value> {
    let (begun, mut after, mut all) = (Instant::now(), 0, Vec::new());
    while all.len() < count {
        assert!(begun.elapsed() < PATIENCE, "{} of {count}", all.len());
        let page = page(client, &format!("after_seq={after}&{filter}")).await;
        for item in page["items"].as_array().unwrap() {
            assert!(item["seq"].as_i64().unwrap() > after, "{item} after {after}");
            after = item["seq"].as_i64().unwrap();
            all.push(item.clone());
        }
        assert!(page["next_after_seq"].as_i64().unwrap() >= after);
        after = page["next_after_seq"].as_i64().unwrap();
        if page["complete"] == true {
            sleep(Duration::from_millis(50)).await;
        }
    }
    all
}

/// Stores complete responses that rate an agency, past HTTP: as many as it takes, of one instant. They wait to be folded.
async fn store(sql: &tokio_postgres::Client, agency: &str, at: DateTime<Utc>, count: i32) {
    let millis = at.timestamp_millis();
    let head = format!("{:012x}", millis);
    let statement = format!(
        "SELECT store_responses(now(), array_agg(id), array_agg(survey), array_agg(agency), array_agg(NULL::integer),
                array_agg(uuid_v7_floor(now())), array_agg(NULL::bigint),
                array_agg(decode(repeat('04', 19), 'hex')), array_agg(NULL::text), array_agg(NULL::text),
                array_agg(NULL::text), array_agg(NULL::text), array_agg(NULL::boolean), array_agg(NULL::text),
                string_agg(uuid_send(id) || decode('0013' || repeat('04', 19), 'hex') || int4send(survey) || int4send(agency)
                           || decode(repeat('00', 5), 'hex'), ''))
         FROM (SELECT (substr('{head}', 1, 8) || substr('{head}', 9) || '7' || substr(hash, 1, 3) || '8'
                       || substr(hash, 4, 15))::uuid AS id,
                      s.id AS survey, a.id AS agency, n / 500 AS batch
               FROM generate_series(0, {count} - 1) n, md5(n::text || '{agency}') hash, surveys s, agencies a
               WHERE s.code = 'demo-service' AND a.code = '{agency}' ORDER BY 1) r GROUP BY batch"
    );
    sql.batch_execute(&statement).await.unwrap();
}

#[tokio::test]
async fn a_response_is_handed_on_as_it_came_but_for_the_comment() {
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(None).await);
    let nothing = json!({"items": [], "next_after_seq": 0, "complete": true});
    assert_eq!(page(&admin, "").await, nothing);
    let one = id(app.now - TimeDelta::minutes(3));
    let mut body = response(one, 5);
    for (pointer, value) in [
        ("/answers/access.signage", json!(1)),
        ("/answers/feedback.channel", Value::Null),
        ("/channel", json!("own_phone")),
        ("/procedure", json!("2.000815")),
        ("/gender", json!("female")),
        ("/age_band", json!("over-60")),
        ("/assisted_by_staff", json!(true)),
        ("/comment", json!("Chờ lâu")),
    ] {
        body = with(body, pointer, value);
    }
    kiosk.post("/v1/responses", &body).await.expect(201);
    pull(&admin, "", 1).await;
    let two = id(app.now);
    let desk = desk_response(two, [Some(2), Some(1), None, Some(0)]);
    kiosk.post("/v1/responses", &desk).await.expect(201);
    let items = pull(&admin, "", 2).await;
    let client = items[0]["client"].clone();
    assert!(client.as_str().unwrap().parse::<Uuid>().is_ok());
    assert_eq!(
        items[0],
        json!({
            "seq": 1, "id": one, "answered_at": "2026-07-15T02:57:00.000Z",
            "received_at": "2026-07-15T03:00:00.000000Z", "survey": "demo-service", "rated_agency": "H56.C1",
            "service_point": "MC-H56-C1", "client": client, "channel": "own_phone", "procedure": "2.000815",
            "gender": "female", "age_band": "over-60", "assisted_by_staff": true, "answers": body["answers"],
            "standing": "counted", "void_reason": null,
        })
    );
    let second = json!({
        "seq": 2, "id": two, "answered_at": "2026-07-15T03:00:00.000Z",
        "received_at": "2026-07-15T03:00:00.000000Z", "survey": "demo-desk", "rated_agency": "H56.C1",
        "service_point": "MC-H56-C1", "client": client, "channel": null, "procedure": null, "gender": null,
        "age_band": null, "assisted_by_staff": null, "standing": "counted", "void_reason": null,
        "answers": {"desk.total_time": 2, "desk.contacts": 1, "desk.agencies": null, "desk.attitude": 0},
    });
    assert_eq!(items[1], second);
    let reply = admin.get("/v1/responses?limit=1").await.expect(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.json(), json!({"items": [items[0]], "next_after_seq": 1, "complete": false}));
    let rest = json!({"items": [items[1]], "next_after_seq": 2, "complete": true});
    assert_eq!(page(&admin, "limit=1&after_seq=1").await, rest);
    let end = json!({"items": [], "next_after_seq": 2, "complete": true});
    assert_eq!(page(&admin, "after_seq=2").await, end);
    // Repeating a response does not hand it on again.
    kiosk.post("/v1/responses", &body).await.expect(200);
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(page(&admin, "after_seq=2").await, end);
}

#[tokio::test]
async fn nobody_reads_what_others_are_in_charge_of() {
    let app = TestApp::start().await;
    let (system, whole) = (app.system(None).await, app.admin(None).await);
    let agencies = ["H56", "H56.C1", "H56.C1.X1", "H56.C2", "H21.C1"];
    for agency in agencies {
        let body = without(response(id(app.now), 4), "/service_point");
        system.post("/v1/responses", &with(body, "/rated_agency", json!(agency))).await.expect(201);
    }
    pull(&whole, "", 5).await;
    let admin = app.admin(Some("H56.C1")).await;
    let seen = async |client: &Client, filter: &str| {
        let reply = page(client, filter).await;
        assert_eq!((&reply["next_after_seq"], &reply["complete"]), (&json!(5), &json!(true)), "{filter}");
        let lines = client.get(&format!("/v1/responses/export?{filter}")).await.expect(200).text;
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (end, lines) = lines.split_last().unwrap();
        assert_eq!((&end["count"], &end["last_seq"]), (&json!(lines.len()), &json!(5)));
        assert_eq!(reply["items"], json!(lines), "page and export agree");
        let mut codes: Vec<String> =
            lines.iter().map(|item| item["rated_agency"].as_str().unwrap().to_owned()).collect();
        codes.sort();
        codes
    };
    let system_here = app.system(Some("H56.C1")).await;
    for reader in [&admin, &system_here] {
        assert_eq!(seen(reader, "").await, ["H56.C1", "H56.C1.X1"]);
        assert_eq!(seen(reader, "agency=H56.C1.X1").await, ["H56.C1.X1"]);
    }
    assert_eq!(seen(&whole, "agency=H56").await, ["H56", "H56.C1", "H56.C1.X1", "H56.C2"]);
    assert_eq!(seen(&whole, "").await.len(), 5);
    for path in ["/v1/responses", "/v1/responses/export"] {
        for outside in ["H56.C2", "H56", "H21.C1", "H98"] {
            let refused = admin.get(&format!("{path}?agency={outside}")).await.expect(422);
            assert_eq!(refused.faults(), faults(&[("agency", "unknown_agency")]), "{path} {outside}");
        }
        let device = app.device("H56.C1", "MC-H56-C1").await;
        assert_eq!(device.get(path).await.expect(403).problem(), "not_permitted");
        assert_eq!(app.anonymous().get(path).await.expect(401).problem(), "token_missing");
    }
}

#[tokio::test]
async fn filters_narrow_and_their_faults_are_told_at_once() {
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(Some("H56")).await);
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let (before, after) = (id(at("2026-07-09T23:59:59.999+07:00")), id(at("2026-07-10T00:00:00+07:00")));
    let desk = id(app.now);
    for body in
        [response(before, 4), response(after, 4), desk_response(desk, [Some(2), Some(1), None, Some(0)])]
    {
        kiosk.post("/v1/responses", &body).await.expect(201);
    }
    pull(&admin, "", 3).await;
    for (filter, expected) in [
        ("from=2026-07-10", vec![after, desk]),
        ("to=2026-07-10", vec![before]),
        ("from=2026-07-09&to=2026-07-15", vec![before, after]),
        ("from=2026-07-10&survey=demo-service", vec![after]),
        ("survey=demo-desk", vec![desk]),
        ("survey=closed", vec![]),
    ] {
        let page = page(&admin, filter).await;
        let found: HashSet<Uuid> = ids(page["items"].as_array().unwrap()).into_iter().collect();
        assert_eq!(found, expected.into_iter().collect(), "{filter}");
        assert_eq!((&page["next_after_seq"], &page["complete"]), (&json!(3), &json!(true)), "{filter}");
    }
    for (filter, expected) in [
        ("limit=0", vec![("limit", "out_of_range")]),
        ("limit=1001", vec![("limit", "out_of_range")]),
        ("after_seq=-1", vec![("after_seq", "out_of_range")]),
        ("after_seq=9007199254740992", vec![("after_seq", "out_of_range")]),
        // A number that was never given.
        ("after_seq=4", vec![("after_seq", "out_of_range")]),
        ("from=2026-07-10&to=2026-07-10", vec![("to", "bad_period")]),
        ("from=2026-02-30", vec![("from", "bad_format")]),
        ("cursor=x", vec![("cursor", "unknown_field")]),
        (
            "agency=h56&survey=nowhere&to=x&limit=x&after_seq=1.5",
            vec![
                ("agency", "bad_format"),
                ("survey", "unknown_survey"),
                ("to", "bad_format"),
                ("limit", "out_of_range"),
                ("after_seq", "out_of_range"),
            ],
        ),
        ("agency=H21&survey=nowhere", vec![("agency", "unknown_agency"), ("survey", "unknown_survey")]),
    ] {
        let refused = admin.get(&format!("/v1/responses?{filter}")).await.expect(422);
        assert_eq!(refused.faults(), faults(&expected), "{filter}");
        let refused = admin.get(&format!("/v1/responses/export?{filter}")).await.expect(422);
        let takes_limit: Vec<_> = expected
            .iter()
            .map(|fault| if fault.0 == "limit" { ("limit", "unknown_field") } else { *fault })
            .collect();
        assert_eq!(refused.faults(), faults(&takes_limit), "export {filter}");
    }
    assert_eq!(page(&admin, "limit=1000&after_seq=3").await["next_after_seq"], 3);
}

/// Fills the log with numbers whose responses are gone, in runs of a thousand.
async fn fill(sql: &tokio_postgres::Client, agency: &str, runs: i64) {
    let statement = format!(
        "INSERT INTO response_log
         SELECT 1 + run * 1000, array_fill('019b7637-7c00-7000-8000-000000000001'::uuid, ARRAY[1000]),
                array_fill(s.id, ARRAY[1000]), array_fill(a.id, ARRAY[1000])
         FROM generate_series(0, {runs} - 1) run, surveys s, agencies a
         WHERE s.code = 'demo-service' AND a.code = '{agency}'"
    );
    sql.batch_execute(&statement).await.unwrap();
}

#[tokio::test]
async fn a_narrow_reader_of_a_long_log_gets_an_answer_in_time_and_moves_on() {
    let app = TestApp::start().await;
    fill(&app.sql().await, "H21.C1", 250).await;
    let mine = id(app.now);
    app.device("H56.C1", "MC-H56-C1").await.post("/v1/responses", &response(mine, 4)).await.expect(201);
    pull(&app.admin(None).await, "agency=H56", 1).await;
    let admin = app.admin(Some("H56.C1")).await;
    for (after, next) in [(0, 100_000), (100_000, 200_000), (100_500, 200_500)] {
        let begun = Instant::now();
        let page = page(&admin, &format!("after_seq={after}")).await;
        assert_eq!(page, json!({"items": [], "next_after_seq": next, "complete": false}));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    let last = page(&admin, "after_seq=200000").await;
    assert_eq!((&last["next_after_seq"], &last["complete"]), (&json!(250_001), &json!(true)));
    assert_eq!(ids(last["items"].as_array().unwrap()), [mine]);
    // Numbers whose months were dropped: found, not there, passed over.
    let page = page(&app.admin(None).await, "limit=10&after_seq=5").await;
    assert_eq!(page, json!({"items": [], "next_after_seq": 15, "complete": false}));
    let text = admin.get("/v1/responses/export").await.expect(200).text;
    assert_eq!(text.lines().count(), 2);
    assert!(text.ends_with("\n") && text.contains("\"last_seq\":250001"), "{text}");
}
