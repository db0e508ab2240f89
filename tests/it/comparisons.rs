//! Two figures beside each other: the difference, how sure it is, and when they may not be compared at all.

use crate::support::citizens::{
    NORMAL, alike, figure, fold, hold_folding, interval, path, percent, post, records, service, wilson,
};
use crate::support::clients::faults;
use crate::support::recount_math::student_quantile;
use serde_json::{Value, json};

/// Newcombe 1998, method 10: difference of two shares (yes, n) and its bounds.
fn newcombe(one: (usize, usize), two: (usize, usize), z: f64) -> (f64, f64) {
    let share = |(yes, n): (usize, usize)| yes as f64 / n as f64;
    let ((low_one, high_one), (low_two, high_two)) = (wilson(one.0, one.1, z), wilson(two.0, two.1, z));
    let (p, q) = (share(one), share(two));
    let low = p - q - ((p - low_one).powi(2) + (high_two - q).powi(2)).sqrt();
    (low, p - q + ((high_one - p).powi(2) + (q - low_two).powi(2)).sqrt())
}

/// Mean and squared standard error of levels that people gave to all criteria alike.
fn moments(levels: &[(u8, usize)]) -> (f64, f64, f64) {
    let n = levels.iter().map(|(_, count)| *count).sum::<usize>() as f64;
    let sum = |power: i32| -> f64 {
        levels.iter().map(|(level, count)| f64::from(*level).powi(power) * *count as f64).sum()
    };
    let mean = sum(1) / n;
    (mean, (sum(2) / n - mean * mean) / (n - 1.0), n)
}

#[tokio::test]
async fn two_agencies_differ_by_shares_or_means() {
    let app = service().await;
    let admin = app.admin(None).await;
    let sql = hold_folding(&app).await;
    let (high, low) = ([(5, 15), (2, 5)], [(4, 8), (1, 12)]);
    let mut people = alike("H56.C1", "2026-05-05", &high);
    people.extend(alike("H21.C1", "2026-05-06", &low));
    people.extend(alike("H21.C1", "2026-04-30", &[(5, 9)]));
    post(&app, &people).await;
    for (confidence, z) in NORMAL {
        let query = format!("survey=demo-service&period=2026-05&with=H21&confidence={confidence}");
        let report = figure(&admin, "H56", "comparison", &query).await;
        assert_eq!((&report["first"]["value"], &report["first"]["n"]), (&json!(75.0), &json!(20)));
        assert_eq!((&report["second"]["value"], &report["second"]["n"]), (&json!(40.0), &json!(20)));
        assert_eq!(report["other"]["agency"], json!({"code": "H21", "name": "Gia Lai"}));
        assert_eq!(
            (&report["other"]["period"]["code"], &report["agency"]["code"]),
            (&json!("2026-05"), &json!("H56"))
        );
        let (from, to) = newcombe((15, 20), (8, 20), z);
        assert_eq!((&report["difference"], &report["interval"]), (&json!(35.0), &interval(from, to)));
        assert_eq!(report["distinguishable"], from > 0.0, "{confidence}");
        // The other way round all is mirrored.
        let back = figure(&admin, "H21", "comparison", &query.replace("with=H21", "with=H56")).await;
        assert_eq!((&back["difference"], &back["interval"]), (&json!(-35.0), &interval(-to, -from)));
    }
    // Means: Welch, degrees of freedom by Satterthwaite.
    let query = "survey=demo-service&period=2026-05&with=H21&formula=mean-rescaled";
    let report = figure(&admin, "H56", "comparison", query).await;
    let ((mean, error, n), (other, other_error, m)) = (moments(&high), moments(&low));
    assert_eq!((mean, other), (4.25, 2.2));
    let freedom =
        (error + other_error).powi(2) / (error.powi(2) / (n - 1.0) + other_error.powi(2) / (m - 1.0));
    let half = student_quantile(95, freedom) * (error + other_error).sqrt();
    assert_eq!((&report["first"]["value"], &report["second"]["value"]), (&json!(81.25), &json!(30.0)));
    let expected = interval((mean - other - half) / 4.0, (mean - other + half) / 4.0);
    assert_eq!((&report["difference"], &report["interval"]), (&json!(51.25), &expected));
    assert_eq!(report["distinguishable"], true);
    let whole = figure(&admin, "H21", "comparison", "survey=demo-service&period=2026-04&with=H56").await;
    for name in ["difference", "interval", "distinguishable"] {
        assert_eq!(whole[name], Value::Null, "nobody answered there: {name}");
    }
    assert_eq!((&whole["first"]["n"], &whole["second"]["n"]), (&json!(9), &json!(0)));
    fold(&sql).await;
    assert_eq!(figure(&admin, "H56", "comparison", query).await, report);
}

#[tokio::test]
async fn two_periods_of_one_agency_or_of_several_together() {
    let app = service().await;
    let admin = app.admin(None).await;
    let mut people = alike("H56.C1", "2026-05-31", &[(5, 30), (3, 10)]);
    people.extend(alike("H21.C1", "2026-05-31", &[(1, 20)]));
    people.extend(alike("H56.C2", "2026-06-01", &[(4, 10), (1, 10)]));
    people.extend(alike("H15.C1", "2026-06-01", &[(4, 10)]));
    post(&app, &people).await;
    let z = NORMAL[1].1;
    for (agency, period, with, one, two) in [
        ("H56", "2026-05", "with_period=2026-06", (30, 40), (10, 20)),
        ("H56,H21", "2026-05", "with_period=2026-06", (30, 60), (10, 20)),
        ("VN", "2026-05", "with_period=2026-Q3", (30, 60), (0, 0)),
        ("VN", "2026-05", "with_period=2026-06", (30, 60), (20, 30)),
        ("H56,H21", "2026", "with=H15", (40, 80), (10, 10)),
        ("H56.C1", "2026", "with=H56.C2,H15", (30, 40), (20, 30)),
    ] {
        let query = format!("survey=demo-service&period={period}&{with}");
        let report = figure(&admin, agency, "comparison", &query).await;
        assert_eq!(
            (&report["first"]["n"], &report["second"]["n"]),
            (&json!(one.1), &json!(two.1)),
            "{agency} {query}"
        );
        if two.1 == 0 {
            assert_eq!(report["difference"], Value::Null);
            continue;
        }
        let shown = |(yes, n): (usize, usize)| percent(yes as f64 / n as f64);
        let difference = ((shown(one) - shown(two)) * 100.0).round() / 100.0;
        let (low, high) = newcombe(one, two, z);
        assert_eq!(report["difference"], difference, "{agency} {query}");
        assert_eq!(report["interval"], interval(low, high), "{agency} {query}");
        assert_eq!(report["distinguishable"], low > 0.0 || high < 0.0, "{agency} {query}");
    }
}

#[tokio::test]
async fn figures_about_the_same_people_are_not_compared() {
    let app = service().await;
    let admin = app.admin(None).await;
    for (agency, query, place) in [
        ("H56", "period=2026&with=H56", "with"),
        ("H56", "period=2026&with=H56.C1", "with"),
        ("H56.C1", "period=2026&with=H56", "with"),
        ("H56.C1.X1", "period=2026&with=H56", "with"),
        ("H56", "period=2026&with=H21,H56.C1", "with"),
        ("H56,H21", "period=2026&with=H15,H21.C1", "with"),
        ("H56", "period=2026&with=VN", "with"),
        ("VN", "period=2026&with=H56", "with"),
        ("H56", "period=2026&with_period=2026", "with_period"),
        ("H56", "period=2026&with_period=2026-Q3", "with_period"),
        ("H56", "period=2026-07&with_period=2026-W27", "with_period"),
        ("H56", "from=2026-01-01&to=2026-05-02&with_period=2026-05-01", "with_period"),
    ] {
        let reply = admin.get(&path(agency, "comparison", &format!("survey=demo-service&{query}"))).await;
        assert_eq!(reply.expect(422).faults(), faults(&[(place, "overlapping")]), "{agency} {query}");
    }
    // Each alone, they share nobody; neither do periods that touch.
    for (agency, query) in [
        ("H56", "period=2026&scope=self&with=H56.C1"),
        ("H56", "period=2026-06&with_period=2026-07"),
        ("H56.C1", "period=2026&with=H56.C2,H21"),
    ] {
        figure(&admin, agency, "comparison", &format!("survey=demo-service&{query}")).await;
    }
}

#[tokio::test]
async fn a_sheet_has_both_figures_and_their_difference() {
    let app = service().await;
    let admin = app.admin(None).await;
    let mut people = alike("H56", "2026-05-05", &[(5, 3), (2, 1)]);
    people.extend(alike("H21", "2026-05-06", &[(4, 1), (1, 3)]));
    post(&app, &people).await;
    let query = "survey=demo-service&period=2026-05&with=H21";
    let csv = admin.get(&path("H56", "comparison", &format!("{query}&format=csv"))).await.expect(200);
    assert!(csv.text.contains("Thanh Hóa, 2026-05 với Gia Lai, 2026-05"), "{}", csv.text);
    let (low, high) = newcombe((3, 4), (1, 4), NORMAL[1].1);
    let columns = ["row", "agency", "from", "value", "n", "level_5", "distinguishable"];
    let rows = records(&csv.text);
    let told: Vec<_> = rows.iter().map(|row| columns.map(|name| row[name].clone())).collect();
    assert_eq!(
        told,
        [
            ["first", "H56", "2026-05-01T00:00:00+07:00", "75.00", "4", "57", ""],
            ["second", "H21", "2026-05-01T00:00:00+07:00", "25.00", "4", "0", ""],
            ["difference", "", "", "50.00", "", "", "false"],
        ]
    );
    let bounds = [low, high].map(|bound| format!("{:.2}", bound * 100.0));
    assert_eq!([&rows[2]["low"], &rows[2]["high"]], [&bounds[0], &bounds[1]]);
    let xlsx = admin.get(&path("H56", "comparison", &format!("{query}&format=xlsx"))).await.expect(200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    admin.get(&path("H56", "comparison", &format!("{query}&format=svg"))).await.expect(406);
}

#[tokio::test]
async fn everything_wrong_with_a_comparison_is_said_at_once() {
    let app = service().await;
    let admin = app.admin(None).await;
    let refused = async |query: &str| admin.get(&path("H56", "comparison", query)).await.expect(422).faults();
    for query in ["", "&with=H21&with_period=2025"] {
        let query = format!("survey=demo-service&period=2026{query}");
        assert_eq!(refused(&query).await, faults(&[("with", "one_of_two")]), "{query}");
    }
    assert_eq!(
        refused("survey=none&period=0&with=,&with_period=now&formula=x&step=day&scope=up").await,
        faults(&[
            ("period", "bad_format"),
            ("scope", "not_allowed"),
            ("step", "unknown_field"),
            ("survey", "unknown_survey"),
            ("with", "bad_format"),
            ("with", "one_of_two"),
            ("with_period", "bad_format"),
        ])
    );
    for (agency, with) in [("H98.C9", "H21"), ("H56", "H98.C9"), ("H56", "H21,H98.C9")] {
        let path = path(agency, "comparison", &format!("survey=demo-service&period=2026&with={with}"));
        assert_eq!(admin.get(&path).await.expect(404).problem(), "agency_not_found", "{agency} {with}");
    }
}
