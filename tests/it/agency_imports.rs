//! Tables of new agencies: all or nothing, every fault by row and column.

use crate::support::{Client, Reply, TestApp};
use reqwest::Method;
use std::fmt::Write;

async fn send(client: &Client, query: &str, table: impl Into<Vec<u8>>) -> Reply {
    let headers = [("content-type", "text/csv")];
    client.send(Method::POST, &format!("/v1/agencies/import?{query}"), &headers, Some(table)).await
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
    app.sql().await.query_one("SELECT count(*) FROM agencies", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn every_commune_of_the_country_comes_in_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let mut table = String::from("\u{feff}valid_from,name,code,level,parent,unit_code,note\r\n");
    let provinces = admin.get("/v1/agencies?level=province&limit=34").await.expect(200).json();
    let provinces: Vec<&str> = provinces["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agency| agency["code"].as_str().unwrap())
        .collect();
    for number in 0..3321 {
        // Every tenth stands below one that comes after it.
        let parent = provinces[number % 34];
        let parent = if number % 10 == 0 && number < 3320 {
            format!("{parent}.T{}", number + 1)
        } else {
            parent.to_owned()
        };
        let own = if number % 10 == 1 { provinces[(number - 1) % 34] } else { provinces[number % 34] };
        writeln!(table, "2025-07-01,\"Xã {number}, mẫu\",{own}.T{number},commune,{parent},{number:05},\r")
            .unwrap();
    }
    let before = count(&app).await;
    let looked = send(&admin, "dry_run=true", table.clone()).await.expect(200).json();
    assert_eq!(looked, serde_json::json!({ "dry_run": true, "agencies": 3321, "event": null }));
    assert_eq!(count(&app).await, before);
    let begun = std::time::Instant::now();
    let entered = send(&admin, "dry_run=false&basis=Q%C4%90%2019", table.clone()).await.expect(201).json();
    // Two seconds unoptimised on an idle machine.
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!((&entered["agencies"], count(&app).await), (&3321.into(), before + 3321));
    let own = provinces[0];
    let first = admin.get(&format!("/v1/agencies/{own}.T0")).await.expect(200).json();
    assert_eq!((&first["parent"], &first["unit_code"]), (&format!("{own}.T1").into(), &"00000".into()));
    assert_eq!(first["name"], "Xã 0, mẫu");
    let events = admin.get(&format!("/v1/agency-events?agency={own}.T0")).await.expect(200).json();
    assert_eq!(
        (&events["items"][0]["kind"], &events["items"][0]["basis"]),
        (&"import".into(), &"QĐ 19".into())
    );
    assert_eq!(events["items"][0]["id"], entered["event"]);
    let again = send(&admin, "dry_run=false", table).await.expect(422);
    assert_eq!(cells(&again).len(), 1000);
    assert_eq!(again.json()["detail"], "the first 1000 of 3321 faults");
    assert_eq!(cells(&again)[0], (2, "code".into(), "code_taken".into()));
}

#[tokio::test]
async fn one_faulty_row_keeps_all_out_and_every_cell_is_named() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    let before = count(&app).await;
    let table = "code,level,name,valid_from,parent,unit_code\n\
        H56.N1,commune,Tốt,2026-01-01,H56,\n\
        h56,city,,2026-13-01,H21,1\n\
        H56.N1,commune,Hai lần,2026-01-01,H56,\n\
        H56.C1,commune,Đã có,2026-01-01,H56,\n\
        H56.N2,commune,Không cha,2026-01-01,,\n\
        H56.N3,commune,Vòng,2026-01-01,H56.N4,\n\
        H56.N4,commune,Vòng,2026-01-01,H56.N3,\n\
        H56.N5,commune,Dưới vòng,2026-01-01,H56.N4,\n\
        H56.N6,commune,Sớm,2020-01-01,H56.C2,\n\
        H56.N7,commune,Sớm hơn cha,2025-12-31,H56.N1,\n\
        H56.N8,commune\n\
        H56.N9,commune,Lạ,2026-01-01,H98,\n";
    let reply = send(&admin, "dry_run=false", table).await.expect(422);
    let expected = [
        (3, "code", "bad_format"),
        (3, "unit_code", "bad_format"),
        (3, "level", "not_allowed"),
        (3, "name", "missing_field"),
        (3, "valid_from", "bad_format"),
        (3, "parent", "unknown_agency"),
        (4, "code", "duplicate_field"),
        (5, "code", "code_taken"),
        (6, "parent", "missing_field"),
        (7, "parent", "circle"),
        (8, "parent", "circle"),
        (9, "parent", "circle"),
        (10, "parent", "agency_not_there"),
        (11, "parent", "agency_not_there"),
        (12, "", "unreadable"),
        (13, "parent", "unknown_agency"),
    ];
    assert_eq!(cells(&reply), expected.map(|(row, column, code)| (row, column.to_owned(), code.to_owned())));
    assert_eq!(count(&app).await, before);
}

#[tokio::test]
async fn the_head_and_the_size_are_checked() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let head = send(&admin, "dry_run=true", "code,name,name,colour\nx\n").await.expect(422);
    let expected = [
        (1, "name", "duplicate_field"),
        (1, "colour", "unknown_field"),
        (1, "level", "missing_field"),
        (1, "valid_from", "missing_field"),
    ];
    assert_eq!(cells(&head), expected.map(|(row, column, code)| (row, column.to_owned(), code.to_owned())));
    let empty = send(&admin, "dry_run=true", "code,level,name,valid_from\n").await.expect(422);
    assert_eq!(cells(&empty), [(2, String::new(), "out_of_range".to_owned())]);
    assert_eq!(cells(&send(&admin, "dry_run=true", "").await.expect(422)).len(), 4);
    let broken =
        send(&admin, "dry_run=true", b"code,level,name,valid_from\nH01.X,commune,\xff,2026-01-01\n").await;
    assert_eq!(cells(&broken.expect(422)), [(2, String::new(), "unreadable".to_owned())]);
    let row = "H01.X,commune,x,2026-01-01\n";
    let long = format!("code,level,name,valid_from\n{}", row.repeat(10_001));
    assert_eq!(send(&admin, "dry_run=true", long).await.expect(413).problem(), "body_too_large");
    let wide = format!("code,level,name,valid_from\nH01.X,commune,{},2026-01-01\n", "x".repeat(4_000_000));
    assert_eq!(send(&admin, "dry_run=true", wide).await.expect(413).problem(), "body_too_large");
    // Neither may happen because a parameter was forgotten.
    let unsaid = send(&admin, "", format!("code,level,name,valid_from\n{row}")).await.expect(422);
    assert_eq!(unsaid.json()["errors"][0]["parameter"], "dry_run");
    let wrong = send(&admin, "dry_run=yes&x=1", row).await.expect(422);
    assert_eq!(wrong.json()["errors"].as_array().unwrap().len(), 2);
    let json = admin.post("/v1/agencies/import?dry_run=true", &serde_json::json!({})).await.expect(415);
    assert_eq!(json.problem(), "unsupported_media_type");
}
