//! Flags: the rules, late arrivals, reviews from above, figures with and without, and what the public is told.

use crate::support::recount_math::{self, Person, check_index};
use crate::support::samples::{CRITERIA, id, response, with, without};
use crate::support::{Client, TestApp};
use crate::voids::verified;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use uuid::Uuid;

const YEAR: &str = "survey=demo-service&period=2026";

/// Waits until everything that was posted is folded and judged.
pub async fn judged(app: &TestApp) {
    let (sql, deadline) = (app.sql().await, Instant::now() + Duration::from_secs(60));
    let left = "SELECT (SELECT count(*) FROM ingest_batches) + coalesce((SELECT max(first_seq + cardinality(response_ids) - 1)
                FROM response_log), 0) - (SELECT judged_seq FROM judging)";
    while sql.query_one(left, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "nobody judges");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Posts one response answered so many seconds ago.
async fn post(app: &TestApp, client: &Client, seconds: i64, level: u8) -> Uuid {
    let id = id(app.now - TimeDelta::seconds(seconds));
    client.post("/v1/responses", &response(id, level)).await.expect(201);
    id
}

/// Ids and rules of the flags in a list.
async fn flags(client: &Client, query: &str) -> BTreeSet<(Uuid, String)> {
    let page = client.get(&format!("/v1/flags?limit=1000&{query}")).await.expect(200).json();
    let flag = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap().to_owned();
        (text("response_id").parse().unwrap(), text("rule"))
    };
    page["items"].as_array().unwrap().iter().map(flag).collect()
}

fn all(ids: &[Uuid], rule: &str) -> BTreeSet<(Uuid, String)> {
    ids.iter().map(|id| (*id, rule.to_owned())).collect()
}

async fn ns(client: &Client, agency: &str) -> (Value, Value, Value) {
    let without = client.index(agency, YEAR).await;
    let with = client.index(agency, &format!("{YEAR}&flagged=included")).await;
    assert_eq!((&without["flagged"], &with["flagged"]), (&json!("excluded"), &json!("included")));
    assert_eq!(without["flagged_responses"]["included"], with["whole"]);
    assert_eq!(with["flagged_responses"]["excluded"], without["whole"]);
    let n = |index: &Value| index["whole"]["n"].clone();
    (n(&without), n(&with), without["flagged_responses"]["people"].clone())
}

#[tokio::test]
async fn what_comes_late_completes_a_burst_and_only_those_above_lift_it() {
    let rules = ["--flag-rules", "burst", "--flag-burst-most", "5", "--flag-burst-minutes", "10"];
    let app = TestApp::start_with(&rules).await;
    // A second instance judges as well; nothing is judged twice.
    let twin = TestApp::on(app.database_url.clone(), crate::support::app::NOW, &rules).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let admin = app.admin(Some("H56.C1")).await;
    let mut ids = Vec::new();
    for seconds in [0, 100, 200, 300, 400] {
        ids.push(post(&app, &kiosk, seconds, 5).await);
    }
    // Long before, and by a system: no part of it.
    post(&app, &kiosk, 5000, 5).await;
    let system = app.system(None).await;
    post(&twin, &system, 50, 5).await;
    judged(&app).await;
    assert_eq!(flags(&admin, "").await, all(&[], ""));
    assert_eq!(ns(&admin, "H56.C1").await, (json!(7), json!(7), json!(0)));

    ids.push(post(&app, &kiosk, 250, 5).await);
    judged(&app).await;
    assert_eq!(flags(&admin, "rule=burst&state=open").await, all(&ids, "burst"));
    assert_eq!(ns(&admin, "H56.C1").await, (json!(2), json!(8), json!(6)));
    verified(&app).await;
    let page = admin.get("/v1/flags?limit=1").await.expect(200).json();
    let flag = &page["items"][0];
    assert_eq!(flag["parameters"], "most=5 minutes=10");
    assert_eq!(flag["evidence"]["count"], 6);
    assert_eq!(flag["answers"], Value::Null, "no answers in it");
    let next = format!("/v1/flags?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_ne!(admin.get(&next).await.expect(200).json()["items"][0]["seq"], flag["seq"]);

    // Answers stay what they are, the feed says how they stand.
    let feed = admin.get("/v1/responses?limit=1000").await.json();
    let flagged = feed["items"].as_array().unwrap().iter().filter(|item| item["standing"] == "flagged");
    assert_eq!(flagged.count(), 6);

    let review = |client: &Client, id: Uuid, decision: &str| {
        let body = json!({"decision": decision, "reason": "Đã xác minh"});
        let (client, path) = (client.clone(), format!("/v1/responses/{id}/flag-review"));
        async move { client.post(&path, &body).await }
    };
    assert_eq!(review(&admin, ids[0], "lifted").await.expect(403).problem(), "not_above");
    let (above, other) = (app.admin(Some("H56")).await, app.admin(Some("H21")).await);
    assert_eq!(review(&other, ids[0], "lifted").await.problem(), "response_not_found");
    assert_eq!(review(&system, ids[0], "lifted").await.problem(), "not_permitted");
    let lifted = review(&above, ids[0], "lifted").await.expect(200).json();
    assert_eq!((&lifted["standing"], &lifted["replayed"]), (&json!("counted"), &json!(false)));
    assert_eq!(review(&above, ids[0], "lifted").await.json()["replayed"], true);
    assert_eq!(ns(&admin, "H56.C1").await, (json!(3), json!(8), json!(5)));
    verified(&app).await;

    // One more of the same burst: flagged itself, and the lifted one is left in peace.
    ids.push(post(&app, &kiosk, 150, 5).await);
    judged(&app).await;
    assert_eq!(flags(&admin, "state=lifted").await, all(&ids[..1], "burst"));
    assert_eq!(flags(&admin, "state=open").await, all(&ids[1..], "burst"));
    assert_eq!(ns(&admin, "H56.C1").await, (json!(3), json!(9), json!(6)));
    let upheld = review(&above, ids[0], "upheld").await.expect(200).json();
    assert_eq!(upheld["standing"], "flagged");
    assert_eq!(ns(&admin, "H56.C1").await, (json!(2), json!(9), json!(7)));

    // A flagged one that is void is in neither figure, and lifting its flag does not bring it back.
    let void = format!("/v1/responses/{}/void", ids[1]);
    admin.post(&void, &json!({"reason": "x"})).await.expect(201);
    above.post(&format!("{void}/confirm"), &json!({})).await.expect(200);
    assert_eq!(ns(&admin, "H56.C1").await, (json!(2), json!(8), json!(6)));
    assert_eq!(review(&above, ids[1], "lifted").await.json()["standing"], "void");
    assert_eq!(ns(&admin, "H56.C1").await, (json!(2), json!(8), json!(6)));
    assert_eq!(verified(&app).await, 9);
    let actions = "SELECT count(*) FROM audit_entries WHERE action = 'flag_reviewed'";
    assert_eq!(app.sql().await.query_one(actions, &[]).await.unwrap().get::<_, i64>(0), 3);
}

#[tokio::test]
async fn each_rule_finds_its_own_and_no_system_is_judged() {
    let app =
        TestApp::start_with(&["--flag-rules", "identical,speed,out_of_hours", "--flag-identical-row", "3"])
            .await;
    let (kiosk, system) = (app.device("H56.C1", "MC-H56-C1").await, app.system(None).await);
    let admin = app.admin(None).await;
    // It is 10:00. Nineteen criteria take 19 seconds at least; 3 in a row are alike; at noon the office is closed.
    let quick = [post(&app, &kiosk, 1000, 1).await, post(&app, &kiosk, 982, 2).await];
    post(&app, &kiosk, 963, 3).await;
    let mut row = Vec::new();
    for seconds in [900, 800, 700] {
        row.push(post(&app, &kiosk, seconds, 4).await);
    }
    let noon = post(&app, &kiosk, 22 * 3600, 2).await;
    for seconds in [500, 499, 498, 22 * 3600] {
        post(&app, &system, seconds, 5).await;
    }
    judged(&app).await;
    let mut expected = all(&row, "identical");
    expected.extend(all(&quick[1..], "speed"));
    expected.extend(all(&[noon], "out_of_hours"));
    assert_eq!(flags(&admin, "").await, expected);
    assert_eq!(flags(&admin, "from=2026-07-15").await.len(), 4);
    assert_eq!(flags(&admin, "to=2026-07-15&agency=H56").await, all(&[noon], "out_of_hours"));
    verified(&app).await;
    assert_eq!(
        admin.get("/v1/flags?rule=x&state=y&from=2026-07-15&to=2026-07-15").await.expect(422).faults(),
        crate::support::clients::faults(&[
            ("rule", "not_allowed"),
            ("state", "not_allowed"),
            ("to", "bad_period")
        ])
    );
}

#[tokio::test]
async fn figures_with_and_without_are_those_of_an_independent_recount() {
    let rules = ["--flag-rules", "burst", "--flag-burst-most", "2", "--flag-burst-minutes", "1"];
    let app = TestApp::start_with(&rules).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let (mut flagged, mut counted) = (Vec::new(), Vec::new());
    for place in 0..24_i64 {
        // Every third hour three at once, otherwise one.
        let crowd = if place % 3 == 0 { 3 } else { 1 };
        for one in 0..crowd {
            let at = app.now - TimeDelta::hours(place) - TimeDelta::seconds(one * 5);
            let mut body = with(
                response(id(at), 4),
                "/rated_agency",
                json!(["H56.C1", "H56.C2"][usize::try_from(place % 2).unwrap()]),
            );
            let mut answers = Vec::new();
            for (number, code) in CRITERIA.iter().enumerate() {
                let level =
                    u8::try_from((usize::try_from(place + one).unwrap() * 7 + number * 3) % 5 + 1).unwrap();
                let skipped = number >= 16 && (place + one) % 2 == 0;
                body["answers"][code] = if skipped { Value::Null } else { json!(level) };
                answers.push(if skipped { 0 } else { level });
            }
            kiosk.post("/v1/responses", &body).await.expect(201);
            let side = if crowd == 3 { &mut flagged } else { &mut counted };
            side.push(Person { answers, share: (1, 1) });
        }
    }
    judged(&app).await;
    let admin = app.admin(None).await;
    let everybody: Vec<Person> = counted.iter().chain(&flagged).cloned().collect();
    for formula in ["satisfied-share", "mean-normalised", "mean-rescaled"] {
        let asked = recount_math::Asked { formula, confidence: 95 };
        for (word, people) in [("excluded", &counted), ("included", &everybody)] {
            for agency in ["H56", "VN"] {
                let index = admin.index(agency, &format!("{YEAR}&formula={formula}&flagged={word}")).await;
                check_index(&index, crate::recount::PAPER, people, &CRITERIA, asked, word);
            }
        }
    }
    let series = format!("/v1/agencies/H56/index/series?{YEAR}&step=month&flagged=included");
    let points = admin.get(&series).await.expect(200).json();
    assert_eq!(points["flagged"], "included");
    let sum: u64 = points["points"].as_array().unwrap().iter().filter_map(|point| point["n"].as_u64()).sum();
    assert_eq!(sum, 40);
    for (word, n) in [("excluded", 16), ("included", 40)] {
        let by = format!("/v1/agencies/H56/index/breakdown?{YEAR}&by=service_point&flagged={word}");
        assert_eq!(admin.get(&by).await.expect(200).json()["all"]["n"], n);
        let ranking = format!("/v1/agencies/H56/index/ranking?{YEAR}&flagged={word}");
        let entries = admin.get(&ranking).await.expect(200).json()["entries"].clone();
        let sum: u64 = entries.as_array().unwrap().iter().filter_map(|entry| entry["n"].as_u64()).sum();
        assert_eq!(sum, n, "{entries}");
    }
    verified(&app).await;
}

#[tokio::test]
async fn the_public_is_not_told_what_was_flagged() {
    let rules = ["--flag-rules", "burst", "--flag-burst-most", "3", "--flag-burst-minutes", "1"];
    let app = TestApp::start_with(&rules).await;
    let (kiosk, system) = (app.device("H56.C1", "MC-H56-C1").await, app.system(None).await);
    let rated = |agency: &str, seconds: i64| {
        let body = response(id(app.now - TimeDelta::seconds(seconds)), 4);
        without(with(body, "/rated_agency", json!(agency)), "/service_point")
    };
    for place in 0..9 {
        system.post("/v1/responses", &rated("H56.C1", 600 * place)).await.expect(201);
    }
    for place in 0..20 {
        system.post("/v1/responses", &rated("H56.C2", 600 * place)).await.expect(201);
        system.post("/v1/responses", &rated("H56.C3", 600 * place)).await.expect(201);
    }
    for seconds in [0, 1, 2] {
        post(&app, &kiosk, seconds, 4).await;
    }
    judged(&app).await;
    let public = app.anonymous();
    let month = "survey=demo-service&period=2026-07";
    let n = async |agency: &str| public.index(agency, month).await["whole"]["n"].clone();
    // The mask of this moment is kept.
    assert_eq!((n("H56.C1").await, n("H56").await), (json!(12), json!(52)));
    post(&app, &kiosk, 3, 4).await;
    judged(&app).await;
    assert_eq!(app.admin(None).await.index("H56.C1", month).await["whole"]["n"], 9);
    // Nine are too few, and what the others leave of the province would tell of them.
    assert_eq!(n("H56.C1").await, Value::Null);
    let shown = [n("H56").await, n("H56.C2").await, n("H56.C3").await];
    assert!(shown.contains(&Value::Null), "{shown:?}");
    for path in [
        "index?",
        "index/series?step=month&",
        "index/breakdown?by=channel&",
        "index/ranking?",
        "index/comparison?with=H21&",
    ] {
        let refused =
            public.get(&format!("/v1/agencies/H56/{path}{month}&flagged=included")).await.expect(422);
        assert_eq!(refused.faults(), [("flagged".to_owned(), "flagged_in_charge".to_owned())], "{path}");
    }
    let index = public.index("H56", month).await;
    assert_eq!((&index["flagged"], &index["flagged_responses"]), (&json!("excluded"), &Value::Null));
    assert_eq!(app.admin(Some("H21")).await.index("H56", month).await["flagged_responses"], Value::Null);
}
