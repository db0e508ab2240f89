//! Tables of values: all or nothing, every fault by row and column.

use crate::support::{Client, Reply, TestApp};
use reqwest::Method;
use serde_json::json;

/// What the demonstration enters: Bình Định's ranks of 2023 with those of 2022 derived, and the nation's SIPAS.
pub const PUBLISHED: &str = include_str!("../../src/demo/published.csv");

pub async fn send(client: &Client, query: &str, table: &str) -> Reply {
    let headers = [("content-type", "text/csv")];
    client.send(Method::POST, &format!("/v1/measure-imports?{query}"), &headers, Some(table.to_owned())).await
}

/// Faults as (row, column, code).
fn cells(reply: &Reply) -> Vec<(u64, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let body = reply.json();
    let faults = body["errors"].as_array().unwrap_or_else(|| panic!("{body}")).iter();
    faults
        .map(|fault| (fault["row"].as_u64().unwrap(), text(&fault["column"]), text(&fault["code"])))
        .collect()
}

async fn count(app: &TestApp) -> i64 {
    app.sql().await.query_one("SELECT count(*) FROM measure_values", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_table_comes_in_at_once_and_again_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let looked = send(&admin, "dry_run=true", PUBLISHED).await.expect(200).json();
    assert_eq!(looked, json!({"dry_run": true, "entered": 15, "unchanged": 0}));
    assert_eq!(count(&app).await, 0);
    let entered = send(&admin, "dry_run=false", &format!("\u{feff}{PUBLISHED}")).await.expect(201).json();
    assert_eq!(entered, json!({"dry_run": false, "entered": 15, "unchanged": 0}));
    let again = send(&admin, "dry_run=false", PUBLISHED).await.expect(201).json();
    assert_eq!((&again["entered"], &again["unchanged"], count(&app).await), (&json!(0), &json!(15), 15));
    // A correction among rows that are there already.
    let corrected = PUBLISHED.replace("H08,papi,2023,,19,61", "H08,papi,2023,41.5,19,61");
    let refused = send(&admin, "dry_run=false", &corrected).await.expect(422);
    assert_eq!(cells(&refused), [(2, "replaces".to_owned(), "other_revision".to_owned())]);
    let head = "agency,measure,period,value,rank,out_of,mark,source_title,replaces";
    let table = format!("{head}\nH08,papi,2023,41.5,19,61,verified,x,1\nH08,papi,2021,40,,,verified,x,\n");
    assert_eq!(send(&admin, "dry_run=false", &table).await.expect(201).json()["entered"], 2);
}

#[tokio::test]
async fn one_faulty_row_keeps_all_out_and_every_cell_is_named() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let table = "agency,measure,period,value,rank,out_of,mark,source_title,source_date,source_link,assumed_because,replaces\n\
        H56,par,2024,80,,,verified,x,,,,\n\
        H56,par,2024,81,,,verified,x,,,,\n\
        H21,par,2024,80,,,verified,x,,,,\n\
        VN,par,2024,80,,,verified,x,,,,\n\
        H98,none,2024,80,,,verified,x,,,,\n\
        H56,par,2024-Q1,\"80,5\",x,,sure,,2024-02-30,ftp://x,,0\n\
        H56,sipas,2024,,,,verified,x,,,,\n\
        H56,sipas,2023,101,64,63,verified,x,,,,\n\
        H56,sipas,2022,80,1,,assumed,x,,,,\n\
        H56,sipas,2021,80,,,verified,x,,,,1\n\
        H56,sipas\n";
    let expected = [
        (3, "period", "duplicate_field"),
        (4, "agency", "unknown_agency"),
        (5, "agency", "unknown_agency"),
        (6, "measure", "unknown_measure"),
        (6, "agency", "unknown_agency"),
        (7, "period", "bad_format"),
        (7, "value", "bad_format"),
        (7, "rank", "out_of_range"),
        (7, "source_title", "missing_field"),
        (7, "source_date", "bad_format"),
        (7, "source_link", "bad_format"),
        (7, "mark", "not_allowed"),
        (7, "replaces", "out_of_range"),
        (8, "value", "nothing_said"),
        (9, "value", "value_off_scale"),
        (9, "rank", "rank_beyond_list"),
        (10, "out_of", "missing_field"),
        (10, "assumed_because", "reason_of_assumed"),
        (11, "replaces", "other_revision"),
        (12, "", "unreadable"),
    ];
    let mut found = cells(&send(&admin, "dry_run=false", table).await.expect(422));
    let mut expected = expected.map(|(row, column, code)| (row, column.to_owned(), code.to_owned()));
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(count(&app).await, 0);
}

#[tokio::test]
async fn who_may_not_enter_may_not_send_tables() {
    let app = TestApp::start().await;
    let problem = async |client: Client, status: u16| {
        send(&client, "dry_run=true", PUBLISHED).await.expect(status).problem()
    };
    assert_eq!(problem(app.anonymous(), 401).await, "token_missing");
    assert_eq!(problem(app.system(None).await, 403).await, "not_permitted");
    let unsaid = send(&app.admin(None).await, "", PUBLISHED).await.expect(422);
    assert_eq!(unsaid.json()["errors"][0]["parameter"], "dry_run");
    let json = app.admin(None).await.post("/v1/measure-imports?dry_run=true", &json!({})).await.expect(415);
    assert_eq!(json.problem(), "unsupported_media_type");
}
