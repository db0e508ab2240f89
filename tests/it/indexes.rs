//! Reading an index: right by hand-made vectors, for any period, narrowed to who may see what.

use crate::support::TestApp;
use crate::support::clients::{Client, faults};
use crate::support::samples::{CRITERIA, desk_response, id, response, with};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use serde_json::{Value, json};

async fn post_all(client: &Client, bodies: impl IntoIterator<Item = Value>) {
    // As many at once as an ordinary user's limit of open files allows with ease.
    let posts =
        bodies.into_iter().map(|body| async move { client.post("/v1/responses", &body).await.expect(201) });
    futures_util::stream::iter(posts).buffer_unordered(32).for_each(|_| async {}).await;
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Counts of levels 1..5 = 10, 20, 70, 500, 400, the worked vector: 90.00, 85.20, 81.50.
#[tokio::test]
async fn the_worked_vector_comes_out_over_http() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let levels = [(1, 10), (2, 20), (3, 70), (4, 500), (5, 400)];
    let bodies = levels.iter().flat_map(|(level, count)| (0..*count).map(|_| response(id(app.now), *level)));
    post_all(&kiosk, bodies.collect::<Vec<_>>()).await;
    for (formula, value) in [("satisfied-share", 90.0), ("mean-normalised", 85.2), ("mean-rescaled", 81.5)] {
        let index =
            app.anonymous().index("H56", &format!("survey=demo-service&period=2026&formula={formula}")).await;
        assert_eq!(index["formula"]["id"], formula);
        assert_eq!(index["whole"]["value"], value);
        assert_eq!(index["whole"]["n"], 1000);
        assert_eq!(index["whole"]["levels"][3], json!({"level": 4, "count": 19 * 500}));
        for element in index["elements"].as_array().unwrap() {
            assert_eq!(element["value"], value);
            for criterion in element["criteria"].as_array().unwrap() {
                assert_eq!((&criterion["value"], &criterion["n"]), (&json!(value), &json!(1000)));
            }
        }
        let shown: Vec<_> =
            index["by_formula"].as_array().unwrap().iter().map(|row| row["value"].clone()).collect();
        assert_eq!(shown, [90.0, 85.2, 81.5]);
    }
    let criterion =
        &app.anonymous().index("H56", "survey=demo-service&period=2026").await["elements"][0]["criteria"][0];
    assert_eq!((&criterion["numerator"], &criterion["denominator"]), (&900.into(), &1000.into()));
    // Wilson 1927 for 900 of 1000, by hand: (0.9 + 0.0019207 ± 1.959964·sqrt(0.00009 + 9.60365e-7)) / 1.0038415.
    assert_eq!(criterion["interval"], json!({"low": 87.98, "high": 91.71}));
    // Everybody answered all criteria alike: one person is one observation, so the whole is no surer.
    let whole =
        app.anonymous().index("H56", "survey=demo-service&period=2026").await["whole"]["interval"].clone();
    assert_eq!(whole, json!({"low": 87.98, "high": 91.71}));
}

#[tokio::test]
async fn a_period_is_half_open_in_viet_nam() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    // Friday 23:59:59.999, Saturday midnight, and the last moments of June and of the second quarter.
    for instant in [
        "2026-06-30T23:59:59.999+07:00",
        "2026-07-01T00:00:00+07:00",
        "2026-07-10T23:59:59.999+07:00",
        "2026-07-11T00:00:00+07:00",
    ] {
        system.post("/v1/responses", &response(id(at(instant)), 4)).await.expect(201);
    }
    let admin = app.admin(None).await;
    for (period, n, from, to) in [
        ("period=2026", 4, "2026-01-01", "2027-01-01"),
        ("period=2026-Q2", 1, "2026-04-01", "2026-07-01"),
        ("period=2026-Q3", 3, "2026-07-01", "2026-10-01"),
        ("period=2026-06", 1, "2026-06-01", "2026-07-01"),
        ("period=2026-07", 3, "2026-07-01", "2026-08-01"),
        ("period=2026-W27", 2, "2026-06-29", "2026-07-06"),
        ("period=2026-W28", 2, "2026-07-06", "2026-07-13"),
        ("period=2026-07-10", 1, "2026-07-10", "2026-07-11"),
        ("period=2026-07-11", 1, "2026-07-11", "2026-07-12"),
        ("period=2025", 0, "2025-01-01", "2026-01-01"),
        ("from=2026-07-01&to=2026-07-11", 2, "2026-07-01", "2026-07-11"),
        // Without a value is as if it were not there: a form sends all its fields.
        ("period=&from=2026-07-01&to=2026-07-11", 2, "2026-07-01", "2026-07-11"),
        ("period=2026-07&from=&to=", 3, "2026-07-01", "2026-08-01"),
    ] {
        let index = admin.index("H56.C1", &format!("survey=demo-service&{period}")).await;
        assert_eq!(index["whole"]["n"], n, "{period}");
        assert_eq!(index["period"]["from"], format!("{from}T00:00:00+07:00"), "{period}");
        assert_eq!(index["period"]["to"], format!("{to}T00:00:00+07:00"), "{period}");
        assert_eq!(index["period"]["zone"], "Asia/Ho_Chi_Minh");
        if n == 0 {
            assert_eq!((&index["whole"]["value"], &index["data_watermark"]), (&Value::Null, &Value::Null));
            assert_eq!(index["left_out"].as_array().unwrap().len(), 19);
        }
    }
    for query in [
        "period=2026&from=2026-01-01",
        "from=2026-01-02&to=2026-01-02",
        "from=2026-01-02",
        "period=2026-13",
        "",
    ] {
        let path = format!("/v1/agencies/H56/index?survey=demo-service&{query}");
        assert_eq!(admin.get(&path).await.expect(422).problem(), "validation_failed", "{query}");
    }
}

#[tokio::test]
async fn a_subtree_is_the_agency_and_everything_below() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    for agency in ["H56", "H56.C1", "H56.C1.X1", "H56.C1.X1", "H21.C1"] {
        let body = with(response(id(app.now), 4), "/rated_agency", json!(agency));
        let body = crate::support::samples::without(body, "/service_point");
        system.post("/v1/responses", &body).await.expect(201);
    }
    let admin = app.admin(None).await;
    for (agency, scope, n) in [
        ("H56", "subtree", 4),
        ("H56", "self", 1),
        ("H56.C1", "subtree", 3),
        ("H56.C1", "self", 1),
        ("H56.C1.X1", "subtree", 2),
        ("H56.C2", "subtree", 0),
        ("H21", "subtree", 1),
        ("H26", "subtree", 0),
    ] {
        let index = admin.index(agency, &format!("survey=demo-service&period=2026&scope={scope}")).await;
        assert_eq!((&index["whole"]["n"], &index["scope"]), (&json!(n), &json!(scope)), "{agency}");
    }
}

#[tokio::test]
async fn desk_points_follow_the_circular() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    // Means 1.45 -> 1.5 (half up), 1.0, 2.0 and nobody: total 4.5 of 6 possible.
    let points = (0..20)
        .map(|i| desk_response(id(app.now), [Some(if i < 9 { 2 } else { 1 }), Some(1), Some(2), None]));
    post_all(&kiosk, points.collect::<Vec<_>>()).await;
    let points = app.anonymous().index("H56", "survey=demo-desk&period=2026").await;
    assert_eq!(points["formula"]["id"], "desk-points");
    assert_eq!((&points["whole"]["value"], &points["formula"]["unit"]), (&4.5.into(), &"points".into()));
    let values: Vec<_> = points["elements"][0]["criteria"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["value"].clone())
        .collect();
    assert_eq!(values, [json!(1.5), json!(1.0), json!(2.0), Value::Null]);
    assert_eq!(points["left_out"], json!(["desk.attitude"]));
    assert_eq!(points["band"], Value::Null, "three of nine indicators cannot be banded as if they were all");
    let scaled =
        app.anonymous().index("H56", "survey=demo-desk&period=2026&formula=desk-points-rescaled").await;
    assert_eq!(scaled["whole"]["value"], 13.5);
    assert_eq!(scaled["band"], json!({"code": "good", "name": "Tốt"}));
    // Nine of twenty with 2 points, eleven with 1: 1.45 ± 2.093·sqrt(0.2475/19), on the scale of one indicator.
    for index in [&points, &scaled] {
        let criterion = &index["elements"][0]["criteria"][0];
        assert_eq!(criterion["interval"], json!({"low": 1.21, "high": 1.69}));
    }
}

#[tokio::test]
async fn an_index_says_whether_its_survey_is_fielded_there() {
    let app = TestApp::start().await;
    for (agency, fielded) in [("H56", true), ("H56.C1", true), ("H26", false)] {
        let index = app.anonymous().index(agency, "survey=demo-service&period=2026").await;
        assert_eq!(index["survey"]["fielded"], fielded, "{agency}");
    }
}

#[tokio::test]
async fn exactly_fifteen_points_are_excellent() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    // 2 + 2 + 1 of three indicators: 5 x 9 / 3 = 15.
    let bodies = (0..12).map(|_| desk_response(id(app.now), [Some(2), Some(2), Some(1), None]));
    post_all(&kiosk, bodies.collect::<Vec<_>>()).await;
    let index =
        app.anonymous().index("H56", "survey=demo-desk&period=2026&formula=desk-points-rescaled").await;
    assert_eq!((&index["whole"]["value"], &index["band"]["name"]), (&15.0.into(), &"Xuất sắc".into()));
}

#[tokio::test]
async fn small_cells_are_hidden_from_the_public_and_shown_to_those_in_charge() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let mut bodies: Vec<_> = (0..12).map(|_| response(id(app.now), 4)).collect();
    // Only three of twelve had feedback handled, eleven notified.
    for (i, body) in bodies.iter_mut().enumerate() {
        if i >= 3 {
            body["answers"]["feedback.handled"] = Value::Null;
        }
        if i == 0 {
            body["answers"]["feedback.notified"] = Value::Null;
        }
    }
    post_all(&kiosk, bodies).await;
    let query = "survey=demo-service&period=2026";
    let hidden = |index: &Value| -> Vec<String> {
        let elements = index["elements"].as_array().unwrap();
        let criteria = elements.iter().flat_map(|element| element["criteria"].as_array().unwrap());
        let hidden = criteria.chain(elements).filter(|cell| cell["suppressed"] == true);
        hidden
            .map(|cell| {
                for field in
                    ["value", "interval", "n", "numerator", "denominator", "levels", "not_applicable"]
                {
                    assert_eq!(cell[field], Value::Null, "{field} of {cell}");
                }
                cell["code"].as_str().unwrap().to_owned()
            })
            .collect()
    };
    let public = app.anonymous().index("H56.C1", query).await;
    assert_eq!(public["min_n"], 10);
    assert_eq!(hidden(&public), ["feedback.handled"]);
    assert_eq!(public["left_out"], json!(["feedback.handled"]));
    // Sums are made without what is withheld, so there is nothing to subtract.
    assert_eq!(public["whole"]["levels"][3], json!({"level": 4, "count": 16 * 12 + 12 + 11}));
    assert_eq!(public["elements"][4]["levels"][3], json!({"level": 4, "count": 12 + 11}));
    assert_eq!(public["elements"][4]["not_applicable"], 1);
    for client in [kiosk, app.admin(Some("H21")).await, app.system(Some("H56.C1.X1")).await] {
        assert_eq!(hidden(&client.index("H56.C1", query).await).len(), 1, "not in charge");
    }
    for client in [app.admin(None).await, app.admin(Some("H56")).await, app.system(Some("H56.C1")).await] {
        let index = client.index("H56.C1", query).await;
        assert_eq!((hidden(&index).len(), &index["min_n"]), (0, &0.into()));
    }
}

#[tokio::test]
async fn with_fewer_people_than_the_limit_nothing_is_shown() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    post_all(&kiosk, (0..9).map(|_| response(id(app.now), 4)).collect::<Vec<_>>()).await;
    let query = "survey=demo-service&period=2026";
    let index = app.anonymous().index("H56", query).await;
    assert_eq!((&index["whole"]["suppressed"], &index["whole"]["value"]), (&true.into(), &Value::Null));
    assert!(index["by_formula"].as_array().unwrap().iter().all(|row| row["value"] == Value::Null));
    assert_eq!((&index["left_out"], &index["data_watermark"]), (&json!([]), &Value::Null));
    let text = index.to_string();
    assert_eq!(text.matches("\"suppressed\":true").count(), 1 + 5 + CRITERIA.len());
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    assert_eq!(app.anonymous().index("H56", query).await["whole"]["n"], 10);
}

#[tokio::test]
async fn figures_can_be_closed_to_the_public() {
    let app = TestApp::start_with(&["--public-figures", "false"]).await;
    let path = |agency: &str| format!("/v1/agencies/{agency}/index?survey=demo-service&period=2026");
    assert_eq!(app.anonymous().get(&path("H56")).await.expect(401).problem(), "token_missing");
    assert_eq!(app.anonymous().get(&path("H98")).await.expect(401).problem(), "token_missing");
    let admin = app.admin(Some("H56")).await;
    admin.get(&path("H56.C1")).await.expect(200);
    assert_eq!(admin.get(&path("H21")).await.expect(404).problem(), "agency_not_found");
    assert_eq!(admin.get(&path("H98")).await.expect(404).problem(), "agency_not_found");
}

#[tokio::test]
async fn an_unchanged_index_is_not_sent_again_and_a_new_response_is_seen_at_once() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let admin = app.admin(None).await;
    let path = "/v1/agencies/H56/index?survey=demo-service&period=2026";
    kiosk.post("/v1/responses", &response(id(app.now - TimeDelta::seconds(1)), 4)).await.expect(201);
    let tag = admin.get(path).await.expect(200).header("etag").to_owned();
    admin.get_with(path, &[("if-none-match", &tag)]).await.expect(304);
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let fresh = admin.get_with(path, &[("if-none-match", &tag)]).await.expect(200);
    assert_ne!(fresh.header("etag"), tag);
    assert_eq!(fresh.json()["whole"]["n"], 2);
}

#[tokio::test]
async fn formulas_of_another_kind_and_unknown_surveys_are_refused() {
    let app = TestApp::start().await;
    let reply =
        async |query: &str| app.anonymous().get(&format!("/v1/agencies/H56/index?{query}")).await.expect(422);
    let wrong = reply("survey=demo-service&period=2026&formula=desk-points").await;
    assert_eq!(wrong.faults(), faults(&[("formula", "formula_does_not_fit")]));
    let all = reply("survey=none&period=26&scope=all&sort=up").await;
    assert_eq!(
        all.faults(),
        faults(&[
            ("period", "bad_format"),
            ("scope", "not_allowed"),
            ("sort", "unknown_field"),
            ("survey", "unknown_survey"),
        ])
    );
}
