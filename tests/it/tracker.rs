//! Where an agency stands by every measure: Bình Định's row of 2023 through the API, files and the page; what is computed
//! beside it.

use crate::measure_imports::{PUBLISHED, send};
use crate::support::citizens::{self, alike};
use crate::support::{Client, TestApp};
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use std::io::Cursor;

/// Bình Định 2023: measure, rank, out of how many, places gained.
const BINH_DINH: [(&str, i64, i64, i64); 4] =
    [("papi", 19, 61, 18), ("par", 31, 63, 2), ("sipas", 20, 63, 1), ("pci", 25, 63, -4)];

async fn table(client: &Client, path: &str) -> Value {
    client.get(&format!("/v1/agencies/{path}")).await.expect(200).json()
}

fn item(table: &Value, code: &str) -> Value {
    let items = table["items"].as_array().unwrap();
    items.iter().find(|item| item["measure"]["code"] == code).unwrap().clone()
}

fn holds_binh_dinhs_row(table: &Value) {
    for (code, rank, out_of, places) in BINH_DINH {
        let item = item(table, code);
        let (entry, change) = (&item["entry"], &item["change"]);
        assert_eq!(
            (&entry["rank"], &entry["out_of"], &change["places"], &change["against"]),
            (&json!(rank), &json!(out_of), &json!(places), &json!("2022")),
            "{code}"
        );
        assert_eq!(change["rank_direction"], if places > 0 { "up" } else { "down" });
        assert_eq!(
            (&entry["value"], &change["value"]),
            (&Value::Null, &Value::Null),
            "only ranks were published"
        );
        assert_eq!((&entry["mark"], &change["before"]["mark"]), (&json!("verified"), &json!("assumed")));
        let reason = change["before"]["assumed_because"].as_str().unwrap();
        assert!(reason.contains("derived from the published change"), "{reason}");
    }
    assert_eq!(item(table, "dti")["entry"], Value::Null);
}

#[tokio::test]
async fn binh_dinhs_row_of_2023_is_reproduced_from_single_values() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    for (code, rank, out_of, places) in BINH_DINH {
        let body = json!({"rank": rank, "out_of": out_of, "source": {"title": "x"}, "mark": "verified"});
        admin.put(&format!("/v1/agencies/H08/measures/{code}/2023"), &body).await.expect(200);
        let before = json!({
            "rank": rank + places, "out_of": out_of, "source": {"title": "x"}, "mark": "assumed",
            "assumed_because": "derived from the published change",
        });
        admin.put(&format!("/v1/agencies/H08/measures/{code}/2022"), &before).await.expect(200);
    }
    holds_binh_dinhs_row(&table(&app.anonymous(), "H08/measures?period=2023").await);
}

#[tokio::test]
async fn a_target_stands_beside_what_was_published() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let body = json!({"rank": 20, "value": 84.5, "out_of": 63, "source": {"title": "x"}, "mark": "verified"});
    admin.put("/v1/agencies/H56/measures/sipas/2023", &body).await.expect(200);
    let aim = json!({"at_least": 90, "rank_at_most": 15});
    admin.put("/v1/agencies/H56/targets/sipas/2023", &aim).await.expect(200);
    let anybody = app.anonymous();
    for asked in ["H56/measures?period=2023", "H56/measures"] {
        let table = table(&anybody, asked).await;
        let target = item(&table, "sipas")["target"].clone();
        assert_eq!((&target["at_least"], &target["rank_at_most"]), (&json!(90.0), &json!(15)), "{asked}");
        assert_eq!((&target["distance"], &target["places"]), (&json!(-5.5), &json!(-5)));
        assert_eq!((&target["state"], &target["set_for"]["code"]), (&json!("missed"), &json!("H56")));
        assert_eq!(item(&table, "par")["target"], Value::Null);
    }
    // Of another year, and of the country, there is none.
    assert_eq!(item(&table(&anybody, "H56/measures?period=2022").await, "sipas")["target"], Value::Null);
    assert_eq!(item(&table(&anybody, "VN/measures?period=2023").await, "sipas")["target"], Value::Null);
    let text = anybody.get("/v1/agencies/H56/measures?period=2023&format=csv").await.expect(200).text;
    let rows = &text[text.find("\"origin\"").unwrap()..];
    let mut rows = csv::Reader::from_reader(rows.as_bytes());
    let columns = rows.headers().unwrap().clone();
    let row = rows.records().map(Result::unwrap).find(|row| &row[1] == "sipas").unwrap();
    let cell = |name: &str| row[columns.iter().position(|column| column == name).unwrap()].to_owned();
    assert_eq!((cell("target_at_least"), cell("target_rank_at_most")), ("90.00".into(), "15".into()));
    assert_eq!((cell("target_distance"), cell("target_places")), ("-5.50".into(), "-5".into()));
    assert_eq!((cell("target_state"), cell("survey")), ("missed".into(), String::new()));
    let page = anybody.get("/tracker?agency=H56&period=2023").await.expect(200).text;
    assert!(page.contains("hạng 15 trở lên") && page.contains("Chưa đạt"), "{page}");
}

#[tokio::test]
async fn binh_dinhs_row_of_2023_is_told_by_table_file_and_page() {
    let app = TestApp::start().await;
    send(&app.admin(None).await, "dry_run=false", PUBLISHED).await.expect(201);
    let anybody = app.anonymous();
    let body = table(&anybody, "H08/measures?period=2023").await;
    holds_binh_dinhs_row(&body);
    // Without a period the newest of each, which is the same here; it ended, and says who goes on.
    let newest = table(&anybody, "H08/measures").await;
    assert_eq!((&newest["items"], &newest["period"]), (&body["items"], &Value::Null));
    assert_eq!(body["successors"][0]["code"], "H21");
    assert_eq!((&body["computed"], &body["agency"]["name"]), (&json!([]), &json!("Bình Định")));
    let heir = table(&anybody, "H21/measures?period=2023").await;
    assert_eq!(heir["predecessors"][0]["code"], "H08");
    assert!(heir["items"].as_array().unwrap().iter().all(|item| item["entry"].is_null()), "not its own");

    let text = anybody.get("/v1/agencies/H08/measures?period=2023&format=csv").await.expect(200).text;
    assert!(text.contains("\"entered\",\"papi\",") && text.contains(",19,61,1,\"verified\""), "{text}");
    let file = anybody.get("/v1/agencies/H08/measures?period=2023&format=xlsx").await.expect(200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let head = sheet.rows().position(|row| row[0] == Data::String("origin".into())).unwrap();
    let column = |name: &str| {
        sheet.rows().nth(head).unwrap().iter().position(|cell| *cell == Data::String(name.into())).unwrap()
    };
    for (code, rank, out_of, places) in BINH_DINH {
        let row = sheet.rows().find(|row| row[column("measure")] == Data::String(code.into())).unwrap();
        let number = |name: &str| match row[column(name)] {
            Data::Float(number) => number,
            Data::Int(number) => number as f64,
            ref other => panic!("{name} of {code} is {other:?}"),
        };
        assert_eq!(
            (number("rank"), number("out_of"), number("places")),
            (rank as f64, out_of as f64, places as f64)
        );
    }

    let english = anybody.get("/tracker?agency=H08&period=2023&lang=en").await.expect(200).text;
    let vietnamese = anybody.get("/tracker?agency=H08&period=2023").await.expect(200).text;
    for (_, rank, out_of, places) in BINH_DINH {
        let (lots, way) = (places.abs(), if places > 0 { ("up", "tăng") } else { ("down", "giảm") });
        let plural = if lots == 1 { "place" } else { "places" };
        assert!(
            english.contains(&format!("{rank}/{out_of}"))
                && english.contains(&format!("{} {lots} {plural}<", way.0))
        );
        assert!(vietnamese.contains(&format!("{} {lots} bậc<", way.1)), "{vietnamese}");
    }
    assert!(english.contains("derived from the published change") && english.contains("Gia Lai"));
}

#[tokio::test]
async fn a_break_is_said_on_the_page_and_no_rank_is_invented() {
    let app = TestApp::start().await;
    send(&app.admin(None).await, "dry_run=false", PUBLISHED).await.expect(201);
    let anybody = app.anonymous();
    let body = table(&anybody, "VN/measures?period=2022").await;
    let sipas = item(&body, "sipas");
    assert_eq!((&sipas["entry"]["value"], &sipas["entry"]["rank"]), (&json!(80.08), &Value::Null));
    assert_eq!(
        (&sipas["change"]["value"], &sipas["change"]["broken"]["first_period"]),
        (&Value::Null, &json!("2022"))
    );
    assert!(["par", "papi", "pci"].iter().all(|code| item(&body, code)["entry"].is_null()));
    let page = anybody.get("/tracker?period=2022&lang=en").await.expect(200).text;
    assert!(page.contains("80.08%") && page.contains("Not comparable") && !page.contains("87.16"), "{page}");
    let page = anybody.get("/tracker?period=2021").await.expect(200).text;
    assert!(page.contains("87,16") && page.contains("giả định"), "{page}");
    assert!(page.contains("tăng 1,68 điểm phần trăm"), "{page}");
}

#[tokio::test]
async fn a_period_finds_the_newest_within_it_or_the_one_it_lies_in() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    for (path, value) in [
        ("766/2026-04", 80.0),
        ("766/2026-05", 82.5),
        ("766/2026-01", 70.0),
        ("par/2025", 88.0),
        ("par/2024", 87.0),
    ] {
        let body = json!({"value": value, "source": {"title": "x"}, "mark": "verified"});
        admin.put(&format!("/v1/agencies/H56/measures/{path}"), &body).await.expect(200);
    }
    let anybody = app.anonymous();
    let shown = async |period: &str, code: &str| {
        let body = table(&anybody, &format!("H56/measures?period={period}")).await;
        item(&body, code)["entry"]["period"].as_str().map(str::to_owned)
    };
    let period = |code: &str| Some(code.to_owned());
    assert_eq!(shown("2026", "766").await, period("2026-05"));
    assert_eq!(shown("2026-Q1", "766").await, period("2026-01"));
    assert_eq!(shown("2026-04", "766").await, period("2026-04"));
    assert_eq!(shown("2026-03", "766").await, None);
    assert_eq!(shown("2025-Q3", "par").await, period("2025"));
    assert_eq!(shown("2026", "par").await, None, "not published yet is not last year's");
    assert_eq!(item(&table(&anybody, "H56/measures").await, "par")["entry"]["period"], "2025");
    let change = item(&table(&anybody, "H56/measures?period=2026").await, "766")["change"].clone();
    assert_eq!((&change["against"], &change["value"]), (&json!("2026-04"), &json!(2.5)));
    for query in ["period=2026-W31", "period=2026-07-15", "period=x", "x=1"] {
        assert_eq!(anybody.get(&format!("/v1/agencies/H56/measures?{query}")).await.status, 422, "{query}");
    }
    assert_eq!(anybody.get("/v1/agencies/H98/measures").await.expect(404).problem(), "agency_not_found");
}

#[tokio::test]
async fn what_is_computed_stands_apart_and_is_suppressed_like_everything() {
    let app = citizens::service().await;
    let mut people = alike("H56.C1", "2026-07-02", &[(1, 3), (2, 5), (3, 7), (4, 40), (5, 25)]);
    people.extend(alike("H21.C1", "2026-07-02", &[(1, 4), (5, 2)]));
    citizens::post(&app, &people).await;
    let anybody = app.anonymous();
    let body = table(&anybody, "H56/measures?period=2026").await;
    let figure = |body: &Value, beside: &str| {
        let all = body["computed"].as_array().unwrap();
        all.iter().find(|one| one["beside"] == beside && one["survey"] == "demo-service").unwrap().clone()
    };
    let index = anybody.index("H56", "survey=demo-service&period=2026&as_of=then").await;
    let own = figure(&body, "sipas");
    for part in ["value", "interval", "n"] {
        assert_eq!(own[part], index["whole"][part], "{part}");
    }
    // 72 of 80 people did not choose one of the two lowest levels, each for every criterion.
    let ratio = figure(&body, "766.mdhl");
    assert_eq!((&ratio["value"], &ratio["interval"], &ratio["n"]), (&json!(90.0), &Value::Null, &json!(80)));
    assert!(ratio["label"]["en"].as_str().unwrap().contains("not the published index"));
    assert_eq!(item(&body, "sipas")["entry"], Value::Null, "it is not entered");
    let few = table(&anybody, "H21/measures?period=2026").await;
    for beside in ["sipas", "766.mdhl"] {
        let hidden = figure(&few, beside);
        assert_eq!(
            (&hidden["value"], &hidden["n"], &hidden["suppressed"]),
            (&Value::Null, &Value::Null, &json!(true))
        );
    }
    let in_charge = table(&app.admin(Some("H21")).await, "H21/measures?period=2026").await;
    assert_eq!(figure(&in_charge, "766.mdhl")["value"], json!(33.33));
    let page = anybody.get("/tracker?agency=H56&period=2026&lang=en").await.expect(200).text;
    assert!(page.contains("not the published index") && page.contains("90.00%"), "{page}");
    let home = anybody.get("/?agency=H56&survey=demo-service&period=2026").await.expect(200).text;
    assert!(home.contains("/tracker?agency=H56&amp;period=2026"), "{home}");
}

#[tokio::test]
async fn answers_are_tagged_and_only_the_publics_may_be_shared() {
    let app = TestApp::start().await;
    let (anybody, admin) = (app.anonymous(), app.admin(Some("H56")).await);
    for path in ["/v1/agencies/H56/measures", "/v1/agencies/H56/measures/par"] {
        let public = anybody.get(path).await.expect(200);
        assert!(public.header("cache-control").contains("public"), "{}", public.header("cache-control"));
        let again = anybody.get_with(path, &[("if-none-match", public.header("etag"))]).await;
        assert_eq!(again.status, 304);
        let own = admin.get(path).await.expect(200);
        assert!(own.header("cache-control").contains("private"), "{}", own.header("cache-control"));
        assert_eq!(anybody.get(&format!("{path}?format=svg")).await.expect(406).problem(), "not_acceptable");
    }
}

#[tokio::test]
async fn the_page_checks_its_address_and_needs_no_survey() {
    let app = TestApp::start().await;
    let anybody = app.anonymous();
    for (address, status) in [
        ("/tracker", 200),
        ("/tracker?agency=VN&lang=en", 200),
        ("/tracker?agency=H56.C1&period=2026-Q2", 200),
        ("/tracker?agency=H98", 404),
        ("/tracker?agency=H56,H21", 404),
        ("/tracker?period=2026-W31", 422),
        ("/tracker?survey=demo-service", 422),
        ("/tracker?lang=fr", 422),
    ] {
        let reply = anybody.get(address).await.expect(status);
        assert!(reply.header("content-type").starts_with("text/html"), "{address}");
    }
}

#[tokio::test]
async fn where_figures_are_not_public_what_others_published_still_is() {
    let app = TestApp::start_with(&["--public-figures", "false"]).await;
    let body = json!({"value": 88.5, "source": {"title": "x"}, "mark": "verified"});
    app.admin(Some("H56")).await.put("/v1/agencies/H56/measures/par/2025", &body).await.expect(200);
    let open = table(&app.anonymous(), "H56/measures?period=2025").await;
    assert_eq!((&item(&open, "par")["entry"]["value"], &open["computed"]), (&json!(88.5), &json!([])));
    let own = table(&app.admin(Some("H56")).await, "H56/measures?period=2025").await;
    assert!(!own["computed"].as_array().unwrap().is_empty());
}
