//! Looking up agencies.

use crate::support::TestApp;
use crate::support::clients::faults;

fn codes(page: &serde_json::Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|agency| agency["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_34_provinces_of_2025_are_there() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/v1/agencies?level=province").await.expect(200).json();
    assert_eq!(codes(&page).len(), 34);
    assert!(codes(&page).is_sorted());
    assert_eq!(page["next_cursor"], serde_json::Value::Null);
    let thanh_hoa = app.anonymous().get("/v1/agencies/H56").await.expect(200).json();
    assert_eq!(thanh_hoa["name"], "Thanh Hóa");
    assert_eq!(thanh_hoa["unit_code"], "38");
    assert_eq!(thanh_hoa["valid_from"], "2025-07-01");
    assert_eq!((&thanh_hoa["parent"], &thanh_hoa["sample"]), (&serde_json::Value::Null, &false.into()));
}

#[tokio::test]
async fn names_are_found_without_diacritics_and_case() {
    let app = TestApp::start().await;
    for (query, expected) in [
        ("dak%20lak", vec!["H15"]),
        ("%C4%90%E1%BA%AEK", vec!["H15"]),
        ("HUE", vec!["H57"]),
        ("ho%20chi%20minh", vec!["H29"]),
        // Wildcards of SQL are letters like any other.
        ("%25", vec![]),
        ("_", vec![]),
        ("%5C", vec![]),
    ] {
        let page =
            app.anonymous().get(&format!("/v1/agencies?level=province&q={query}")).await.expect(200).json();
        assert_eq!(codes(&page), expected, "{query}");
    }
}

#[tokio::test]
async fn children_are_listed_with_the_code_of_their_parent() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/v1/agencies?parent=H56").await.expect(200).json();
    assert_eq!(codes(&page), ["H56.C1", "H56.C2", "H56.C3", "H56.C4", "H56.D1", "H56.D2"]);
    assert!(
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|agency| agency["parent"] == "H56" && agency["sample"] == true)
    );
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let app = TestApp::start().await;
    let all = app.anonymous().get("/v1/agencies").await.expect(200).json();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.anonymous().get(&format!("/v1/agencies?limit=7{cursor}")).await.expect(200).json();
        seen.extend(codes(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, codes(&all));
    let other = app.anonymous().get(&format!("/v1/agencies?limit=7&level=commune{cursor}")).await.expect(400);
    assert_eq!(other.problem(), "invalid_cursor");
    assert_eq!(app.anonymous().get("/v1/agencies?cursor=abc").await.expect(400).problem(), "invalid_cursor");
}

#[tokio::test]
async fn agencies_that_are_gone_are_listed_for_their_own_days_only() {
    let app = TestApp::start().await;
    let now = app.anonymous().get("/v1/agencies?q=sap%20nhap").await.expect(200).json();
    assert!(codes(&now).is_empty());
    let then = app.anonymous().get("/v1/agencies?q=sap%20nhap&valid_on=2026-06-30").await.expect(200).json();
    assert_eq!(codes(&then), ["H90"]);
    assert_eq!(app.anonymous().get("/v1/agencies/H90").await.expect(200).json()["valid_to"], "2026-07-01");
}

#[tokio::test]
async fn every_bad_parameter_is_named() {
    let app = TestApp::start().await;
    let query = "parent=h5&level=city&valid_on=2026-02-30&limit=0&page=2&limit=5";
    let reply = app.anonymous().get(&format!("/v1/agencies?{query}")).await.expect(422);
    assert_eq!(
        reply.faults(),
        faults(&[
            ("level", "not_allowed"),
            ("limit", "duplicate_field"),
            ("limit", "out_of_range"),
            ("page", "unknown_field"),
            ("parent", "bad_format"),
            ("valid_on", "bad_format"),
        ])
    );
    let unknown = app.anonymous().get("/v1/agencies?parent=H98").await.expect(422);
    assert_eq!(unknown.faults(), faults(&[("parent", "unknown_agency")]));
    for code in ["H98", "h56", "..", "H56%00", "%F0%9F%98%80", &"A".repeat(500)] {
        assert_eq!(
            app.anonymous().get(&format!("/v1/agencies/{code}")).await.expect(404).status,
            404,
            "{code}"
        );
    }
}
