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
    assert_eq!(thanh_hoa["valid_from"], "2012-01-01");
    assert!(thanh_hoa["note"].as_str().unwrap().contains("where the catalogue begins"));
    assert_eq!((&thanh_hoa["parent"], &thanh_hoa["sample"]), (&serde_json::Value::Null, &false.into()));
}

#[tokio::test]
async fn the_reform_of_2025_is_known() {
    let app = TestApp::start().await;
    let provinces = async |day: &str| {
        let page =
            app.anonymous().get(&format!("/v1/agencies?level=province&q=&valid_on={day}")).await.expect(200);
        page.json()
    };
    // 63 and the one that the tests invent.
    assert_eq!(codes(&provinces("2025-06-30").await).len(), 64);
    assert_eq!(codes(&provinces("2025-07-01").await).len(), 35);
    let (before, since) = (provinces("2025-06-30").await, provinces("2025-07-01").await);
    let field = |page: &serde_json::Value, code: &str, field: &str| {
        let items = page["items"].as_array().unwrap();
        items.iter().find(|agency| agency["code"] == code).map(|agency| agency[field].clone())
    };
    assert_eq!(field(&before, "H21", "unit_code"), Some("64".into()));
    assert_eq!(field(&since, "H21", "unit_code"), Some("52".into()));
    assert_eq!(field(&before, "H08", "unit_code"), Some("52".into()));
    assert_eq!(field(&since, "H08", "unit_code"), None);
    assert_eq!(field(&before, "H57", "name"), Some("Thừa Thiên Huế".into()));
    assert_eq!(field(&since, "H57", "name"), Some("Huế".into()));

    let gia_lai = app.anonymous().get("/v1/agencies/H21").await.expect(200).json();
    let merger = serde_json::json!([{ "agency": "H08", "effective_on": "2025-07-01", "share": "1" }]);
    assert_eq!((&gia_lai["predecessors"], &gia_lai["unit_code"]), (&merger, &"52".into()));
    assert_eq!(
        gia_lai["versions"],
        serde_json::json!([
            { "valid_from": "2012-01-01", "name": "Gia Lai", "parent": null, "unit_code": "64" },
            { "valid_from": "2025-07-01", "name": "Gia Lai", "parent": null, "unit_code": "52" },
        ])
    );
    let binh_dinh = app.anonymous().get("/v1/agencies/H08").await.expect(200).json();
    let heir = serde_json::json!([{ "agency": "H21", "effective_on": "2025-07-01", "share": "1" }]);
    assert_eq!((&binh_dinh["valid_to"], &binh_dinh["successors"]), (&"2025-07-01".into(), &heir));
    let note = binh_dinh["note"].as_str().unwrap();
    assert!(note.contains("E-identifier not verified") && note.contains("Unit code not verified"), "{note}");
    let events = app.anonymous().get("/v1/agency-events?agency=H08").await.expect(200).json();
    let event = &events["items"][0];
    assert_eq!((&event["kind"], &event["effective_on"]), (&"merge".into(), &"2025-07-01".into()));
    assert!(event["basis"].as_str().unwrap().contains("not verified"));
}

#[tokio::test]
async fn the_catalogue_is_loaded_once_also_after_more_has_become_of_it() {
    let app = TestApp::start().await;
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    let load = async || sipas::service::catalogue::load(&db, &crate::support::samples::catalogue()).await;
    assert_eq!(load().await.unwrap(), sipas::service::catalogue::Loaded::default());
    let event = serde_json::json!({
        "id": "0197b8f2-3c00-7000-8000-000000000001", "kind": "rename", "effective_on": "2026-07-01", "basis": "x",
        "agency": "H56.C1", "name": "Phường Mới",
    });
    app.admin(None).await.post("/v1/agency-events", &event).await.expect(201);
    assert_eq!(load().await.unwrap(), sipas::service::catalogue::Loaded::default());
    let other = crate::support::samples::source(
        "other.toml",
        "agency_events = [{ kind = \"recode\", effective_on = \"2025-07-01\", agency = \"H21\", unit_code = \"53\", basis = \"x\" },
            { kind = \"rename\", effective_on = \"2020-01-01\", agency = \"H21\", name = \"x\", basis = \"x\" },
            { kind = \"merge\", effective_on = \"2026-01-01\", predecessors = [\"H99\"], successor = \"H21\", basis = \"x\" }]",
    );
    let detail = sipas::service::catalogue::load(&db, &[other]).await.unwrap_err().detail.unwrap();
    let lines: Vec<&str> = detail.lines().collect();
    assert_eq!(lines.len(), 3, "{detail}");
    assert!(lines.iter().any(|line| line.contains("recode H21 is recorded with other content")), "{detail}");
    assert!(lines.iter().any(|line| line.contains("H21 was changed on 2025-07-01 already")), "{detail}");
    assert!(lines.iter().any(|line| line.contains("/predecessors/0: There is no such agency")), "{detail}");
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
