//! Values of measures, one at a time: entered, corrected, refused, and read as a series.

use crate::support::clients::faults;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

/// SIPAS of the whole country as it was published; that of 2021 is general knowledge.
pub const NATION: [(&str, f64); 7] = [
    ("2018", 82.99),
    ("2019", 84.45),
    ("2020", 85.48),
    ("2021", 87.16),
    ("2022", 80.08),
    ("2023", 82.66),
    ("2024", 83.94),
];

fn value(value: f64) -> Value {
    json!({"value": value, "source": {"title": "Công bố"}, "mark": "verified"})
}

fn ranked(rank: i64, out_of: i64) -> Value {
    json!({"rank": rank, "out_of": out_of, "source": {"title": "Công bố"}, "mark": "verified"})
}

/// `body` with more fields.
fn and(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn series(client: &Client, path: &str) -> Vec<Value> {
    let body = client.get(&format!("/v1/agencies/{path}")).await.expect(200).json();
    body["points"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_nations_sipas_is_two_series_and_nothing_is_told_across_the_break() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    for (year, percent) in NATION {
        let body = if year == "2021" {
            and(value(percent), json!({"mark": "assumed", "assumed_because": "hiểu biết chung"}))
        } else {
            value(percent)
        };
        let stored =
            admin.put(&format!("/v1/agencies/VN/measures/sipas/{year}"), &body).await.expect(200).json();
        assert_eq!((&stored["value"], &stored["revision"]), (&json!(percent), &json!(1)));
        assert_eq!(
            (&stored["origin"], &stored["published_by"]["en"]),
            (&"entered".into(), &"Ministry of Home Affairs".into())
        );
    }
    let points = series(&app.anonymous(), "VN/measures/sipas").await;
    let shown: Vec<(&str, f64, u64)> = points
        .iter()
        .map(|point| {
            let text = point["period"].as_str().unwrap();
            (text, point["entry"]["value"].as_f64().unwrap(), point["segment"].as_u64().unwrap())
        })
        .collect();
    let expected = NATION.map(|(year, percent)| (year, percent, if year < "2022" { 1 } else { 2 }));
    assert_eq!(shown, expected);
    assert_eq!(points[3]["entry"]["mark"], "assumed");
    assert_eq!(points[0]["change"], Value::Null, "nothing is said of 2017");
    assert_eq!(
        (&points[1]["change"]["value"], &points[1]["change"]["value_direction"]),
        (&json!(1.46), &"up".into())
    );
    let broken = &points[4]["change"];
    assert_eq!(
        (&broken["value"], &broken["places"], &broken["before"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(broken["broken"]["first_period"], "2022");
    assert_eq!(points[5]["change"]["value"], json!(2.58));
    // Who entered it is for those who may enter.
    assert_eq!(points[0]["entry"]["entered_by"], Value::Null);
    assert!(series(&admin, "VN/measures/sipas").await[0]["entry"]["entered_by"].is_string());
}

#[tokio::test]
async fn gaps_are_told_and_a_rank_alone_is_no_zero() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    admin.put("/v1/agencies/H56/measures/766/2026-02", &value(81.25)).await.expect(200);
    admin.put("/v1/agencies/H56/measures/766/2026-05", &ranked(3, 34)).await.expect(200);
    let points = series(&app.anonymous(), "H56/measures/766").await;
    let periods: Vec<&str> = points.iter().map(|point| point["period"].as_str().unwrap()).collect();
    assert_eq!(periods, ["2026-02", "2026-03", "2026-04", "2026-05"]);
    assert_eq!((&points[1]["entry"], &points[3]["change"]), (&Value::Null, &Value::Null));
    assert_eq!(points[3]["entry"]["value"], Value::Null);
    assert_eq!((&points[3]["entry"]["rank"], &points[3]["entry"]["out_of"]), (&json!(3), &json!(34)));
    assert_eq!(series(&app.anonymous(), "H21/measures/766").await, Vec::<Value>::new());
    let text = app.anonymous().get("/v1/agencies/H56/measures/766?format=csv").await.expect(200).text;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("\"2026")).collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(rows[0].starts_with("\"2026-02\",1,81.25,,,1,\"verified\""), "{}", rows[0]);
    assert!(rows[1].starts_with("\"2026-03\",1,,,,,"), "{}", rows[1]);
}

#[tokio::test]
async fn a_correction_names_what_it_replaces_and_leaves_it_readable() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let path = "/v1/agencies/H56/measures/par/2024";
    let put = async |body: Value, status: u16| admin.put(path, &body).await.expect(status);
    assert_eq!(put(and(value(90.0), json!({"replaces": 1})), 409).await.problem(), "measure_value_conflict");
    put(value(90.0), 200).await;
    // Said again after a lost answer: nothing new.
    assert_eq!(put(value(90.0), 200).await.json()["revision"], 1);
    let refused = put(value(91.0), 409).await;
    assert_eq!(refused.json()["detail"], "the newest revision is 1");
    assert_eq!(put(and(value(91.0), json!({"replaces": 1})), 200).await.json()["revision"], 2);
    assert_eq!(
        put(and(value(91.0), json!({"replaces": 1})), 200).await.json()["revision"],
        2,
        "the same again"
    );
    assert_eq!(put(and(value(92.0), json!({"replaces": 1})), 409).await.problem(), "measure_value_conflict");
    // Two who correct the same at once: one of them comes second.
    let (one, two) = (and(value(93.0), json!({"replaces": 2})), and(value(94.0), json!({"replaces": 2})));
    let (one, two) = tokio::join!(admin.put(path, &one), admin.put(path, &two));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [200, 409]);
    let anybody = app.anonymous();
    let points = series(&anybody, "H56/measures/par").await;
    assert_eq!((points.len(), points[0].get("replaced")), (1, None));
    let points = series(&anybody, "H56/measures/par?revisions=true").await;
    let before: Vec<f64> = points[0]["replaced"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["value"].as_f64().unwrap())
        .collect();
    assert_eq!((before, &points[0]["entry"]["revision"]), (vec![90.0, 91.0], &json!(3)));
    let sql = app.sql().await;
    for change in
        ["UPDATE measure_values SET value = 1", "DELETE FROM measure_values", "TRUNCATE measure_values"]
    {
        assert!(sql.batch_execute(change).await.is_err(), "{change}");
    }
}

#[tokio::test]
async fn every_fault_of_a_value_is_told_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let put = async |path: &str, body: Value| {
        admin.put(&format!("/v1/agencies/{path}"), &body).await.expect(422).faults()
    };
    let body = json!({"value": 82.123_45, "rank": 0, "out_of": "x", "mark": "sure", "source": {"title": " ", "link": "http://a.vn", "page": 3}, "note": 1});
    let expected = [
        ("period", "bad_format"),
        ("/value", "bad_format"),
        ("/rank", "out_of_range"),
        ("/out_of", "wrong_type"),
        ("/mark", "not_allowed"),
        ("/source/title", "missing_field"),
        ("/source/link", "bad_format"),
        ("/source/page", "unknown_field"),
        ("/note", "unknown_field"),
    ];
    assert_eq!(put("H56/measures/sipas/2024-Q1", body).await, faults(&expected));
    assert_eq!(put("H56/measures/sipas/2024", json!([])).await, faults(&[("", "wrong_type")]));
    let said = |more: Value| and(json!({"source": {"title": "x"}, "mark": "verified"}), more);
    for (path, body, place, code) in [
        ("H56/measures/sipas/2024", said(json!({})), "/value", "nothing_said"),
        ("H56/measures/sipas/2024", said(json!({"value": null, "rank": null})), "/value", "nothing_said"),
        ("H56/measures/sipas/2024", said(json!({"rank": 1})), "/out_of", "missing_field"),
        ("H56/measures/sipas/2024", said(json!({"out_of": 1})), "/rank", "missing_field"),
        ("H56/measures/sipas/2024", said(json!({"rank": 64, "out_of": 63})), "/rank", "rank_beyond_list"),
        ("H56/measures/sipas/2024", said(json!({"value": 100.01})), "/value", "value_off_scale"),
        ("H56/measures/766.mdhl/2026-05", said(json!({"value": 18.5})), "/value", "value_off_scale"),
        ("H56/measures/sipas/2024", said(json!({"value": -1})), "/value", "bad_format"),
        (
            "VN/measures/sipas/2024",
            said(json!({"value": 80, "rank": 1, "out_of": 1})),
            "/rank",
            "country_has_no_rank",
        ),
        (
            "H56/measures/sipas/2024",
            said(json!({"value": 80, "mark": "assumed"})),
            "/assumed_because",
            "reason_of_assumed",
        ),
        (
            "H56/measures/sipas/2024",
            said(json!({"value": 80, "assumed_because": "x"})),
            "/assumed_because",
            "reason_of_assumed",
        ),
        ("H56/measures/sipas/2027", said(json!({"value": 80})), "period", "period_not_begun"),
        ("H08/measures/sipas/2026", said(json!({"value": 80})), "period", "agency_not_in_period"),
        ("H56.C1/measures/sipas/2024", said(json!({"value": 80})), "period", "agency_not_in_period"),
    ] {
        assert_eq!(put(path, body.clone()).await, faults(&[(place, code)]), "{path} {body}");
    }
    // PAPI's bounds are not verified: nothing is refused by them.
    admin.put("/v1/agencies/H56/measures/papi/2024", &said(json!({"value": 9.5}))).await.expect(200);
    // Four decimals, exactly.
    let exact = said(json!({"value": 0.7123}));
    assert_eq!(
        admin.put("/v1/agencies/H56/measures/dti/2024", &exact).await.expect(200).json()["value"],
        0.7123
    );
    assert_eq!(series(&app.anonymous(), "H56/measures/dti").await[0]["entry"]["value"], json!(0.7123));
}

#[tokio::test]
async fn values_are_entered_by_administrators_of_the_agency_and_the_country_by_national_ones() {
    let app = TestApp::start().await;
    let put = async |client: &Client, path: &str, status: u16| {
        client.put(&format!("/v1/agencies/{path}"), &value(80.0)).await.expect(status)
    };
    let (own, national) = (app.admin(Some("H56")).await, app.admin(None).await);
    assert_eq!(put(&app.anonymous(), "H56/measures/par/2024", 401).await.problem(), "token_missing");
    assert_eq!(put(&app.system(None).await, "H56/measures/par/2024", 403).await.problem(), "not_permitted");
    for path in
        ["H21/measures/par/2024", "VN/measures/par/2024", "H98/measures/par/2024", "x/measures/par/2024"]
    {
        assert_eq!(put(&own, path, 404).await.problem(), "agency_not_found", "{path}");
    }
    assert_eq!(put(&own, "H56/measures/none/2024", 404).await.problem(), "measure_not_found");
    put(&own, "H56/measures/par/2024", 200).await;
    put(&national, "VN/measures/par/2024", 200).await;
    // Bình Định ended; Gia Lai goes on with its work, and may enter what was published of it.
    put(&app.admin(Some("H21")).await, "H08/measures/par/2023", 200).await;
}
