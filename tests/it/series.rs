//! A figure over time: every point as counted again by hand, gaps that are no zeros, breaks that are no lines.

mod versions;

use crate::recount::check_cell;
use crate::support::citizens::{
    Citizen, NORMAL, alike, figure, fold, hold_folding, interval, path, percent, post, records, service,
    wilson,
};
use crate::support::clients::faults;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

fn field<'v>(report: &'v Value, list: &str, name: &str) -> Vec<&'v Value> {
    report[list].as_array().unwrap().iter().map(|item| &item[name]).collect()
}

/// Code, first day and first day after it, whether cut off.
type Span<'t> = (&'t str, &'t str, &'t str, bool);

fn spans(report: &Value) -> Vec<Span<'_>> {
    let points = report["points"].as_array().unwrap().iter();
    points
        .map(|point| {
            let [code, from, to] = ["code", "from", "to"].map(|name| point[name].as_str().unwrap());
            (code, from, to, point["partial"].as_bool().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_step_is_cut_by_the_calendar_and_counted_from_its_own_people() {
    let app = service().await;
    let admin = app.admin(None).await;
    let seed = rand::random::<u64>();
    let mut chance = StdRng::seed_from_u64(seed);
    let days = [
        "2025-11-30",
        "2025-12-28",
        "2025-12-29",
        "2025-12-30",
        "2025-12-31",
        "2026-01-01",
        "2026-01-04",
        "2026-01-05",
        "2026-01-11",
        "2026-01-12",
        "2026-03-31",
        "2026-04-01",
        "2026-07-14",
    ];
    let agencies = ["H56", "H56.C1", "H56.C1.X1", "H56.C2", "H21.C1"];
    let people: Vec<Citizen> = (0..260)
        .map(|_| {
            let [agency, day] = [agencies.len(), days.len()].map(|most| chance.random_range(0..most));
            Citizen::random(agencies[agency], days[day], &mut chance)
        })
        .collect();
    post(&app, &people).await;
    let cases: [(&str, &str, &[Span<'_>]); 6] = [
        (
            "day",
            "from=2025-12-30&to=2026-01-02",
            &[
                ("2025-12-30", "2025-12-30", "2025-12-31", false),
                ("2025-12-31", "2025-12-31", "2026-01-01", false),
                ("2026-01-01", "2026-01-01", "2026-01-02", false),
            ],
        ),
        // Monday 29 December begins the first ISO week of 2026; both ends are cut off.
        (
            "week",
            "from=2025-12-28&to=2026-01-13",
            &[
                ("2025-W52", "2025-12-28", "2025-12-29", true),
                ("2026-W01", "2025-12-29", "2026-01-05", false),
                ("2026-W02", "2026-01-05", "2026-01-12", false),
                ("2026-W03", "2026-01-12", "2026-01-13", true),
            ],
        ),
        (
            "month",
            "from=2025-11-30&to=2026-02-01",
            &[
                ("2025-11", "2025-11-30", "2025-12-01", true),
                ("2025-12", "2025-12-01", "2026-01-01", false),
                ("2026-01", "2026-01-01", "2026-02-01", false),
            ],
        ),
        (
            "quarter",
            "from=2025-10-01&to=2026-07-15",
            &[
                ("2025-Q4", "2025-10-01", "2026-01-01", false),
                ("2026-Q1", "2026-01-01", "2026-04-01", false),
                ("2026-Q2", "2026-04-01", "2026-07-01", false),
                ("2026-Q3", "2026-07-01", "2026-07-15", true),
            ],
        ),
        (
            "year",
            "from=2025-12-29&to=2027-01-01",
            &[("2025", "2025-12-29", "2026-01-01", true), ("2026", "2026-01-01", "2027-01-01", false)],
        ),
        // A week over New Year is a part of two years.
        (
            "year",
            "period=2026-W01",
            &[("2025", "2025-12-29", "2026-01-01", true), ("2026", "2026-01-01", "2026-01-05", true)],
        ),
    ];
    let parts = [("whole", (0..19).collect()), ("feedback", vec![16, 17, 18]), ("access.signage", vec![1])];
    for (place, (step, period, expected)) in cases.into_iter().enumerate() {
        for (next, (part, places)) in parts.iter().enumerate() {
            // Each part by each formula, twice.
            let formula = ["satisfied-share", "mean-normalised", "mean-rescaled"][(place + next) % 3];
            let query = format!("survey=demo-service&step={step}&{period}&part={part}&formula={formula}");
            let report = figure(&admin, "H56", "series", &query).await;
            assert_eq!(spans(&report), expected, "{query}");
            assert_eq!((&report["step"], &report["part"]), (&json!(step), &json!(part)));
            assert_eq!(
                (&report["breaks"], field(&report, "points", "segment")),
                (&json!([]), vec![&json!(0); expected.len()])
            );
            for point in report["points"].as_array().unwrap() {
                let (from, to) = (point["from"].as_str().unwrap(), point["to"].as_str().unwrap());
                let here = people.iter().filter(|citizen| citizen.is_in("H56", from, to));
                let answers: Vec<Vec<u8>> = here.map(|citizen| citizen.answers.clone()).collect();
                let check = || check_cell(point, formula, &answers, places);
                let checked = std::panic::catch_unwind(check);
                assert!(checked.is_ok(), "seed {seed}: {query} {from}");
            }
        }
    }
    let months = figure(&admin, "H56", "series", "survey=demo-service&period=2026-Q1").await;
    assert_eq!(months["step"], "month", "by default");
}

#[tokio::test]
async fn a_gap_is_a_point_without_a_value() {
    let app = service().await;
    let admin = app.admin(Some("H56")).await;
    let mut people = alike("H56.C1", "2026-01-31", &[(1, 3)]);
    people.extend(alike("H56.C1", "2026-04-01", &[(5, 2), (3, 2)]));
    post(&app, &people).await;
    let report =
        figure(&admin, "H56.C1", "series", "survey=demo-service&from=2025-06-01&to=2026-09-01").await;
    // A month before the survey opened and two that have not come are points as any other.
    assert_eq!(report["points"].as_array().unwrap().len(), 15);
    for point in report["points"].as_array().unwrap() {
        let (value, n) = match point["code"].as_str().unwrap() {
            // Nobody satisfied is a zero that was measured.
            "2026-01" => (json!(0.0), 3),
            "2026-04" => (json!(50.0), 4),
            _ => (Value::Null, 0),
        };
        assert_eq!((&point["value"], &point["n"]), (&value, &json!(n)), "{point}");
        assert_eq!((point["interval"].is_null(), &point["suppressed"]), (n == 0, &json!(false)), "{point}");
        assert_eq!(point["partial"], false);
    }
    assert_eq!(report["points"][7]["interval"], {
        let (low, high) = wilson(0, 3, NORMAL[1].1);
        interval(low, high)
    });
    let nothing = figure(&admin, "H56.C2", "series", "survey=demo-service&period=2026").await;
    assert_eq!(field(&nothing, "points", "value"), vec![&Value::Null; 12]);
    assert_eq!(nothing["data_watermark"], Value::Null);
    // A gap is empty in a sheet, not 0, and the chart says so.
    let query = "survey=demo-service&from=2026-01-01&to=2026-05-01";
    let csv = admin.get(&path("H56.C1", "series", &format!("{query}&format=csv"))).await.expect(200);
    let rows = records(&csv.text);
    let told: Vec<_> = rows.iter().map(|row| (&row["point"][..], &row["value"][..], &row["n"][..])).collect();
    assert_eq!(
        told,
        [("2026-01", "0.00", "3"), ("2026-02", "", "0"), ("2026-03", "", "0"), ("2026-04", "50.00", "4")]
    );
    let svg = admin.get(&path("H56.C1", "series", &format!("{query}&format=svg"))).await.expect(200);
    assert!(svg.text.contains("2026-02: không có dữ liệu"), "{}", svg.text);
}

#[tokio::test]
async fn agencies_together_are_sums_and_every_confidence_has_its_interval() {
    let app = service().await;
    let admin = app.admin(None).await;
    let mut people = alike("H56.C1", "2026-05-31", &[(5, 6), (1, 2)]);
    people.extend(alike("H56", "2026-05-01", &[(4, 1)]));
    people.extend(alike("H21.C1", "2026-05-15", &[(5, 1), (1, 5)]));
    people.extend(alike("H15", "2026-05-15", &[(2, 7)]));
    post(&app, &people).await;
    for (agency, yes, n) in [
        ("H56", 7, 9),
        ("H21", 1, 6),
        ("H56,H21", 8, 15),
        ("H21,H56", 8, 15),
        // Below another, or named twice: adds nothing.
        ("H56,H56.C1,H21,H56", 8, 15),
        ("VN", 8, 22),
    ] {
        for (confidence, z) in NORMAL {
            let query = format!("survey=demo-service&period=2026-05&confidence={confidence}");
            let report = figure(&admin, agency, "series", &query).await;
            let (point, (low, high)) = (&report["points"][0], wilson(yes, n, z));
            assert_eq!(point["n"], n, "{agency}");
            assert_eq!(point["value"], percent(yes as f64 / n as f64), "{agency}");
            assert_eq!(point["interval"], interval(low, high), "{agency} {confidence}");
            assert_eq!(report["confidence_percent"], confidence);
        }
    }
    let codes = |report: &Value| report["agency"]["code"].clone();
    let query = "survey=demo-service&period=2026-05";
    assert_eq!(codes(&figure(&admin, "H56,H56.C1,H21", "series", query).await), "H56,H21");
    assert_eq!(codes(&figure(&admin, "VN", "series", query).await), "VN");
}

#[tokio::test]
async fn an_answer_is_in_the_series_at_once_and_folding_changes_nothing() {
    let app = service().await;
    let admin = app.admin(None).await;
    let sql = hold_folding(&app).await;
    let queries = [
        "survey=demo-service&period=2026&part=access",
        "survey=demo-service&period=2026-07&step=day",
        "survey=demo-service,demo-desk&period=2026",
    ];
    for round in 1..=3_usize {
        if round > 1 {
            sql.batch_execute("SELECT pg_advisory_lock(1179601988)").await.unwrap();
        }
        post(&app, &alike("H56.C1", "2026-07-14", &[(round as u8 + 1, 2)])).await;
        let before = figure(&admin, "H56", "series", queries[0]).await;
        assert_eq!(before["points"][6]["n"], 2 * round);
        let daily = figure(&admin, "H56", "series", queries[1]).await;
        assert_eq!(daily["points"][13]["n"], 2 * round);
        fold(&sql).await;
        assert_eq!(figure(&admin, "H56", "series", queries[0]).await, before);
        assert_eq!(figure(&admin, "H56", "series", queries[1]).await, daily);
    }
    let refused = admin.get(&path("H56", "series", queries[2])).await.expect(422);
    assert_eq!(refused.faults(), faults(&[("survey", "not_of_one_kind")]));
    // The same answer is not sent twice, and only its reader keeps it.
    let path = path("H56", "series", queries[0]);
    let reply = admin.get(&path).await.expect(200);
    assert_eq!(reply.header("cache-control"), "private, no-cache");
    assert_eq!(reply.header("vary"), "Accept, Accept-Encoding, Accept-Language, Authorization");
    admin.get_with(&path, &[("if-none-match", reply.header("etag"))]).await.expect(304);
}

#[tokio::test]
async fn everything_wrong_with_a_series_is_said_at_once() {
    let app = service().await;
    let admin = app.admin(None).await;
    let refused = async |query: &str| admin.get(&path("H56", "series", query)).await.expect(422).faults();
    assert_eq!(
        refused("survey=spring,none,spring&formula=a,b&period=2026-13&step=hour&scope=all&as_of=once&confidence=50&format=pdf&sort=up&part=%01").await,
        faults(&[
            ("as_of", "bad_format"),
            ("confidence", "not_allowed"),
            ("format", "not_allowed"),
            ("formula", "formula_does_not_fit"),
            ("formula", "one_for_each"),
            ("part", "forbidden_character"),
            ("period", "bad_format"),
            ("scope", "not_allowed"),
            ("sort", "unknown_field"),
            ("step", "not_allowed"),
            ("survey", "named_twice"),
            ("survey", "unknown_survey"),
        ])
    );
    for (query, expected) in [
        (
            "survey=spring,summer&formula=mean-rescaled,none&period=2026",
            [("formula", "formula_does_not_fit")],
        ),
        ("survey=spring,summer&formula=desk-points&period=2026", [("formula", "formula_does_not_fit")]),
        ("survey=spring,spring&period=2026", [("survey", "named_twice")]),
        ("survey=spring&period=2026&part=access.none", [("part", "unknown_part")]),
        ("survey=spring&from=2023-01-01&to=2025-09-28&step=day", [("step", "too_many")]),
        ("period=2026", [("survey", "missing_field")]),
        ("survey=spring", [("period", "missing_field")]),
    ] {
        assert_eq!(refused(query).await, faults(&expected), "{query}");
    }
    let most = figure(&admin, "H56", "series", "survey=spring&from=2023-01-01&to=2025-09-27&step=day").await;
    assert_eq!(most["points"].as_array().unwrap().len(), 1000);
    let many: Vec<String> = (0..21).map(|place| format!("s{place}")).collect();
    let many = refused(&format!("survey={}&period=2026", many.join(","))).await;
    assert_eq!(many, faults(&[("survey", "too_many")]));
    for agency in ["H98.C9", "H56,H98.C9", "vn", "H56,"] {
        let reply = admin.get(&path(agency, "series", "survey=spring&period=2026")).await.expect(404);
        assert_eq!(reply.problem(), "agency_not_found", "{agency}");
    }
}
