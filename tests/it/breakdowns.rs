//! A figure by the values of a facet, those who told none included.

use crate::recount::check_cell;
use crate::support::citizens::{
    Citizen, NORMAL, figure, fold, hold_folding, interval, path, post, records, service, wilson,
};
use crate::support::clients::faults;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Facets, the fields they come from, and values that people tell.
const FACETS: [(&str, &[&str]); 5] = [
    ("channel", &["kiosk", "own_phone", "web"]),
    ("service_point", &["MC-H56", "MC-H56-C1"]),
    ("procedure", &["1.000001", "2.000815"]),
    ("gender", &["female", "male"]),
    ("age_band", &["18-24", "over-60"]),
];

fn crowd(seed: u64) -> Vec<Citizen> {
    let mut chance = StdRng::seed_from_u64(seed);
    let (agencies, days) = (["H56.C1", "H56.C1.X1", "H21.C1"], ["2026-05-31", "2026-06-01", "2026-07-01"]);
    (0..220)
        .map(|_| {
            let [agency, day] = [0, 1].map(|_| chance.random_range(0..3));
            let mut citizen = Citizen::random(agencies[agency], days[day], &mut chance);
            for (field, values) in FACETS {
                // A desk is of the agency's own province.
                if field == "service_point" && citizen.agency == "H21.C1" {
                    continue;
                }
                if let Some(value) = values.get(chance.random_range(0..=values.len())) {
                    citizen.told.push((field, value));
                }
            }
            citizen
        })
        .collect()
}

fn is_of(citizen: &Citizen, subject: &str, from: &str, to: &str) -> bool {
    let roots: Vec<&str> = if subject == "VN" { vec!["H56", "H21"] } else { subject.split(',').collect() };
    roots.iter().any(|root| citizen.is_in(root, from, to))
}

fn check(report: &Value, facet: &str, formula: &str, people: &[&Citizen]) {
    let places: Vec<usize> = (0..19).collect();
    let answers = |value: Option<Option<&str>>| -> Vec<Vec<u8>> {
        let told = |citizen: &&&Citizen| value.is_none_or(|value| citizen.told(facet) == value);
        people.iter().filter(told).map(|citizen| citizen.answers.clone()).collect()
    };
    check_cell(&report["all"], formula, &answers(None), &places);
    let values = FACETS.iter().find(|(name, _)| *name == facet).unwrap().1;
    // By code, and those who told none at the end.
    let mut expected: Vec<Option<&str>> = values.iter().copied().map(Some).collect();
    expected.push(None);
    expected.retain(|value| !answers(Some(*value)).is_empty());
    let slices = report["slices"].as_array().unwrap();
    let codes: Vec<Option<&str>> = slices.iter().map(|slice| slice["value_code"].as_str()).collect();
    assert_eq!(codes, expected);
    for (slice, value) in slices.iter().zip(expected) {
        check_cell(slice, formula, &answers(Some(value)), &places);
    }
}

#[tokio::test]
async fn all_facets_add_up_to_everybody_before_and_after_folding() {
    let app = service().await;
    let admin = app.admin(None).await;
    let sql = hold_folding(&app).await;
    let seed = rand::random::<u64>();
    let people = crowd(seed);
    post(&app, &people).await;
    let cases = [
        ("VN", "period=2026", "2026-01-01", "2027-01-01"),
        ("H21", "from=2025-11-01&to=2027-02-01", "2025-11-01", "2027-02-01"),
        ("H56", "period=2026-06", "2026-06-01", "2026-07-01"),
        ("H56,H21", "from=2026-05-01&to=2026-07-01", "2026-05-01", "2026-07-01"),
        ("H56.C1", "period=2026-Q3", "2026-07-01", "2026-10-01"),
    ];
    let mut unfolded = Vec::new();
    for round in 0..2 {
        for (place, (agency, period, from, to)) in cases.into_iter().enumerate() {
            for (next, (facet, _)) in FACETS.into_iter().enumerate() {
                let formula = ["satisfied-share", "mean-rescaled", "mean-normalised"][(place + next) % 3];
                let query = format!("survey=demo-service&{period}&by={facet}&formula={formula}");
                let report = figure(&admin, agency, "breakdown", &query).await;
                assert_eq!((&report["by"], &report["min_n"]), (&json!(facet), &json!(0)));
                if round > 0 {
                    assert_eq!(report, unfolded.remove(0), "{agency} {query}");
                    continue;
                }
                let here: Vec<&Citizen> =
                    people.iter().filter(|citizen| is_of(citizen, agency, from, to)).collect();
                let checked = std::panic::catch_unwind(|| check(&report, facet, formula, &here));
                assert!(checked.is_ok(), "seed {seed}: {agency} {query}");
                unfolded.push(report);
            }
        }
        if round == 0 {
            fold(&sql).await;
        }
    }
}

#[tokio::test]
async fn desks_have_names_and_a_sheet_has_a_row_for_each_value() {
    let app = service().await;
    let admin = app.admin(Some("H56")).await;
    let told = |level, told: &[(&'static str, &'static str)]| Citizen {
        told: told.to_vec(),
        ..Citizen::alike("H56.C1", "2026-06-10", level)
    };
    let people = [
        told(5, &[("service_point", "MC-H56-C1"), ("gender", "female")]),
        told(4, &[("service_point", "MC-H56-C1")]),
        told(1, &[("gender", "female")]),
        told(2, &[]),
    ];
    post(&app, &people).await;
    let desks = figure(&admin, "H56", "breakdown", "survey=demo-service&period=2026&by=service_point").await;
    let named: Vec<_> = desks["slices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slice| [&slice["value_code"], &slice["name"], &slice["value"], &slice["n"]])
        .collect();
    assert_eq!(
        named,
        [
            [&json!("MC-H56-C1"), &json!("Bộ phận một cửa Phường Bình Minh (mẫu)"), &json!(100.0), &json!(2)],
            [&Value::Null, &Value::Null, &json!(0.0), &json!(2)],
        ]
    );
    assert_eq!((&desks["all"]["value"], &desks["all"]["n"]), (&json!(50.0), &json!(4)));
    let query = "survey=demo-service&period=2026-06&by=gender";
    for (confidence, z) in NORMAL {
        let sure = format!("{query}&confidence={confidence}");
        let report = figure(&admin, "H56", "breakdown", &sure).await;
        let bounds = |yes, n| {
            let (low, high) = wilson(yes, n, z);
            interval(low, high)
        };
        assert_eq!(
            (&report["all"]["interval"], &report["slices"][0]["interval"]),
            (&bounds(2, 4), &bounds(1, 2))
        );
    }
    let csv = admin.get(&path("H56", "breakdown", &format!("{query}&format=csv"))).await.expect(200);
    assert!(
        csv.header("content-disposition")
            .contains("sipas_breakdown-gender_H56_demo-service_2026-06_satisfied-share.csv")
    );
    let columns = ["row", "value_code", "name", "value", "n", "level_1", "level_5"];
    let rows: Vec<_> = records(&csv.text).iter().map(|row| columns.map(|name| row[name].clone())).collect();
    assert_eq!(
        rows,
        [
            ["all", "", "", "50.00", "4", "19", "19"],
            ["value", "female", "", "50.00", "2", "19", "19"],
            ["not_told", "", "", "50.00", "2", "0", "0"],
        ]
    );
    let xlsx = admin.get(&path("H56", "breakdown", &format!("{query}&format=xlsx"))).await.expect(200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    let refused = admin.get(&path("H56", "breakdown", &format!("{query}&format=svg"))).await.expect(406);
    assert_eq!(refused.json()["detail"], "this comes as json, csv, xlsx");
    // Nobody at all: no slices, and nothing is a zero.
    let nobody = figure(&admin, "H56", "breakdown", "survey=demo-service&period=2025-08&by=gender").await;
    assert_eq!(
        (&nobody["slices"], &nobody["all"]["value"], &nobody["all"]["n"]),
        (&json!([]), &Value::Null, &json!(0))
    );
}

#[tokio::test]
async fn everything_wrong_with_a_breakdown_is_said_at_once() {
    let app = service().await;
    let admin = app.admin(None).await;
    let refused = async |query: &str| admin.get(&path("H56", "breakdown", query)).await.expect(422).faults();
    // Facets are counted by month.
    for period in [
        "period=2026-W20",
        "period=2026-05-01",
        "from=2026-05-01&to=2026-05-31",
        "from=2026-05-02&to=2026-07-01",
    ] {
        let query = format!("survey=none&{period}&by=colour&step=day&confidence=9");
        let expected = faults(&[
            ("by", "not_allowed"),
            ("confidence", "not_allowed"),
            ("period", "not_whole_months"),
            ("step", "unknown_field"),
            ("survey", "unknown_survey"),
        ]);
        assert_eq!(refused(&query).await, expected, "{query}");
    }
    assert_eq!(
        refused("").await,
        faults(&[("by", "missing_field"), ("period", "missing_field"), ("survey", "missing_field")])
    );
    let reply =
        admin.get(&path("H98.C9", "breakdown", "survey=spring&period=2026&by=gender")).await.expect(404);
    assert_eq!(reply.problem(), "agency_not_found");
}
