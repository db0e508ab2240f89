//! What a kiosk downloads.

use crate::support::{TestApp, samples};

#[tokio::test]
async fn a_kiosk_downloads_the_wording_in_both_languages() {
    let app = TestApp::start().await;
    let survey = app.anonymous().get("/v1/surveys/demo-service").await.expect(200).json();
    assert_eq!(
        (&survey["kind"], &survey["state"], &survey["version"]),
        (&"sipas".into(), &"open".into(), &1.into())
    );
    let criteria: Vec<_> = survey["elements"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|element| element["criteria"].as_array().unwrap())
        .collect();
    let codes: Vec<_> = criteria.iter().map(|criterion| criterion["code"].as_str().unwrap()).collect();
    assert_eq!(codes, samples::CRITERIA);
    for criterion in criteria {
        assert!(criterion["text"]["vi"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(criterion["text"]["en"].as_str().is_some_and(|text| !text.is_empty()));
        let levels: Vec<_> =
            criterion["levels"].as_array().unwrap().iter().map(|level| &level["value"]).collect();
        assert_eq!(levels, [1, 2, 3, 4, 5]);
        let optional = criterion["code"].as_str().unwrap().starts_with("feedback.");
        assert_eq!(criterion["may_be_not_applicable"], optional);
    }
}

#[tokio::test]
async fn it_downloads_again_only_what_has_changed() {
    let app = TestApp::start().await;
    let first = app.anonymous().get("/v1/surveys/demo-service").await.expect(200);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag} is a strong tag");
    for held in [tag.as_str(), "\"other\", W/\"x\"", "*"] {
        let again = app.anonymous().get_with("/v1/surveys/demo-service", &[("if-none-match", held)]).await;
        let same = held == tag || held == "*";
        assert_eq!(again.status, if same { 304 } else { 200 }, "{held}");
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.text.is_empty(), same);
    }
}

#[tokio::test]
async fn every_survey_says_its_state_and_where_it_is_fielded() {
    let app = TestApp::start().await;
    let list = app.anonymous().get("/v1/surveys").await.expect(200).json();
    let state = |code: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["code"] == code).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        ["closed", "demo-desk", "demo-service", "planned"].map(state),
        ["closed", "open", "open", "planned"]
    );
    assert_eq!(list["items"][0]["agencies"], serde_json::json!(["H56", "H90"]));
    assert_eq!(app.anonymous().get("/v1/surveys/none").await.expect(404).problem(), "survey_not_found");
}

#[tokio::test]
async fn a_new_survey_is_seen_without_a_restart() {
    let app = TestApp::start().await;
    app.anonymous().get("/v1/surveys/late").await.expect(404);
    let text = r#"
        [[surveys]]
        code = "late"
        name = { vi = "Mới", en = "New" }
        questionnaire = "desk-2018"
        version = 1
        opens_on = "2026-07-01"
        agencies = ["H21"]
    "#;
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::catalogue::load(&db, &[samples::source("late.toml", text)]).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while app.anonymous().get("/v1/surveys/late").await.status != 200 {
        assert!(std::time::Instant::now() < deadline, "the catalogue in memory stays old");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

mod loading {
    use super::samples::source;
    use super::*;
    use sipas::error::ErrorCode;
    use sipas::service::catalogue::{Loaded, load};

    #[tokio::test]
    async fn loading_again_changes_nothing() {
        let app = TestApp::start().await;
        let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
        assert_eq!(load(&db, &samples::catalogue()).await.unwrap(), Loaded::default());
    }

    #[tokio::test]
    async fn other_content_under_a_known_code_is_refused_and_nothing_of_the_load_stays() {
        let app = TestApp::start().await;
        let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
        let questionnaire =
            sipas::catalogue::built_in().remove(0).text.replace("Trụ sở sạch sẽ", "Trụ sở rất sạch");
        let entries = r#"
            agencies = [
                { code = "H97", level = "province", name = "Mới", valid_from = "2026-01-01" },
                { code = "H56", level = "province", name = "Tên khác", valid_from = "2025-07-01" },
                { code = "H96.1", level = "commune", name = "Mồ côi", parent = "H96", valid_from = "2026-01-01" },
            ]
        "#;
        let error =
            load(&db, &[source("q.toml", &questionnaire), source("a.toml", entries)]).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::CatalogueConflict);
        let detail = error.detail.unwrap();
        for line in ["questionnaire sipas-service-2022 version 1", "agency H56 ", "agency H96.1: its parent"]
        {
            assert!(detail.contains(line), "{line} in {detail}");
        }
        app.anonymous().get("/v1/agencies/H97").await.expect(404);
    }

    #[tokio::test]
    async fn a_file_that_breaks_rules_is_refused_with_all_of_them() {
        let app = TestApp::start().await;
        let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
        let text = r#"
            agencies = [
                { code = "h97", level = "province", name = "Mới", valid_from = "2026-01-01" },
                { code = "H97", level = "city", name = "Mới", valid_from = "2026-13-01" },
                { code = "H96", level = "province", name = "", valid_from = "2026-01-02", valid_to = "2026-01-01" },
            ]
        "#;
        let detail = load(&db, &[source("bad.toml", text)]).await.unwrap_err().detail.unwrap();
        for part in ["agency h97", "agency H97", "name: Validation error: length", "ends before it begins"] {
            assert!(detail.contains(part), "{part} in {detail}");
        }
        let unknown = load(&db, &[source("x.toml", "typo = 1")]).await.unwrap_err().detail.unwrap();
        assert!(unknown.contains("unknown field `typo`"), "{unknown}");
    }
}
