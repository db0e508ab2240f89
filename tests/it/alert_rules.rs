//! Rules of alerts: made, changed and ended by those in charge, every fault at once.

use crate::alerts::{QUICK, monthly, rule, two_rounds, wait};
use crate::support::TestApp;
use crate::support::citizens::{alike, post};
use crate::support::clients::faults;
use serde_json::{Value, json};

#[tokio::test]
async fn every_fault_of_a_rule_is_named_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let of = async |body: Value| admin.post("/v1/alert-rules", &body).await.expect(422).faults();
    assert_eq!(
        of(json!({})).await,
        faults(&[
            ("/agency", "missing_field"),
            ("/kind", "missing_field"),
            ("/name", "missing_field"),
            ("/threshold", "missing_field"),
        ])
    );
    let body = json!({"name": "x", "agency": "H21", "kind": "below_target", "threshold": "80.123",
                      "survey": "nothing", "period": "week", "confidence": "80", "hours": 1});
    assert_eq!(
        of(body).await,
        faults(&[
            ("/agency", "unknown_agency"),
            ("/confidence", "not_allowed"),
            ("/hours", "unknown_field"),
            ("/period", "not_allowed"),
            ("/survey", "unknown_survey"),
            ("/threshold", "bad_format"),
        ])
    );
    // What a kind does not look at it does not take.
    let body = json!({"name": "x", "agency": "H56", "kind": "silent_device", "threshold": "2.5",
                      "survey": "demo-service", "each_child": true});
    assert_eq!(
        of(body).await,
        faults(&[
            ("/each_child", "unknown_field"),
            ("/survey", "unknown_field"),
            ("/threshold", "out_of_range")
        ])
    );
    let formula = json!({"name": "x", "agency": "H56", "kind": "drop", "threshold": 5, "survey": "demo-service",
                         "period": "quarter", "formula": "desk-points"});
    assert_eq!(of(formula).await, faults(&[("/formula", "formula_does_not_fit")]));
    for (threshold, code) in [
        (json!(0), "out_of_range"),
        (json!("100.01"), "out_of_range"),
        (json!(i64::MAX), "out_of_range"),
        (json!(1.5), "wrong_type"),
        (json!("-1.0"), "bad_format"),
    ] {
        let mut body = json!({"name": "x", "agency": "H56", "kind": "below_target", "threshold": threshold});
        body.as_object_mut().unwrap().extend(monthly().as_object().unwrap().clone());
        assert_eq!(of(body).await, faults(&[("/threshold", code)]), "{threshold}");
    }
}

#[tokio::test]
async fn a_rule_is_changed_and_ended_by_those_in_charge_and_its_alerts_end_with_it() {
    let app = TestApp::start_with(&QUICK).await;
    let (admin, other) = (app.admin(Some("H56")).await, app.admin(Some("H21")).await);
    post(&app, &alike("H56.C1", "2026-07-10", &[(1, 30), (5, 30)])).await;
    let id = rule(&admin, "H56.C1", "below_target", "20", monthly()).await;
    let path = format!("/v1/alert-rules/{id}");
    two_rounds().await;
    wait(&admin, "", 0).await;
    assert_eq!(other.patch(&path, &json!({"threshold": 90})).await.problem(), "alert_rule_not_found");
    assert_eq!(other.post(&format!("{path}/end"), &json!({})).await.problem(), "alert_rule_not_found");
    let wrong = admin.patch(&path, &json!({"threshold": 101, "name": null})).await.expect(422);
    assert_eq!(wrong.faults(), faults(&[("/name", "missing_field"), ("/threshold", "out_of_range")]));
    let changed = admin.patch(&path, &json!({"threshold": 90})).await.expect(200).json();
    assert_eq!(
        (&changed["threshold"], &changed["name"], &changed["formula"], &changed["confidence_percent"]),
        (&json!("90.00"), &json!("below_target"), &json!("satisfied-share"), &json!(95))
    );
    wait(&admin, "state=open", 1).await;
    for _ in 0..2 {
        let ended = admin.post(&format!("{path}/end"), &json!({})).await.expect(200).json();
        assert_ne!(ended["ended_at"], Value::Null);
    }
    assert_eq!(wait(&admin, "state=closed", 1).await[0]["close_reason"], "ended");
    assert_eq!(admin.patch(&path, &json!({"threshold": 95})).await.problem(), "alert_rule_not_found");
    let listed = admin.get("/v1/alert-rules?agency=H56.C1").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(other.get("/v1/alert-rules").await.json()["items"], json!([]));
    two_rounds().await;
    assert_eq!(wait(&admin, "", 1).await.len(), 1);
}
