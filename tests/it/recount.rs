//! The independent recount: random responses over HTTP, then every figure computed again from the raw rows
//! by code that shares nothing with the service: its own decoding, its own sums in SQL-free Rust over
//! decimal digits, its own intervals. Equal to the last digit.

use crate::support::TestApp;
use crate::support::samples::{CRITERIA, id, response, with, without};
use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Sizes of the elements of the questionnaire, by hand.
pub const ELEMENTS: [usize; 5] = [4, 4, 5, 3, 3];

/// One raw row: who is rated, on which day, each answer (0 not applicable).
type Row = (String, String, Vec<u8>);

/// Two decimals, half up, of numerator/denominator, by long division.
fn half_up(numerator: u128, denominator: u128) -> f64 {
    ((numerator * 200 + denominator) / (denominator * 2)) as f64 / 100.0
}

/// Mean over criteria of (numerator/denominator) x scale, as one fraction over a common denominator.
fn mean(criteria: &[(u128, u128)], scale: u128) -> f64 {
    let mut sum = (0_u128, 1_u128);
    for (numerator, denominator) in criteria {
        sum = (sum.0 * denominator + numerator * sum.1, sum.1 * denominator);
        let divisor = gcd(sum.0, sum.1);
        sum = (sum.0 / divisor, sum.1 / divisor);
    }
    half_up(sum.0 * scale, sum.1 * criteria.len() as u128)
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// What the formula divides for one criterion: the rules as the domain states them, written again.
fn fraction(formula: &str, answers: &[u8]) -> (u128, u128) {
    let n = answers.len() as u128;
    let sum: u128 = answers.iter().map(|answer| u128::from(*answer)).sum();
    match formula {
        "satisfied-share" => (answers.iter().filter(|answer| **answer >= 4).count() as u128, n),
        "mean-normalised" => (sum, 5 * n),
        "mean-rescaled" => (sum - n, 4 * n),
        _ => unreachable!(),
    }
}

/// Standard error of the mean over `places` from people one by one, and the fewest people it comes from.
/// Complete answers: the spread of the persons' means. Otherwise the spreads of the block that everybody
/// answered and of the single other criteria, added with their weights.
fn standard_error(formula: &str, people: &[Vec<u8>], places: &[usize]) -> Option<(f64, f64)> {
    let score = |answer: u8| {
        if formula == "satisfied-share" { f64::from(u8::from(answer >= 4)) } else { f64::from(answer) }
    };
    let of_block = |block: &[usize]| -> Option<(f64, f64)> {
        let means: Vec<f64> = people
            .iter()
            .filter(|person| block.iter().all(|place| person[*place] > 0))
            .map(|person| block.iter().map(|place| score(person[*place])).sum::<f64>() / block.len() as f64)
            .collect();
        let n = means.len() as f64;
        let mean = means.iter().sum::<f64>() / n;
        (n > 0.0).then(|| ((means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n / n).sqrt(), n))
    };
    let answered: Vec<usize> =
        places.iter().copied().filter(|place| people.iter().any(|person| person[*place] > 0)).collect();
    let anybody = |person: &&Vec<u8>| places.iter().any(|place| person[*place] > 0);
    if people.iter().filter(anybody).all(|person| answered.iter().all(|place| person[*place] > 0)) {
        return of_block(&answered);
    }
    // The first sixteen criteria must be answered, the last three need not be.
    let (block, others): (Vec<usize>, Vec<usize>) = match places.len() {
        19 => ((0..16).collect(), answered.into_iter().filter(|place| *place >= 16).collect()),
        _ => (vec![], answered),
    };
    let count = (block.len() + others.len()) as f64;
    let mut parts = Vec::new();
    for place in others {
        parts.push((1.0, of_block(&[place])?));
    }
    if !block.is_empty() {
        parts.push((block.len() as f64, of_block(&block)?));
    }
    let error = parts.iter().map(|(weight, (error, _))| weight / count * error).sum();
    Some((error, parts.iter().map(|(_, (_, n))| *n).fold(f64::INFINITY, f64::min)))
}

fn interval(formula: &str, value: f64, error: Option<(f64, f64)>) -> Value {
    let Some((error, n)) = error else { return Value::Null };
    let round = |bound: f64| (bound * 100.0).round() / 100.0;
    if formula == "satisfied-share" {
        let (p, z) = (value / 100.0, 1.959963984540054_f64);
        let mut size = if error > 1e-9 && p > 0.0 && p < 1.0 { p * (1.0 - p) / error.powi(2) } else { n };
        if size > n * (1.0 + 1e-9) {
            size = if n < 2.0 {
                n
            } else {
                n.max(size * (n - 1.0) / n * (z / student_quantile(n - 1.0)).powi(2))
            };
        }
        // Wilson's bounds as roots of (p - x)² = z² x(1 - x)/n.
        let (a, b, c) = (1.0 + z * z / size, -(2.0 * p + z * z / size), p * p);
        let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
        let (low, high) = ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a));
        return json!({"low": round(100.0 * low).max(0.0), "high": round(100.0 * high).min(100.0)});
    }
    if error < 1e-9 || n < 2.0 {
        return Value::Null;
    }
    let (slope, least) = if formula == "mean-normalised" { (20.0, 20.0) } else { (25.0, 0.0) };
    let half = student_quantile(n - 1.0) * slope * error * (n / (n - 1.0)).sqrt();
    json!({"low": round((value - half).max(least)), "high": round((value + half).min(100.0))})
}

/// Student's t at 0.975 by bisection over Simpson's rule on the density.
pub fn student_quantile(df: f64) -> f64 {
    let density = |x: f64| (1.0 + x * x / df).powf(-(df + 1.0) / 2.0);
    let area = |to: f64| {
        let steps = 4000;
        let h = to / f64::from(steps);
        let sum: f64 = (0..=steps)
            .map(|i| {
                let weight = if i == 0 || i == steps {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                weight * density(f64::from(i) * h)
            })
            .sum();
        sum * h / 3.0
    };
    // The whole half-line, by substitution x = tan u, which has no infinite end.
    let steps = 20_000;
    let h = std::f64::consts::FRAC_PI_2 / f64::from(steps);
    let whole: f64 = (0..steps)
        .map(|i| {
            let u = (f64::from(i) + 0.5) * h;
            density(u.tan()) / u.cos().powi(2) * h
        })
        .sum();
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if area(middle) / whole < 0.95 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

async fn raw_rows(app: &TestApp) -> Vec<Row> {
    let rows = app
        .sql()
        .await
        .query(
            "SELECT a.code, to_char(to_timestamp((('x' || left(replace(r.id::text, '-', ''), 12))::bit(48)::bigint) / 1000.0)
                    AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD'), r.answers
             FROM responses r JOIN agencies a ON a.id = r.rated_agency_id",
            &[],
        )
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

pub fn check_cell(cell: &Value, formula: &str, people: &[Vec<u8>], places: &[usize], single: bool) {
    let of = |place: usize| people.iter().map(|person| person[place]).collect::<Vec<_>>();
    let fractions: Vec<_> = places
        .iter()
        .map(|place| of(*place).into_iter().filter(|answer| *answer > 0).collect::<Vec<_>>())
        .filter(|answers| !answers.is_empty())
        .map(|answers| fraction(formula, &answers))
        .collect();
    let n = people.iter().filter(|person| places.iter().any(|place| person[*place] > 0)).count();
    assert_eq!(cell["n"], n);
    for level in 1..=5_u8 {
        let count: usize =
            places.iter().map(|place| of(*place).iter().filter(|answer| **answer == level).count()).sum();
        assert_eq!(cell["levels"][usize::from(level) - 1], json!({"level": level, "count": count}));
    }
    let not_applicable: usize =
        places.iter().map(|place| of(*place).iter().filter(|answer| **answer == 0).count()).sum();
    assert_eq!(cell["not_applicable"], not_applicable);
    if fractions.is_empty() {
        assert_eq!((&cell["value"], &cell["interval"]), (&Value::Null, &Value::Null));
        return;
    }
    let value = mean(&fractions, 100);
    assert_eq!(cell["value"], value, "{formula} {places:?}");
    if single {
        assert_eq!(cell["numerator"], json!(fractions[0].0 as u64));
        assert_eq!(cell["denominator"], json!(fractions[0].1 as u64));
    }
    let exact =
        fractions.iter().map(|(n, d)| *n as f64 / *d as f64).sum::<f64>() / fractions.len() as f64 * 100.0;
    let error = standard_error(formula, people, places);
    assert_eq!(cell["interval"], interval(formula, exact, error), "{formula} {places:?} n={n}");
}

fn check(index: &Value, formula: &str, people: &[Vec<u8>]) {
    let all: Vec<usize> = (0..19).collect();
    check_cell(&index["whole"], formula, people, &all, false);
    let mut first = 0;
    for (element, size) in index["elements"].as_array().unwrap().iter().zip(ELEMENTS) {
        let places: Vec<usize> = (first..first + size).collect();
        check_cell(element, formula, people, &places, false);
        for (criterion, place) in element["criteria"].as_array().unwrap().iter().zip(&places) {
            assert_eq!(criterion["code"], CRITERIA[*place]);
            check_cell(criterion, formula, people, &[*place], true);
        }
        first += size;
    }
}

#[tokio::test]
async fn every_figure_equals_the_recount_from_raw_rows() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    let seed = rand::random::<u64>();
    let mut chance = StdRng::seed_from_u64(seed);
    let agencies = ["H56", "H56.C1", "H56.C1.X1", "H56.C2", "H21.C1"];
    for _ in 0..250 {
        let at = app.now - TimeDelta::milliseconds(chance.random_range(0..60 * 86_400_000));
        let mut body = with(
            response(id(at), 1),
            "/rated_agency",
            json!(agencies[chance.random_range(0..agencies.len())]),
        );
        body = without(body, "/service_point");
        let mood = chance.random_range(1..=5_u8);
        for code in CRITERIA {
            let level = (mood + chance.random_range(0..3)).clamp(2, 6) - 1;
            let skipped = code.starts_with("feedback") && chance.random_range(0..3) > 0;
            body["answers"][code] = if skipped { Value::Null } else { json!(level) };
        }
        let status = system.post("/v1/responses", &body).await.status;
        assert_eq!(status, 201);
        // A tenth is sent twice.
        if chance.random_range(0..10) == 0 {
            system.post("/v1/responses", &body).await.expect(200);
        }
    }
    let rows = raw_rows(&app).await;
    assert_eq!(rows.len(), 250);
    let admin = app.admin(None).await;
    let under = |code: &str, root: &str| code == root || code.starts_with(&format!("{root}."));
    for root in ["H56", "H56.C1", "H56.C2", "H21"] {
        for (scope, period, from, to) in [
            ("subtree", "2026", "2026-01-01", "2027-01-01"),
            ("self", "2026-06", "2026-06-01", "2026-07-01"),
            ("subtree", "2026-W28", "2026-07-06", "2026-07-13"),
            ("subtree", "2026-07-10", "2026-07-10", "2026-07-11"),
        ] {
            let people: Vec<Vec<u8>> = rows
                .iter()
                .filter(|(agency, day, _)| {
                    (if scope == "self" { agency == root } else { under(agency, root) })
                        && *from <= **day
                        && **day < *to
                })
                .map(|(_, _, answers)| answers.clone())
                .collect();
            for formula in ["satisfied-share", "mean-normalised", "mean-rescaled"] {
                let query = format!("survey=demo-service&period={period}&scope={scope}&formula={formula}");
                let index = admin.index(root, &query).await;
                let context = format!("seed {seed}: {root} {query}");
                let checked = std::panic::catch_unwind(|| check(&index, formula, &people));
                assert!(checked.is_ok(), "{context}");
            }
        }
    }
}
