//! Reports: the numbers of the API in every form, nothing of what is withheld, the same bytes whenever and wherever.

mod schedules;
mod steering;

use crate::support::TestApp;
use crate::support::clients::{Client, Reply, faults};
use crate::support::samples::{CRITERIA, id, response, with, without};
use calamine::{Data, Reader, Xlsx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Cursor, Read};

/// The second quarter, two weeks before the tests' now.
const QUARTER: &str = "survey=demo-service&period=2026-Q2";

/// The API about the same: by the tree of the quarter's last day.
const ALIKE: &str = "survey=demo-service&period=2026-Q2&as_of=2026-06-30";

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// So many people of each level, who rated an agency on a day; every third of them commented.
async fn rate(system: &Client, agency: &str, day: &str, levels: &[(u8, usize)]) {
    let people = levels.iter().flat_map(|(level, people)| std::iter::repeat_n(*level, *people)).enumerate();
    let bodies = people.map(|(place, level)| {
        let body = without(response(id(at(&format!("{day}T09:00:00+07:00"))), level), "/service_point");
        let body = with(body, "/rated_agency", json!(agency));
        // One criterion is worse than the others.
        let body = with(body, "/answers/official.guidance", json!((level - 1).max(1)));
        if place % 3 == 0 { with(body, "/comment", json!("chờ lâu")) } else { body }
    });
    system.post_batch(&bodies.collect::<Vec<Value>>()).await.expect(200);
}

/// Two quarters in which three communes and a department were rated: C1 and C2 by many, C3 by three people, D1 by twenty.
async fn rated() -> TestApp {
    let app = TestApp::start_with(&["--max-offline-days", "300"]).await;
    let system = app.system(Some("H56")).await;
    rate(&system, "H56.C1", "2026-02-10", &[(5, 20), (2, 20)]).await;
    rate(&system, "H56.C1", "2026-05-12", &[(5, 36), (2, 4)]).await;
    rate(&system, "H56.C2", "2026-05-13", &[(4, 15), (3, 15)]).await;
    rate(&system, "H56.C3", "2026-06-01", &[(1, 3)]).await;
    rate(&system, "H56.D1", "2026-06-02", &[(5, 10), (1, 10)]).await;
    app
}

fn path(query: &str) -> String {
    format!("/v1/agencies/H56/report?{QUARTER}&{query}")
}

/// Bytes of an answer.
async fn bytes(client: &Client, path: &str) -> Vec<u8> {
    client.get(path).await.expect(200).bytes.to_vec()
}

/// The CSV files of a package: rows by machine names.
fn package(zip: &[u8]) -> HashMap<String, Vec<HashMap<String, String>>> {
    let mut package = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let names: Vec<String> = package.file_names().map(|name| name.unwrap().into_owned()).collect();
    let csv = names.into_iter().filter_map(|name| {
        let part = name.strip_suffix(".csv")?.to_owned();
        let mut text = String::new();
        package.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        let rest = text.split_once('\n').unwrap().1.to_owned();
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(rest.as_bytes());
        Some((part, reader.deserialize().map(|record| record.unwrap()).collect()))
    });
    csv.collect()
}

/// The rows of a worksheet below the row that begins with a label, by the labels of the columns.
fn table(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str, first: &str) -> Vec<HashMap<String, Data>> {
    let range = book.worksheet_range(sheet).unwrap();
    let mut rows = range.rows().skip_while(|row| row[0] != Data::String(first.into()));
    let labels: Vec<String> = rows.next().unwrap().iter().map(ToString::to_string).collect();
    let filled = rows.take_while(|row| row[0] != Data::Empty);
    filled.map(|row| labels.iter().cloned().zip(row.iter().cloned()).collect()).collect()
}

fn number(cell: &Data) -> Option<f64> {
    match cell {
        Data::Float(number) => Some(*number),
        Data::Int(number) => Some(*number as f64),
        _ => None,
    }
}

#[tokio::test]
async fn every_form_has_the_numbers_of_the_api_and_nothing_of_what_is_withheld() {
    let app = rated().await;
    let anybody = app.anonymous();
    let index = anybody.index("H56", ALIKE).await;
    let ranking =
        anybody.get(&format!("/v1/agencies/H56/index/ranking?{ALIKE}&against=2026-Q1")).await.expect(200);
    let ranking = ranking.json();
    let entries = ranking["entries"].as_array().unwrap();
    let withheld: Vec<&str> = entries
        .iter()
        .filter(|entry| entry["suppressed"] == true)
        .filter_map(|entry| entry["code"].as_str())
        .collect();
    assert!(
        withheld.contains(&"H56.C3") && withheld.len() >= 2,
        "one alone could be told by subtraction: {withheld:?}"
    );

    let parts = package(&bytes(&anybody, &path("format=csv")).await);
    let whole = &parts["index"][0];
    assert_eq!(whole["value"].parse::<f64>().ok(), index["whole"]["value"].as_f64());
    assert_eq!(whole["low"].parse::<f64>().ok(), index["whole"]["interval"]["low"].as_f64());
    assert_eq!(whole["n"].parse::<u64>().ok(), index["whole"]["n"].as_u64());
    assert_eq!(parts["criteria"].len(), CRITERIA.len());
    let criteria = index["elements"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|element| element["criteria"].as_array().unwrap());
    for (row, criterion) in parts["criteria"].iter().zip(criteria) {
        assert_eq!(row["code"], criterion["code"].as_str().unwrap());
        assert_eq!(row["value"].parse::<f64>().ok(), criterion["value"].as_f64());
        let told: Vec<Option<u64>> =
            (1..=5).map(|level| row[&format!("level_{level}")].parse().ok()).collect();
        let counts = criterion["levels"].as_array();
        let expected: Vec<Option<u64>> =
            (0..5).map(|place| counts.and_then(|counts| counts[place]["count"].as_u64())).collect();
        assert_eq!(told, expected);
    }

    let mut book = Xlsx::new(Cursor::new(bytes(&anybody, &path("format=xlsx&lang=en")).await)).unwrap();
    assert_eq!(
        book.sheet_names(),
        ["Overview", "Criteria", "Ranking", "Over time", "To improve", "Comments", "Method", "Charts"]
    );
    let sheet = table(&mut book, "Ranking", "Agency");
    assert_eq!((sheet.len(), parts["ranking"].len()), (entries.len(), entries.len()));
    for ((row, line), entry) in sheet.iter().zip(&parts["ranking"]).zip(entries) {
        assert_eq!(row["Code"], Data::String(entry["code"].as_str().unwrap().into()));
        for (label, name, figure) in [
            ("Value (%)", "value", &entry["value"]),
            ("Low (%)", "low", &entry["interval"]["low"]),
            ("High (%)", "high", &entry["interval"]["high"]),
            ("People", "n", &entry["n"]),
            ("Rank", "rank", &entry["rank"]),
            ("Best rank", "best_rank", &entry["best_rank"]),
            ("Before (%)", "before_value", &entry["before"]["value"]),
            ("Change (percentage points)", "difference", &entry["before"]["difference"]),
        ] {
            assert_eq!(number(&row[label]), figure.as_f64(), "{label} of {}", entry["code"]);
            assert_eq!(line[name].parse::<f64>().ok(), figure.as_f64(), "{name} of {}", entry["code"]);
        }
        let is_withheld = entry["suppressed"] == true;
        assert_eq!(row["Note"] == Data::String("withheld".into()), is_withheld);
        assert_eq!(line["note"] == "không công bố", is_withheld);
    }
    // Who is withheld has no comments told either, and C1's are told.
    let comments: HashMap<&str, &str> =
        parts["comments_by_agency"].iter().map(|row| (&row["code"][..], &row["comments"][..])).collect();
    assert_eq!(comments["H56.C1"], "14");
    assert!(withheld.iter().all(|code| comments[code].is_empty()), "{comments:?}");

    let page = anybody.get(&path("lang=vi")).await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let shown = format!("{:.2}", index["whole"]["value"].as_f64().unwrap()).replace('.', ",");
    assert!(page.text.contains(&format!("<td class=\"number\">{shown}</td>")), "{shown}");
    for entry in entries.iter().filter(|entry| !entry["value"].is_null()) {
        let shown = format!("{:.2}", entry["value"].as_f64().unwrap()).replace('.', ",");
        assert!(page.text.contains(&format!(">{shown}<")), "{shown}");
    }
    assert!(page.text.contains("<thead>") && !page.text.contains("<script") && !page.text.contains("style="));
}

#[tokio::test]
async fn the_change_is_told_with_whether_it_is_chance() {
    let app = rated().await;
    let anybody = app.anonymous();
    let compared = anybody
        .get(&format!("/v1/agencies/H56.C1/index/comparison?{ALIKE}&with_period=2026-Q1"))
        .await
        .expect(200);
    let compared = compared.json();
    let report = format!("/v1/agencies/H56.C1/report?{QUARTER}&format=csv&lang=en");
    let change = &package(&bytes(&anybody, &report).await)["change"];
    let row = |place: usize, name: &str| change[place][name].parse::<f64>().ok();
    assert_eq!(row(0, "value"), compared["first"]["value"].as_f64());
    assert_eq!(row(1, "value"), compared["second"]["value"].as_f64());
    assert_eq!(row(2, "value"), compared["difference"].as_f64());
    assert_eq!((row(2, "value"), &change[2]["note"][..]), (Some(40.0), "hardly chance"));
    assert_eq!((&change[0]["code"][..], &change[1]["code"][..]), ("2026-Q2", "2026-Q1"));
}

#[tokio::test]
async fn the_same_figures_are_the_same_bytes_whenever_and_from_every_instance() {
    let app = rated().await;
    // A day later, another process in all but name.
    let other =
        TestApp::on(app.database_url.clone(), "2026-07-16T23:11:12+07:00", &["--max-offline-days", "300"])
            .await;
    for query in ["format=html", "format=xlsx", "format=csv", "format=xlsx&lang=en", "format=csv&lang=en"] {
        let first = bytes(&app.anonymous(), &path(query)).await;
        // Times inside ZIP have two seconds.
        tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
        assert!(first == bytes(&app.anonymous(), &path(query)).await, "{query}: later");
        assert!(first == bytes(&other.anonymous(), &path(query)).await, "{query}: elsewhere");
    }
}

#[tokio::test]
async fn who_is_in_charge_sees_more_and_nobody_else_gets_it_from_a_cache() {
    let app = rated().await;
    let public = app.anonymous().get(&path("format=csv")).await.expect(200);
    assert_eq!(public.header("cache-control"), "public, max-age=60");
    assert_eq!(
        public.header("content-disposition"),
        "attachment; filename=\"sipas_report_H56_demo-service_2026-Q2_satisfied-share_vi.zip\""
    );
    let admin = app.admin(Some("H56")).await;
    let private = admin.get(&path("format=csv")).await.expect(200);
    assert_eq!(private.header("cache-control"), "private, no-cache");
    let ranking = package(&private.bytes)["ranking"].clone();
    let few = ranking.iter().find(|row| row["code"] == "H56.C3").unwrap();
    assert_eq!((&few["value"][..], &few["n"][..]), ("0.00", "3"));
    let again =
        app.anonymous().get_with(&path("format=csv"), &[("if-none-match", public.header("etag"))]).await;
    again.expect(304);
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_with_all_faults() {
    let app = TestApp::start().await;
    let anybody = app.anonymous();
    let found = anybody
        .get("/v1/agencies/H56/report?period=2026-W31&format=pdf&lang=fr&as_of=x&scope=self")
        .await
        .expect(422)
        .faults();
    let expected = [
        ("as_of", "bad_format"),
        ("survey", "missing_field"),
        ("period", "bad_format"),
        ("format", "not_allowed"),
        ("lang", "not_allowed"),
        ("scope", "unknown_field"),
    ];
    assert_eq!(found, faults(&expected));
    let unknown: Reply = anybody.get(&format!("/v1/agencies/H77/report?{QUARTER}")).await.expect(404);
    assert_eq!(unknown.problem(), "agency_not_found");
    // A period without an answer has a report that says so.
    let page = anybody.get(&path("lang=en")).await.expect(200);
    assert!(page.text.contains("nobody answered"), "{}", page.text);
}
