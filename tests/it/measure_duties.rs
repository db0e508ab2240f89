//! Who is responsible for a measure, from which day on.

use crate::support::TestApp;
use crate::support::clients::faults;
use serde_json::{Value, json};

async fn responsible(app: &TestApp, agency: &str) -> Value {
    let table = app.anonymous().get(&format!("/v1/agencies/{agency}/measures")).await.expect(200).json();
    let items = table["items"].as_array().unwrap();
    items.iter().find(|item| item["measure"]["code"] == "par").unwrap()["responsible"].clone()
}

#[tokio::test]
async fn the_latest_day_that_has_come_counts_and_nothing_is_overwritten() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let put =
        async |body: Value| admin.put("/v1/agencies/H56/measure-duties/par", &body).await.expect(200).json();
    assert_eq!(responsible(&app, "H56").await, Value::Null);
    put(json!({"from": "2025-01-01", "unit_vi": "Sở Nội vụ", "unit_en": "Department of Home Affairs"})).await;
    assert_eq!(responsible(&app, "H56").await["unit_en"], "Department of Home Affairs");
    let unit = put(json!({"from": "2026-07-15", "agency": "H56.C1"})).await;
    assert_eq!(unit["agency"]["code"], "H56.C1");
    put(json!({"from": "2026-07-16", "unit_vi": "Ngày mai"})).await;
    assert_eq!(responsible(&app, "H56").await, unit, "tomorrow's is not there yet");
    put(json!({"from": "2026-07-15", "unit_vi": "Văn phòng"})).await;
    put(json!({"from": "2026-07-15", "unit_vi": "Văn phòng"})).await;
    assert_eq!(responsible(&app, "H56").await["unit_vi"], "Văn phòng");
    let sql = app.sql().await;
    let rows: i64 = sql.query_one("SELECT count(*) FROM measure_duties", &[]).await.unwrap().get(0);
    assert_eq!(rows, 4, "what is said again is no new row");
    assert!(sql.batch_execute("UPDATE measure_duties SET unit_vi = 'x'").await.is_err());
    assert_eq!(responsible(&app, "H21").await, Value::Null);
}

#[tokio::test]
async fn a_duty_names_a_unit_that_is_known() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let put = async |body: Value| {
        admin.put("/v1/agencies/H56/measure-duties/par", &body).await.expect(422).faults()
    };
    assert_eq!(put(json!({"from": "2026-01-01"})).await, faults(&[("/unit_vi", "no_unit")]));
    assert_eq!(put(json!({"from": "2026-01-01", "unit_en": "x"})).await, faults(&[("/unit_vi", "no_unit")]));
    assert_eq!(
        put(json!({"from": "1.1.2026", "agency": "H98", "x": 1})).await,
        faults(&[("/from", "bad_format"), ("/agency", "unknown_agency"), ("/x", "unknown_field")])
    );
    let body = json!({"from": "2026-01-01", "unit_vi": "x"});
    let elsewhere = admin.put("/v1/agencies/H21/measure-duties/par", &body).await.expect(404);
    assert_eq!(elsewhere.problem(), "agency_not_found");
    let unknown = admin.put("/v1/agencies/H56/measure-duties/none", &body).await.expect(404);
    assert_eq!(unknown.problem(), "measure_not_found");
}
