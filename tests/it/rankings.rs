//! Who is first: ties, ranges, who is not ranked and why, and how it changed.

use crate::support::citizens::{
    NORMAL, alike, figure, fold, hold_folding, path, percent, post, records, service, wilson,
};
use crate::support::clients::faults;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

/// Satisfied people and all people of each agency below H56, in July and in the second quarter of 2026.
const JULY: [(&str, usize, usize); 7] = [
    ("H56.C1", 8, 10),
    ("H56.C2", 16, 20),
    ("H56.C3", 5, 10),
    ("H56.C4", 1, 40),
    ("H56.D1", 9, 9),
    ("H21.C1", 30, 30),
    ("H15", 2, 12),
];
const SPRING: [(&str, usize, usize); 5] =
    [("H56.C1", 10, 20), ("H56.C2", 18, 20), ("H56.C3", 16, 20), ("H56.C4", 9, 9), ("H56.D1", 2, 20)];

async fn rated() -> (TestApp, Client) {
    let app = service().await;
    let of = |day: &'static str| {
        move |(agency, yes, n): (&'static str, usize, usize)| alike(agency, day, &[(4, yes), (3, n - yes)])
    };
    let mut people: Vec<_> = JULY.into_iter().flat_map(of("2026-07-01")).collect();
    people.extend(SPRING.into_iter().flat_map(of("2026-06-30")));
    // Below C1: counts for it, and is a commune by itself.
    people.extend(alike("H56.C1.X1", "2026-05-01", &[(4, 10)]));
    post(&app, &people).await;
    let admin = app.admin(None).await;
    (app, admin)
}

fn column(report: &Value, names: &[&str]) -> Vec<Value> {
    let entries = report["entries"].as_array().unwrap().iter();
    entries.map(|entry| names.iter().map(|name| entry[*name].clone()).collect()).collect()
}

/// Best and worst ranks that rounded intervals allow, by their definition.
fn ranges(shares: &[(usize, usize)], z: f64) -> Vec<(usize, usize)> {
    let bounds: Vec<(f64, f64)> = shares
        .iter()
        .map(|(yes, n)| {
            let (low, high) = wilson(*yes, *n, z);
            (percent(low), percent(high))
        })
        .collect();
    let range = |(low, high): &(f64, f64)| {
        let surely_above = bounds.iter().filter(|other| other.0 > *high).count();
        let surely_below = bounds.iter().filter(|other| other.1 < *low).count();
        (1 + surely_above, bounds.len() - surely_below)
    };
    bounds.iter().map(range).collect()
}

#[tokio::test]
async fn equal_values_share_a_rank_and_few_people_have_none() {
    let (_app, admin) = rated().await;
    let report = figure(&admin, "H56", "ranking", "survey=demo-service&period=2026-07").await;
    assert_eq!((&report["ranked"], &report["ranked_from_n"]), (&json!(4), &json!(10)));
    for name in ["level", "against", "ranked_before"] {
        assert_eq!(report[name], Value::Null);
    }
    assert_eq!(
        column(&report, &["code", "rank", "unranked", "value", "n"]),
        [
            json!(["H56.C1", 1, null, 80.0, 10]),
            json!(["H56.C2", 1, null, 80.0, 20]),
            json!(["H56.C3", 3, null, 50.0, 10]),
            json!(["H56.C4", 4, null, 2.5, 40]),
            json!(["H56.D1", null, "too_few", 100.0, 9]),
            json!(["H56.D2", null, "no_responses", null, 0]),
        ]
    );
    for (confidence, z) in NORMAL {
        let query = format!("survey=demo-service&period=2026-07&confidence={confidence}");
        let report = figure(&admin, "H56", "ranking", &query).await;
        let expected = ranges(&[(8, 10), (16, 20), (5, 10), (1, 40)], z);
        let expected: Vec<Value> = expected.iter().map(|(best, worst)| json!([best, worst])).collect();
        assert_eq!(column(&report, &["best_rank", "worst_rank"])[..4], expected, "{confidence}");
        assert_eq!(column(&report, &["best_rank", "worst_rank"])[4..], vec![json!([null, null]); 2]);
    }
    // Nine are enough if somebody says so; then all move down, and the tie is second.
    let nine = figure(&admin, "H56", "ranking", "survey=demo-service&period=2026-07&min_n=9").await;
    assert_eq!(
        column(&nine, &["code", "rank"])[..5],
        [
            json!(["H56.D1", 1]),
            json!(["H56.C1", 2]),
            json!(["H56.C2", 2]),
            json!(["H56.C3", 4]),
            json!(["H56.C4", 5]),
        ]
    );
    let many = figure(&admin, "H56", "ranking", "survey=demo-service&period=2026-07&min_n=1000000").await;
    assert_eq!((&many["ranked"], column(&many, &["rank"])), (&json!(0), vec![json!([null]); 6]));
}

#[tokio::test]
async fn places_are_gained_and_lost_against_an_earlier_period() {
    let (_app, admin) = rated().await;
    let query = "survey=demo-service&period=2026-07&against=2026-Q2";
    let report = figure(&admin, "H56", "ranking", query).await;
    assert_eq!((&report["ranked_before"], &report["against"]["code"]), (&json!(4), &json!("2026-Q2")));
    let told: Vec<Value> = report["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let before = &entry["before"];
            let names = ["rank", "unranked", "value", "n", "places", "difference"];
            let mut told = vec![entry["code"].clone(), entry["rank"].clone()];
            told.extend(names.map(|name| before[name].clone()));
            json!(told)
        })
        .collect();
    assert_eq!(
        told,
        [
            // 10 of 20, and 10 of 10 below it: 20 of 30.
            json!(["H56.C1", 1, 3, null, 66.67, 30, 2, 13.33]),
            json!(["H56.C2", 1, 1, null, 90.0, 20, 0, -10.0]),
            json!(["H56.C3", 3, 2, null, 80.0, 20, -1, -30.0]),
            json!(["H56.C4", 4, null, "too_few", 100.0, 9, null, -97.5]),
            json!(["H56.D1", null, 4, null, 10.0, 20, null, 90.0]),
            json!(["H56.D2", null, null, "no_responses", null, 0, null, null]),
        ]
    );
    // The change of C4 by Newcombe's method, as in a comparison.
    let z = NORMAL[1].1;
    let ((low, high), (low_then, high_then)) = (wilson(1, 40, z), wilson(9, 9, z));
    let from = -0.975 - ((0.025 - low).powi(2) + (high_then - 1.0).powi(2)).sqrt();
    let to = -0.975 + ((high - 0.025).powi(2) + (1.0 - low_then).powi(2)).sqrt();
    let before = &report["entries"][3]["before"];
    assert_eq!(before["interval"], crate::support::citizens::interval(from, to));
    assert_eq!(
        (&before["distinguishable"], &report["entries"][5]["before"]["distinguishable"]),
        (&json!(true), &Value::Null)
    );
    let (period, against) = ("survey=demo-service&period=2026", "against=2026-05");
    let refused = admin.get(&path("H56", "ranking", &format!("{period}&{against}"))).await.expect(422);
    assert_eq!(refused.faults(), faults(&[("against", "overlapping")]));
    // The same in rows.
    let csv = admin.get(&path("H56", "ranking", &format!("{query}&format=csv"))).await.expect(200);
    let columns = [
        "code",
        "rank",
        "unranked",
        "value",
        "n",
        "before_rank",
        "before_n",
        "places",
        "difference",
        "distinguishable",
    ];
    let rows: Vec<_> = records(&csv.text).iter().map(|row| columns.map(|name| row[name].clone())).collect();
    assert_eq!(rows[2], ["H56.C3", "3", "", "50.00", "10", "2", "20", "-1", "-30.00", "false"]);
    assert_eq!(rows[5], ["H56.D2", "", "no_responses", "", "0", "", "0", "", "", ""]);
    assert!(csv.text.contains("# So với kỳ,\"2026-Q2\""), "{}", csv.text);
    assert!(csv.text.contains("# Ngưỡng xếp hạng,\"10\""), "{}", csv.text);
    let xlsx = admin.get(&path("H56", "ranking", &format!("{query}&format=xlsx"))).await.expect(200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    admin.get(&path("H56", "ranking", &format!("{query}&format=svg"))).await.expect(406);
}

#[tokio::test]
async fn any_level_may_be_ranked_however_deep_and_the_whole_country() {
    let (_app, admin) = rated().await;
    let ranking = async |agency: &str, query: &str| {
        let query = format!("survey=demo-service&{query}");
        figure(&admin, agency, "ranking", &query).await
    };
    let provinces = ranking("VN", "period=2026-07").await;
    assert_eq!(
        column(&provinces, &["code", "rank", "value", "n"])[..4],
        [
            json!(["H21", 1, 100.0, 30]),
            // 8 + 16 + 5 + 1 + 9 of 10 + 20 + 10 + 40 + 9.
            json!(["H56", 2, 43.82, 89]),
            json!(["H15", 3, 16.67, 12]),
            json!(["H01", null, null, 0]),
        ]
    );
    // 34 provinces; the one that was merged away on 1 July is none of them.
    assert_eq!(provinces["entries"].as_array().unwrap().len(), 34);
    assert!(!column(&provinces, &["code"]).contains(&json!(["H90"])));
    let then = ranking("VN", "period=2026-05&as_of=2026-06-30").await;
    assert!(column(&then, &["code"]).contains(&json!(["H90"])));
    // Communes two levels below, the one below a commune among them.
    let communes = ranking("VN", "period=2026-05&level=commune").await;
    assert_eq!(communes["level"], "commune");
    assert_eq!(
        column(&communes, &["code", "rank", "n"])[..2],
        [json!(["H56.C1", 1, 10]), json!(["H56.C1.X1", 1, 10])]
    );
    assert_eq!(communes["entries"].as_array().unwrap().len(), 14);
    let below = ranking("H56", "period=2026-05&level=commune&scope=self").await;
    assert_eq!(
        column(&below, &["code", "rank", "n"])[..2],
        [json!(["H56.C1.X1", 1, 10]), json!(["H56.C1", null, 0])]
    );
    let departments = ranking("H56,H21,H56.C1", "period=2026-07&level=department&min_n=1").await;
    assert_eq!(
        column(&departments, &["code", "rank"]),
        [json!(["H56.D1", 1]), json!(["H21.D1", null]), json!(["H21.D2", null]), json!(["H56.D2", null]),]
    );
    let both = ranking("H56,H21", "period=2026-07").await;
    assert_eq!(column(&both, &["code"])[..2], [json!(["H21.C1"]), json!(["H56.C1"])]);
    assert_eq!(both["entries"].as_array().unwrap().len(), 12);
    assert_eq!(ranking("H56.C2", "period=2026").await["entries"], json!([]));
}

#[tokio::test]
async fn an_answer_moves_a_rank_at_once_and_folding_moves_none() {
    let (app, admin) = rated().await;
    let sql = hold_folding(&app).await;
    let query = "survey=demo-service&period=2026-07&against=2026-06";
    // One of C2's people less satisfied: 16 of 21.
    post(&app, &alike("H56.C2", "2026-07-02", &[(2, 1)])).await;
    let before = figure(&admin, "H56", "ranking", query).await;
    assert_eq!(
        column(&before, &["code", "rank", "value", "n"])[..2],
        [json!(["H56.C1", 1, 80.0, 10]), json!(["H56.C2", 2, 76.19, 21]),]
    );
    fold(&sql).await;
    assert_eq!(figure(&admin, "H56", "ranking", query).await, before);
}

#[tokio::test]
async fn everything_wrong_with_a_ranking_is_said_at_once() {
    let app = service().await;
    let admin = app.admin(None).await;
    let refused = async |query: &str| admin.get(&path("H56", "ranking", query)).await.expect(422).faults();
    assert_eq!(
        refused("survey=none&period=2026&against=2026-02&level=village&min_n=0&by=gender&format=svgz").await,
        faults(&[
            ("against", "overlapping"),
            ("by", "unknown_field"),
            ("format", "not_allowed"),
            ("level", "not_allowed"),
            ("min_n", "out_of_range"),
            ("survey", "unknown_survey"),
        ])
    );
    let later = refused("survey=demo-service&period=2026-05&against=2026-06").await;
    assert_eq!(later, faults(&[("against", "not_earlier")]));
    for min_n in ["x", "-1", "1000001"] {
        let query = format!("survey=demo-service&period=2026&against=soon&min_n={min_n}");
        let codes: Vec<String> = refused(&query).await.into_iter().map(|(place, _)| place).collect();
        assert_eq!(codes, ["against", "min_n"], "{query}");
    }
    let reply = admin.get(&path("H98.C9", "ranking", "survey=demo-service&period=2026")).await.expect(404);
    assert_eq!(reply.problem(), "agency_not_found");
}
