//! What a steering committee asks beside the figures: targets, what to change first, and what others publish.

use super::{ALIKE, bytes, package, path, rated};
use crate::measure_imports::{PUBLISHED, send};
use crate::support::TestApp;
use serde_json::json;

#[tokio::test]
async fn binh_dinhs_row_of_2023_stands_in_its_report() {
    let app = TestApp::start().await;
    send(&app.admin(None).await, "dry_run=false", PUBLISHED).await.expect(201);
    let report = "/v1/agencies/H08/report?survey=demo-service&period=2023&lang=en";
    let tracker = &package(&bytes(&app.anonymous(), &format!("{report}&format=csv")).await)["tracker"];
    for (code, rank, out_of, places) in [
        ("papi", "19", "61", "18"),
        ("par", "31", "63", "2"),
        ("sipas", "20", "63", "1"),
        ("pci", "25", "63", "-4"),
    ] {
        let row = tracker.iter().find(|row| row["measure"] == code).unwrap();
        assert_eq!(
            [&row["rank"], &row["out_of"], &row["places"], &row["value"]],
            [rank, out_of, places, ""],
            "{code}"
        );
    }
    let page = app.anonymous().get(report).await.expect(200).text;
    assert!(
        page.contains("Indices that others publish") && page.contains("<td class=\"number\">\u{2212}4</td>")
    );
    // What was published later is not in the report of an earlier year.
    let before = package(&bytes(&app.anonymous(), &report.replace("2023", "2021&format=csv")).await);
    assert!(!before.contains_key("tracker"), "{:?}", before["tracker"]);
}

#[tokio::test]
async fn the_target_and_what_each_criterion_contributes_are_those_of_the_api() {
    let app = rated().await;
    let admin = app.admin(Some("H56")).await;
    let target = "/v1/agencies/H56/targets/demo-service:satisfied-share/2026";
    admin.put(target, &json!({"at_least": 90})).await.expect(200);
    let anybody = app.anonymous();
    let parts = package(&bytes(&anybody, &path("format=csv")).await);
    let held =
        anybody.get("/v1/agencies/H56/targets?period=2026-Q2&as_of=2026-06-30").await.expect(200).json();
    let (held, row) = (&held["items"][0], &parts["targets"][0]);
    assert_eq!((&row["at_least"][..], &row["set_for"][..]), ("90", "H56"));
    assert_eq!(row["value"].parse::<f64>().ok(), held["figure"]["whole"]["value"].as_f64());
    assert_eq!(row["distance"].parse::<f64>().ok(), held["distance"].as_f64());
    let drags = anybody.get(&format!("/v1/agencies/H56/index/drags?{ALIKE}")).await.expect(200).json();
    for (row, drag) in parts["drags"].iter().zip(drags["criteria"].as_array().unwrap()) {
        assert_eq!(row["code"], drag["code"].as_str().unwrap());
        assert_eq!(row["contribution"].parse::<f64>().ok(), drag["contribution"].as_f64());
    }
    assert_eq!(parts["drags"][0]["code"], "official.guidance", "the one that is worse than the others");
    let html = anybody.get(&path("lang=en")).await.expect(200).text;
    assert!(html.contains("Targets") && html.contains("Not reached"), "{html}");
}
