//! Numbers of dossiers handled.

use crate::support::TestApp;
use crate::support::citizens::records;
use crate::support::clients::faults;
use crate::support::samples::{id, response, without};
use serde_json::{Value, json};
use std::collections::HashMap;

const Q2: &str = "/v1/agencies/H56.C1/dossier-counts/2026-Q2";

fn counts(list: &Value) -> Vec<(String, u64)> {
    let of = |item: &Value| (item["period"].as_str().unwrap().to_owned(), item["count"].as_u64().unwrap());
    list["items"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn the_newest_report_counts_and_the_one_before_stays_in_the_records() {
    let app = TestApp::start().await;
    let system = app.system(Some("H56")).await;
    let report = |count: u64| json!({"count": count, "source": " Hệ thống tỉnh "});
    let stored = system.put(Q2, &report(1234)).await.expect(200).json();
    assert_eq!(
        stored,
        json!({"period": "2026-Q2", "from": "2026-04-01", "to": "2026-07-01", "count": 1234,
               "source": "Hệ thống tỉnh", "reported_at": "2026-07-15T03:00:00.000000Z"})
    );
    for count in [1234, 1300, 1300, 1234] {
        assert_eq!(system.put(Q2, &report(count)).await.expect(200).json()["count"], count);
    }
    system.put("/v1/agencies/H56.C1/dossier-counts/2026", &report(5000)).await.expect(200);
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-05", &report(0)).await.expect(200);
    system.put("/v1/agencies/H56.C2/dossier-counts/2026-05", &report(7)).await.expect(200);

    let anonymous = app.anonymous();
    let list = async |query: &str| {
        let reply = anonymous.get(&format!("/v1/agencies/H56.C1/dossier-counts{query}")).await.expect(200);
        counts(&reply.json())
    };
    let of = |all: &[(&str, u64)]| all.iter().map(|(code, n)| ((*code).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(list("").await, of(&[("2026", 5000), ("2026-Q2", 1234), ("2026-05", 0)]));
    assert_eq!(list("?from=2026-06-01&to=2026-06-02").await, of(&[("2026", 5000), ("2026-Q2", 1234)]));
    assert_eq!(list("?from=2026-07-01").await, of(&[("2026", 5000)]), "half-open");
    assert_eq!(list("?to=2026-01-01").await, of(&[]));

    let sql = app.sql().await;
    let rows = sql
        .query("SELECT count FROM dossier_counts WHERE period = '2026-Q2' ORDER BY id", &[])
        .await
        .unwrap();
    let history: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(history, [1234, 1300, 1234], "what says the same again is no new report");
    for change in
        ["UPDATE dossier_counts SET count = 1", "DELETE FROM dossier_counts", "TRUNCATE dossier_counts"]
    {
        assert!(sql.batch_execute(change).await.is_err(), "{change}");
    }
}

#[tokio::test]
async fn every_fault_of_a_report_is_told_at_once() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    let put = async |period: &str, body: Value| {
        system.put(&format!("/v1/agencies/H56.C1/dossier-counts/{period}"), &body).await.expect(422).faults()
    };
    let right = json!({"count": 1, "source": "x"});
    for period in ["2026-W31", "2026-07-15", "2026-Q5", "x"] {
        assert_eq!(put(period, right.clone()).await, faults(&[("period", "bad_format")]), "{period}");
    }
    assert_eq!(put("2026-08", right.clone()).await, faults(&[("period", "period_not_begun")]));
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-07", &right).await.expect(200);
    // Bình Định went into Gia Lai on 2025-07-01.
    let path = |agency: &str, period: &str| format!("/v1/agencies/{agency}/dossier-counts/{period}");
    for (agency, period) in [("H08", "2025-Q3"), ("H08", "2026")] {
        let refused = system.put(&path(agency, period), &right).await.expect(422);
        assert_eq!(refused.faults(), faults(&[("period", "not_in_tree")]));
        assert!(refused.text.contains("H21"), "{}", refused.text);
    }
    for period in ["2025-Q2", "2025"] {
        system.put(&path("H08", period), &right).await.expect(200);
    }
    let found = put("26", json!({"count": -1, "source": " ", "note": 1})).await;
    let expected = [
        ("period", "bad_format"),
        ("/count", "out_of_range"),
        ("/source", "missing_field"),
        ("/note", "unknown_field"),
    ];
    assert_eq!(found, faults(&expected));
    assert_eq!(
        put("2026", json!({"count": 1.5})).await,
        faults(&[("/count", "wrong_type"), ("/source", "missing_field")])
    );
    assert_eq!(
        put("2026", json!({"count": 1_000_000_001, "source": "x"})).await,
        faults(&[("/count", "out_of_range")])
    );
    for source in ["a\nb", "x \u{202e}y"] {
        let found = put("2026", json!({"count": 1, "source": source})).await;
        assert_eq!(found, faults(&[("/source", "forbidden_character")]), "{source:?}");
    }
    let long = json!({"count": 1, "source": "x".repeat(201)});
    assert_eq!(put("2026", long).await, faults(&[("/source", "too_long")]));
    let reversed =
        app.anonymous().get("/v1/agencies/H56.C1/dossier-counts?from=2026-02-01&to=2026-02-01").await;
    assert_eq!(reversed.expect(422).faults(), faults(&[("to", "bad_period")]));
}

#[tokio::test]
async fn only_a_system_in_charge_of_the_agency_reports() {
    let app = TestApp::start().await;
    let body = json!({"count": 1, "source": "x"});
    let problem = async |client: crate::support::Client, status: u16| {
        client.put(Q2, &body).await.expect(status).problem()
    };
    assert_eq!(problem(app.anonymous(), 401).await, "token_missing");
    assert_eq!(problem(app.admin(None).await, 403).await, "not_permitted");
    assert_eq!(problem(app.device("H56.C1", "MC-H56-C1").await, 403).await, "not_permitted");
    assert_eq!(problem(app.system(Some("H56.C2")).await, 404).await, "agency_not_found");
    app.system(Some("H56.C1")).await.put(Q2, &body).await.expect(200);
    let unknown = app.system(None).await.put("/v1/agencies/H98/dossier-counts/2026", &body).await.expect(404);
    assert_eq!(unknown.problem(), "agency_not_found");
    assert_eq!(
        app.anonymous().get("/v1/agencies/H98/dossier-counts").await.expect(404).problem(),
        "agency_not_found"
    );
}

#[tokio::test]
async fn a_figure_says_how_many_took_part_and_is_surer_the_more_did() {
    let app = TestApp::start().await;
    let system = app.system(Some("H56.C1")).await;
    let may = "2026-05-06T03:00:00Z".parse().unwrap();
    let body = |n: u8| without(response(id(may), 3 + n % 3), "/service_point");
    system.post_batch(&(0..20).map(body).collect::<Vec<_>>()).await.expect(200);
    let query = "survey=demo-service&period=2026-Q2&scope=self";
    let before = app.anonymous().index("H56.C1", query).await;
    assert_eq!(before["participation"], Value::Null);
    system.put(Q2, &json!({"count": 200, "source": "x"})).await.expect(200);
    let index = app.anonymous().index("H56.C1", query).await;
    assert_eq!(
        index["participation"],
        // 200 / (1 + 200/400) = 133.3, rounded up.
        json!({"dossiers": 200, "rate_percent": 10.0, "sample_required": 134, "sample_sufficient": false})
    );
    let width = |index: &Value| {
        let interval = &index["whole"]["interval"];
        interval["high"].as_f64().unwrap() - interval["low"].as_f64().unwrap()
    };
    assert_eq!(index["whole"]["value"], before["whole"]["value"]);
    assert!(width(&index) < width(&before), "{} {}", width(&index), width(&before));
    // Answers of more people than there were dossiers are no participation, and no dossiers are no sample.
    for (agency, count) in [("H56.C1", 19), ("H56.C2", 0)] {
        let path = Q2.replace("H56.C1", agency);
        app.system(None).await.put(&path, &json!({"count": count, "source": "x"})).await.expect(200);
    }
    let fewer = app.anonymous().index("H56.C1", query).await;
    assert_eq!((&fewer["participation"], &fewer["whole"]), (&Value::Null, &before["whole"]));
    let nobody = &app.anonymous().index("H56.C2", query).await["participation"];
    let expected =
        json!({"dossiers": 0, "rate_percent": null, "sample_required": 0, "sample_sufficient": null});
    assert_eq!(nobody, &expected);
    // Part of the quarter's dossiers is not known; a subtree is not known without all of it.
    for query in ["survey=demo-service&period=2026-05&scope=self", "survey=demo-service&period=2026-Q2"] {
        assert_eq!(app.anonymous().index("H56.C1", query).await["participation"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn every_figure_of_an_agency_says_how_many_took_part_and_is_as_sure_as_its_index() {
    let app = TestApp::start().await;
    let (system, admin) = (app.system(Some("H56.C1")).await, app.admin(None).await);
    let may = "2026-05-06T03:00:00Z".parse().unwrap();
    let body = |n: u8| without(response(id(may), 3 + n % 3), "/service_point");
    system.post_batch(&(0..20).map(body).collect::<Vec<_>>()).await.expect(200);
    system.put(Q2, &json!({"count": 200, "source": "x"})).await.expect(200);
    let query = "survey=demo-service&period=2026-Q2&scope=self";
    let index = admin.index("H56.C1", query).await;
    let (whole, took_part) = (&index["whole"], &index["participation"]);
    assert_eq!(took_part["rate_percent"], 10.0);
    let get = async |agency: &str, what: &str| {
        admin.get(&format!("/v1/agencies/{agency}/index/{what}&{query}")).await.expect(200)
    };
    let like_the_index = |figure: &Value, participation: &Value| {
        assert_eq!((&figure["value"], &figure["interval"]), (&whole["value"], &whole["interval"]));
        assert_eq!(participation, took_part);
    };

    for part in ["whole", "access.signage"] {
        let series = get("H56.C1", &format!("series?step=quarter&part={part}")).await.json();
        let point = &series["points"][0];
        assert_eq!(&point["participation"], took_part);
        if part == "whole" {
            like_the_index(point, &point["participation"]);
        }
    }
    let months = get("H56.C1", "series?step=month").await.json();
    for point in months["points"].as_array().unwrap() {
        assert_eq!(point["participation"], Value::Null, "no month was reported");
    }
    let ranking = get("H56", "ranking?min_n=1").await.json();
    let entries = ranking["entries"].as_array().unwrap();
    for entry in entries {
        if entry["code"] == "H56.C1" {
            like_the_index(entry, &entry["participation"]);
        } else {
            assert_eq!(entry["participation"], Value::Null);
        }
    }
    assert!(entries.len() > 2);
    let compared = get("H56.C1", "comparison?with=H56.C2").await.json();
    like_the_index(&compared["first"], &compared["first_participation"]);
    assert_eq!(compared["second_participation"], Value::Null);
    let by_channel = get("H56.C1", "breakdown?by=channel").await.json();
    like_the_index(&by_channel["all"], &by_channel["participation"]);

    let sheets =
        [("H56.C1", "series?step=quarter"), ("H56", "ranking?min_n=1"), ("H56.C1", "comparison?with=H56.C2")];
    for (agency, what) in sheets {
        let rows = records(&get(agency, &format!("{what}&format=csv")).await.text);
        let told = |row: &HashMap<String, String>| {
            ["dossiers", "participation", "sample_required", "sample_sufficient"]
                .map(|name| row[name].clone())
        };
        assert!(rows.iter().map(told).any(|told| told == ["200", "10.00", "134", "false"]), "{rows:?}");
    }
    let sheet = admin.get(&format!("/v1/agencies/H56.C1/index?{query}&format=csv")).await.expect(200);
    assert!(sheet.text.contains("200 (10.00 %)"), "{}", sheet.text);
}
