//! What is written about the formulas.

use crate::support::TestApp;
use serde_json::Value;

#[tokio::test]
async fn every_formula_says_what_is_verified_and_what_is_assumed() {
    let app = TestApp::start().await;
    let list = app.anonymous().get("/v1/formulas").await.expect(200);
    let items = list.json()["items"].as_array().unwrap().clone();
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    let expected = [
        "satisfied-share",
        "mean-normalised",
        "mean-rescaled",
        "desk-points",
        "desk-points-rescaled",
        "ratio-766",
    ];
    assert_eq!(ids, expected);
    for item in &items {
        for field in ["definition", "verified", "assumed", "combination", "interval", "source"] {
            assert!(item[field]["vi"].as_str().is_some_and(|text| !text.is_empty()), "{item}");
            assert!(item[field]["en"].as_str().is_some_and(|text| !text.is_empty()), "{item}");
        }
        let one = app.anonymous().get(&format!("/v1/formulas/{}", item["id"].as_str().unwrap())).await;
        assert_eq!(one.expect(200).json(), *item);
    }
    assert_eq!(
        (&items[0]["range"]["least"], &items[1]["range"]["least"]),
        (&Value::from(0.0), &Value::from(20.0))
    );
    assert_eq!(
        (&items[5]["status"], &items[5]["version"]),
        (&"needs_counts_of_complaints".into(), &1.into())
    );
    assert_eq!(items[0]["status"], "computed");
}

#[tokio::test]
async fn an_unchanged_list_is_not_sent_again_and_an_unknown_formula_not_found() {
    let app = TestApp::start().await;
    let list = app.anonymous().get("/v1/formulas").await.expect(200);
    assert_eq!(list.header("cache-control"), "public, max-age=60");
    app.anonymous().get_with("/v1/formulas", &[("if-none-match", list.header("etag"))]).await.expect(304);
    let unknown = app.anonymous().get("/v1/formulas/satisfied").await.expect(404);
    assert_eq!(unknown.problem(), "formula_not_found");
    assert_eq!(app.anonymous().get("/v1/formulas?q=1").await.expect(422).problem(), "validation_failed");
}
