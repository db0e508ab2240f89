//! A figure over time: every point as counted again by hand, gaps that are no zeros, breaks that are no lines.

use crate::recount::check_cell;
use crate::support::TestApp;
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
                let single = places.len() == 1;
                let check = || check_cell(point, formula, &answers, places, single);
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

/// Version 1 in the first quarter, version 2 in April and May, version 1 again from June on.
async fn two_versions() -> (TestApp, crate::support::Client) {
    let app = service().await;
    let of = |survey: &'static str, day: &str, levels: &[(u8, usize)]| -> Vec<Citizen> {
        let people = alike("H56.C1", day, levels).into_iter();
        let cut = if survey == "summer" { 18 } else { 19 };
        people
            .map(|citizen| Citizen { survey, answers: citizen.answers[..cut].to_vec(), ..citizen })
            .collect()
    };
    let mut people = of("spring", "2026-02-10", &[(4, 3), (2, 1)]);
    people.extend(of("spring", "2026-03-31", &[(5, 1), (3, 1)]));
    people.extend(of("summer", "2026-04-01", &[(5, 4), (1, 4)]));
    people.extend(of("late", "2026-06-30", &[(4, 5)]));
    post(&app, &people).await;
    let admin = app.admin(None).await;
    (app, admin)
}

#[tokio::test]
async fn versions_and_formulas_are_segments_with_breaks_between() {
    let (_app, admin) = two_versions().await;
    let series = async |query: &str| figure(&admin, "H56", "series", &format!("period=2026&{query}")).await;
    let told = |report: &Value| -> Vec<Value> {
        let points = report["points"].as_array().unwrap().iter();
        points.map(|point| json!([point["code"], point["segment"], point["value"], point["n"]])).collect()
    };
    let gap = |month: &str, segment: usize| json!([month, segment, null, 0]);
    // Named out of order: they stand in the order of time.
    let report = series("survey=summer,spring").await;
    assert_eq!(
        report["segments"],
        json!([
            {"surveys": ["spring"], "questionnaire": "sipas-service-2022", "version": 1,
             "formula": "satisfied-share", "has_part": true},
            {"surveys": ["summer"], "questionnaire": "sipas-service-2022", "version": 2,
             "formula": "satisfied-share", "has_part": true},
        ])
    );
    assert_eq!(
        report["breaks"],
        json!([
            {"on": "2026-04-01", "segment": 1, "reasons": ["questionnaire_version"]},
        ])
    );
    assert_eq!((&report["survey"]["code"], &report["survey"]["version"]), (&json!("spring"), &json!(1)));
    let mut expected =
        vec![gap("2026-01", 0), json!(["2026-02", 0, 75.0, 4]), json!(["2026-03", 0, 50.0, 2])];
    expected.extend([json!(["2026-04", 1, 50.0, 8]), gap("2026-05", 1)]);
    expected.extend(["06", "07", "08", "09", "10", "11", "12"].map(|month| gap(&format!("2026-{month}"), 1)));
    assert_eq!(told(&report), expected);
    // The old version comes back: a break each time, one segment for both stretches.
    let back = series("survey=spring,summer,late&step=quarter").await;
    assert_eq!(field(&back, "segments", "surveys"), [&json!(["spring", "late"]), &json!(["summer"])]);
    assert_eq!(
        back["breaks"],
        json!([
            {"on": "2026-04-01", "segment": 1, "reasons": ["questionnaire_version"]},
            {"on": "2026-06-01", "segment": 0, "reasons": ["questionnaire_version"]},
        ])
    );
    // In the second quarter both were open; what one asked is never added to what the other did.
    assert_eq!(
        told(&back),
        [
            json!(["2026-Q1", 0, 66.67, 6]),
            json!(["2026-Q2", 1, 50.0, 8]),
            json!(["2026-Q2", 0, 100.0, 5]),
            gap("2026-Q3", 0),
            gap("2026-Q4", 0),
        ]
    );
    // Both formulas and versions, in the order of the surveys as they were named.
    let mixed = series("survey=summer,spring&formula=mean-rescaled,mean-normalised&step=quarter").await;
    assert_eq!(field(&mixed, "segments", "formula"), ["mean-normalised", "mean-rescaled"]);
    assert_eq!(mixed["formula"]["id"], "mean-normalised");
    assert_eq!(mixed["breaks"][0]["reasons"], json!(["questionnaire_version", "formula"]));
    // (3·4 + 2 + 5 + 3)/6/5 = 22/30; (4·4 + 4·0)/8/4 = 1/2.
    assert_eq!(told(&mixed)[..2], [json!(["2026-Q1", 0, 73.33, 6]), json!(["2026-Q2", 1, 50.0, 8])]);
    // Same version, other formula.
    let formulas = series("survey=spring,late&formula=satisfied-share,mean-rescaled&step=quarter").await;
    assert_eq!(formulas["breaks"], json!([{"on": "2026-06-01", "segment": 1, "reasons": ["formula"]}]));
    assert_eq!(told(&formulas)[..2], [json!(["2026-Q1", 0, 66.67, 6]), json!(["2026-Q2", 1, 75.0, 5])]);
    // Only the first version asks this: in the second one nobody could answer.
    let part = series("survey=spring,summer&part=feedback.notified").await;
    assert_eq!(field(&part, "segments", "has_part"), [true, false]);
    assert_eq!(
        told(&part)[1..4],
        [json!(["2026-02", 0, 75.0, 4]), json!(["2026-03", 0, 50.0, 2]), gap("2026-04", 1)]
    );
    let element = series("survey=spring,summer&part=feedback").await;
    assert_eq!(
        (&element["points"][1]["levels"][3]["count"], &element["points"][3]["levels"][4]["count"]),
        (&json!(9), &json!(8))
    );
    let refused = admin.get(&path("H56", "series", "survey=summer&period=2026&part=feedback.notified")).await;
    assert_eq!(refused.expect(422).faults(), faults(&[("part", "unknown_part")]));
}

#[tokio::test]
async fn sheets_and_charts_of_a_series_tell_its_breaks() {
    let (_app, admin) = two_versions().await;
    let query = "survey=spring,summer&from=2026-02-01&to=2026-04-11";
    let csv = admin.get(&path("H56,H21,H15,H26", "series", &format!("{query}&format=csv"))).await.expect(200);
    let name = "filename=\"sipas_series-month_H56-H21-H15-and-1-more_spring_2026-02-01--2026-04-11_satisfied-share.csv\"";
    assert!(csv.header("content-disposition").ends_with(name), "{}", csv.header("content-disposition"));
    for line in [
        "và 1 cơ quan khác, [2026-02-01, 2026-04-11)",
        "# Phiếu khảo sát,\"sipas-service-2022 phiên bản 1\"",
        "# Phiếu khảo sát,\"sipas-service-2022 phiên bản 2\"",
        "# Đợt khảo sát,\"spring, summer\"",
        "# Không so sánh được qua ngày,\"2026-04-01: questionnaire_version\"",
    ] {
        assert!(csv.text.contains(line), "{line} is not in {}", csv.text);
    }
    let rows = records(&csv.text);
    let columns =
        ["point", "from", "to", "partial", "segment", "version", "value", "n", "level_5", "estimated"];
    let told: Vec<_> = rows.iter().map(|row| columns.map(|name| row[name].clone())).collect();
    assert_eq!(
        told,
        [
            ["2026-02", "2026-02-01", "2026-03-01", "false", "0", "1", "75.00", "4", "0", "false"],
            ["2026-03", "2026-03-01", "2026-04-01", "false", "0", "1", "50.00", "2", "19", "false"],
            ["2026-04", "2026-04-01", "2026-04-11", "true", "1", "2", "50.00", "8", "72", "false"],
        ]
    );
    let (low, high) = wilson(3, 4, NORMAL[1].1);
    assert_eq!(
        (&rows[0]["low"], &rows[0]["high"]),
        (&format!("{:.2}", low * 100.0), &format!("{:.2}", high * 100.0))
    );
    let xlsx = admin.get(&path("H56", "series", &format!("{query}&format=xlsx"))).await.expect(200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    let svg = async |query: &str, lang: &str| {
        let path = path("H56", "series", &format!("{query}&format=svg"));
        admin.get_with(&path, &[("accept-language", lang)]).await.expect(200).text
    };
    let chart = svg(query, "vi").await;
    for words in ["[từ 01/04/2026: phiếu phiên bản 2] 2026-04*: 50,00", "* kỳ không trọn", "75,00"]
    {
        assert!(chart.contains(words), "{words} is not in {chart}");
    }
    std::fs::write(svg("survey=spring,summer,late&period=2026&step=quarter", "en").await).unwrap();
    let english = svg(&format!("{query}&part=access"), "en").await;
    for words in ["from 2026-04-01: questionnaire version 2", "Access to the service", "by month"] {
        assert!(english.contains(words), "{words} is not in {english}");
    }
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
    assert_eq!(reply.header("vary"), "Accept, Accept-Language, Authorization");
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
