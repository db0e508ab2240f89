//! The mathematics of the figures, written a second time: from people one by one, on whole numbers, by long
//! division, with quantiles by Simpson's rule. What belongs here shares nothing with the service.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

/// Numerator and denominator.
pub type Fraction = (u128, u128);

/// What is asked on a form: how many criteria each element has, and how many from the first must be answered.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    pub elements: &'static [usize],
    pub required: usize,
}

/// One person: each answer (0 not applicable), and how much of the person counts.
#[derive(Debug, Clone)]
pub struct Person {
    pub answers: Vec<u8>,
    pub share: Fraction,
}

/// What is asked of a cell.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub formula: &'a str,
    pub confidence: u32,
}

/// What an interval follows from; nothing of it is rounded.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    value: f64,
    low: f64,
    high: f64,
    variance: f64,
    freedom: f64,
}

/// A figure as it has to be.
#[derive(Debug, Clone)]
pub struct Figure {
    pub value: Option<f64>,
    pub n: usize,
    pub fraction: Option<Fraction>,
    pub levels: [u128; 5],
    pub not_applicable: u128,
    pub estimated: bool,
    pub spread: Option<Spread>,
}

pub fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

pub fn reduced((numerator, denominator): Fraction) -> Fraction {
    let divisor = gcd(numerator, denominator);
    (numerator / divisor, denominator / divisor)
}

pub fn sum_of(one: Fraction, two: Fraction) -> Fraction {
    reduced((one.0 * two.1 + two.0 * one.1, one.1 * two.1))
}

/// Two decimals, half up, of numerator/denominator, by long division.
fn half_up(numerator: u128, denominator: u128) -> f64 {
    ((numerator * 200 + denominator) / (denominator * 2)) as f64 / 100.0
}

/// Mean over criteria of (numerator/denominator) x 100, as one fraction over a common denominator.
fn mean(criteria: &[Fraction]) -> f64 {
    let sum = criteria.iter().fold((0, 1), |sum, criterion| sum_of(sum, *criterion));
    half_up(sum.0 * 100, sum.1 * criteria.len() as u128)
}

/// What the formula divides for one answer: the rules as the domain states them, written again.
fn parts(formula: &str, answer: u8) -> Fraction {
    match formula {
        "satisfied-share" => (u128::from(answer >= 4), 1),
        "mean-normalised" => (answer.into(), 5),
        "mean-rescaled" => (u128::from(answer) - 1, 4),
        _ => unreachable!(),
    }
}

/// Standard error of the mean over `places` from people one by one, and the fewest people it comes from (those who
/// count with different shares by (Σw)²/Σw²).
/// Complete answers: the spread of the persons' means. Otherwise the spreads of the block that must be answered, if whoever
/// answered some of it answered all (not so after a short form), and of the single other criteria, added with their weights;
/// a part whose people all agree as far as it could be off, unless all parts are like that.
fn standard_error(paper: Paper, asked: Asked<'_>, people: &[Person], places: &[usize]) -> Option<(f64, f64)> {
    let share = asked.formula == "satisfied-share";
    let score = |answer: u8| {
        if share { f64::from(u8::from(answer >= 4)) } else { f64::from(answer) }
    };
    let of_block = |block: &[usize]| -> Option<(f64, f64)> {
        let means: Vec<(f64, f64)> = people
            .iter()
            .filter(|person| block.iter().all(|place| person.answers[*place] > 0))
            .map(|person| {
                let sum: f64 = block.iter().map(|place| score(person.answers[*place])).sum();
                (person.share.0 as f64 / person.share.1 as f64, sum / block.len() as f64)
            })
            .collect();
        let all: f64 = means.iter().map(|(share, _)| share).sum();
        let squares: f64 = means.iter().map(|(share, _)| share * share).sum();
        let mean = means.iter().map(|(share, x)| share * x).sum::<f64>() / all;
        let spread: f64 = means.iter().map(|(share, x)| (share * (x - mean)).powi(2)).sum();
        (!means.is_empty()).then(|| (spread.sqrt() / all, all * all / squares))
    };
    let answered: Vec<usize> = places
        .iter()
        .copied()
        .filter(|place| people.iter().any(|person| person.answers[*place] > 0))
        .collect();
    let anybody = |person: &&Person| places.iter().any(|place| person.answers[*place] > 0);
    if people.iter().filter(anybody).all(|person| answered.iter().all(|place| person.answers[*place] > 0)) {
        return of_block(&answered);
    }
    // The first criteria must be answered, the others need not be.
    let whole = places.len() == paper.elements.iter().sum::<usize>();
    let (block, others): (Vec<usize>, Vec<usize>) =
        answered.into_iter().partition(|place| whole && *place < paper.required);
    let complete = people.iter().all(|person| {
        let given = block.iter().filter(|place| person.answers[**place] > 0).count();
        given == 0 || given == block.len()
    });
    let (block, others) = if complete { (block, others) } else { (vec![], [block, others].concat()) };
    let count = (block.len() + others.len()) as f64;
    let mut parts = Vec::new();
    for place in others {
        parts.push((1.0, of_block(&[place])?));
    }
    if !block.is_empty() {
        parts.push((block.len() as f64, of_block(&block)?));
    }
    if parts.iter().any(|(_, (error, _))| *error > 1e-9) {
        let (reach, tail) = (if share { 1.0 } else { 4.0 }, f64::from(100 - asked.confidence) / 200.0);
        for (_, (error, n)) in parts.iter_mut().filter(|(_, (error, _))| *error <= 1e-9) {
            // tail = (1 - x)ⁿ
            *error = reach * (1.0 - (tail.ln() / *n).exp()) / normal_quantile(asked.confidence);
        }
    }
    let error = parts.iter().map(|(weight, (error, _))| weight / count * error).sum();
    Some((error, parts.iter().map(|(_, (_, n))| *n).fold(f64::INFINITY, f64::min)))
}

fn spread(asked: Asked<'_>, value: f64, error: Option<(f64, f64)>) -> Option<Spread> {
    let (error, n) = error?;
    if asked.formula == "satisfied-share" {
        let (p, z) = (value / 100.0, normal_quantile(asked.confidence));
        let mut size = if error > 1e-9 && p > 0.0 && p < 1.0 { p * (1.0 - p) / error.powi(2) } else { n };
        if size > n * (1.0 + 1e-9) {
            size = if n < 2.0 {
                n
            } else {
                n.max(size * (n - 1.0) / n * (z / student_quantile(asked.confidence, n - 1.0)).powi(2))
            };
        }
        // Wilson's bounds as roots of (p - x)² = z² x(1 - x)/n.
        let (a, b, c) = (1.0 + z * z / size, -(2.0 * p + z * z / size), p * p);
        let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
        let (low, high) = ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a));
        let (low, high) = ((100.0 * low).max(0.0), (100.0 * high).min(100.0));
        return Some(Spread { value, low, high, variance: 0.0, freedom: 1.0 });
    }
    if error < 1e-9 || n < 2.0 {
        return None;
    }
    let (slope, least) = if asked.formula == "mean-normalised" { (20.0, 20.0) } else { (25.0, 0.0) };
    let error = slope * error * (n / (n - 1.0)).sqrt();
    let half = student_quantile(asked.confidence, n - 1.0) * error;
    let (low, high) = ((value - half).max(least), (value + half).min(100.0));
    Some(Spread { value, low, high, variance: error * error, freedom: n - 1.0 })
}

fn normal_quantile(confidence: u32) -> f64 {
    match confidence {
        90 => 1.644_853_626_951_472_7,
        95 => 1.959_963_984_540_054,
        99 => 2.575_829_303_548_900_4,
        _ => unreachable!(),
    }
}

/// ∫cosᵃ from 0 to `to`, by Simpson's rule.
fn cosines(a: f64, to: f64) -> f64 {
    let steps = 2000;
    let h = to / f64::from(steps);
    let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
    (0..=steps).map(|i| weight(i) * (f64::from(i) * h).cos().max(0.0).powf(a)).sum::<f64>() * h / 3.0
}

/// Student's t, two-sided, by bisection: with x = √df·tan θ the density is cosᵈᶠ⁻¹ θ.
pub fn student_quantile(confidence: u32, df: f64) -> f64 {
    thread_local!(static KNOWN: RefCell<HashMap<(u32, u64), f64>> = RefCell::default());
    let key = (confidence, df.to_bits());
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&key).copied()) {
        return known;
    }
    // Up to a right angle the integrand is smooth only where the power is high: from there down by
    // ∫cosᵃ = (a+2)/(a+1)·∫cosᵃ⁺².
    let a = df - 1.0;
    let down: f64 =
        (0..10).map(|step| (a + 2.0 * f64::from(step) + 2.0) / (a + 2.0 * f64::from(step) + 1.0)).product();
    let whole = cosines(a + 20.0, std::f64::consts::FRAC_PI_2) * down;
    let (mut low, mut high) = (0.0, 100.0);
    for _ in 0..45 {
        let middle: f64 = (low + high) / 2.0;
        let area = cosines(a, (middle / df.sqrt()).atan()) / whole;
        if area < f64::from(confidence) / 100.0 { low = middle } else { high = middle }
    }
    KNOWN.with_borrow_mut(|known| known.insert(key, (low + high) / 2.0));
    (low + high) / 2.0
}

/// The figure of the criteria at `places` together.
pub fn figure(paper: Paper, people: &[Person], places: &[usize], asked: Asked<'_>) -> Figure {
    // Shares over one denominator, so that all sums are whole numbers of its parts.
    let common =
        people.iter().fold(1, |common, person| common * (person.share.1 / gcd(common, person.share.1)));
    let parts_of = |person: &Person| person.share.0 * (common / person.share.1);
    let (mut fractions, mut levels, mut not_applicable) = (Vec::new(), [0; 5], 0);
    for place in places {
        let (mut numerator, mut denominator) = (0, 0);
        for person in people {
            let (answer, share) = (person.answers[*place], parts_of(person));
            if answer == 0 {
                not_applicable += share;
                continue;
            }
            levels[usize::from(answer) - 1] += share;
            let (top, bottom) = parts(asked.formula, answer);
            numerator += share * top;
            denominator += share * bottom;
        }
        if denominator > 0 {
            fractions.push((numerator, denominator));
        }
    }
    let whole = |count: u128| (2 * count + common) / (2 * common);
    let n = people.iter().filter(|person| places.iter().any(|place| person.answers[*place] > 0)).count();
    let single = (places.len() == 1).then(|| fractions.first().copied()).flatten();
    let exact =
        fractions.iter().map(|(n, d)| *n as f64 / *d as f64).sum::<f64>() / fractions.len() as f64 * 100.0;
    Figure {
        value: (!fractions.is_empty()).then(|| mean(&fractions)),
        n,
        // The smallest whole numbers that both are some multiple of.
        fraction: single.map(|(numerator, denominator)| {
            let ((n, by), (d, other)) = (reduced((numerator, common)), reduced((denominator, common)));
            let factor = by / gcd(by, other) * other;
            (n * (factor / by), d * (factor / other))
        }),
        levels: levels.map(whole),
        not_applicable: whole(not_applicable),
        estimated: people.iter().any(|person| person.share.0 != person.share.1),
        spread: (!fractions.is_empty())
            .then(|| spread(asked, exact, standard_error(paper, asked, people, places)))
            .flatten(),
    }
}

/// Whether a bound is the exact one with two decimals; only where that lies within a ten-thousandth of a hundredth
/// of the middle between two, either will do, for it is made of binary fractions. No bound is rounded past the
/// value, which is `within(bound, value)`.
fn is_bound(shown: &Value, exact: f64, within: impl Fn(f64) -> f64) -> bool {
    [exact - 1e-6, exact + 1e-6]
        .iter()
        .any(|bound| *shown == json!(within((bound * 100.0).round() / 100.0 + 0.0)))
}

fn check_interval(shown: &Value, value: f64, bounds: Option<(f64, f64)>, context: &str) {
    let Some((low, high)) = bounds else { return assert_eq!(*shown, Value::Null, "{context}") };
    let right = is_bound(&shown["low"], low, |bound| bound.min(value))
        && is_bound(&shown["high"], high, |bound| bound.max(value));
    assert!(right, "{context}: {shown}, not {low}..{high}");
}

/// Holds a cell of an answer against the figure.
pub fn check_cell(cell: &Value, figure: &Figure, context: &str) {
    assert_eq!(cell["n"], figure.n, "{context}: n of {cell}");
    assert_eq!(cell["value"], json!(figure.value), "{context}: value of {cell}");
    assert_eq!(cell["estimated"], figure.estimated, "{context}: {cell}");
    assert_eq!(cell["suppressed"], false, "{context}");
    let levels: Vec<Value> = (1..)
        .zip(figure.levels)
        .map(|(level, count)| json!({"level": level, "count": count as u64}))
        .collect();
    assert_eq!(cell["levels"], json!(levels), "{context}: levels");
    assert_eq!(cell["not_applicable"], figure.not_applicable as u64, "{context}: not applicable");
    let [numerator, denominator] = match figure.fraction {
        Some((numerator, denominator)) => [numerator, denominator].map(|part| json!(part as u64)),
        None => [Value::Null, Value::Null],
    };
    assert_eq!((&cell["numerator"], &cell["denominator"]), (&numerator, &denominator), "{context}: fraction");
    let bounds = figure.spread.map(|spread| (spread.low, spread.high));
    check_interval(&cell["interval"], figure.value.unwrap_or_default(), bounds, context);
}

/// Holds a whole answer of an index against people.
pub fn check_index(
    index: &Value,
    paper: Paper,
    people: &[Person],
    codes: &[&str],
    asked: Asked<'_>,
    context: &str,
) {
    let all: Vec<usize> = (0..paper.elements.iter().sum()).collect();
    check_cell(&index["whole"], &figure(paper, people, &all, asked), &format!("{context}: whole"));
    let mut first = 0;
    let elements = index["elements"].as_array().unwrap();
    assert_eq!(elements.len(), paper.elements.len());
    for (element, size) in elements.iter().zip(paper.elements) {
        let places: Vec<usize> = (first..first + size).collect();
        check_cell(element, &figure(paper, people, &places, asked), &format!("{context}: from {first}"));
        for (criterion, place) in element["criteria"].as_array().unwrap().iter().zip(&places) {
            assert_eq!(criterion["code"], codes[*place]);
            check_cell(criterion, &figure(paper, people, &[*place], asked), &format!("{context}: {place}"));
        }
        first += size;
    }
}

/// Holds a difference (`difference`, `interval`, `distinguishable`) against two figures: Newcombe's interval for
/// shares, Welch's for means.
pub fn check_difference(
    cell: &Value,
    formula: &str,
    confidence: u32,
    now: &Figure,
    before: &Figure,
    context: &str,
) {
    let difference =
        now.value.zip(before.value).map(|(now, before)| ((now - before) * 100.0).round() / 100.0 + 0.0);
    assert_eq!(cell["difference"], json!(difference), "{context}: {cell}");
    let bounds = now.spread.zip(before.spread).map(|(one, two)| {
        let middle = one.value - two.value;
        if formula == "satisfied-share" {
            let below = ((one.value - one.low).powi(2) + (two.high - two.value).powi(2)).sqrt();
            let above = ((one.high - one.value).powi(2) + (two.value - two.low).powi(2)).sqrt();
            return (middle - below, middle + above);
        }
        let variance = one.variance + two.variance;
        let freedom =
            variance.powi(2) / (one.variance.powi(2) / one.freedom + two.variance.powi(2) / two.freedom);
        let half = student_quantile(confidence, freedom) * variance.sqrt();
        let most = if formula == "mean-normalised" { 80.0 } else { 100.0 };
        ((middle - half).max(-most), (middle + half).min(most))
    });
    check_interval(&cell["interval"], difference.unwrap_or_default(), bounds, context);
    let shown = bounds.map(|_| {
        cell["interval"]["low"].as_f64().unwrap() > 0.0 || cell["interval"]["high"].as_f64().unwrap() < 0.0
    });
    assert_eq!(cell["distinguishable"], json!(shown), "{context}");
}
