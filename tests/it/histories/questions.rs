//! Every kind of question about a history, and its answer held against the recount.

use super::world::{AsOf, FIRST, Question, Row, SERVICE, SHORT, Survey, TODAY, World};
use crate::support::clients::Client;
use crate::support::recount_math::{
    Asked, Figure, Person, check_cell, check_difference, check_index, figure,
};
use crate::support::recount_tree::day;
use chrono::{Days, NaiveDate};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::ops::Range;

const FORMULAS: [&str; 3] = ["satisfied-share", "mean-normalised", "mean-rescaled"];

/// A random period by its code, with its days.
fn period(world: &World, chance: &mut StdRng) -> (String, (NaiveDate, NaiveDate)) {
    let span = |code: &str, from: &str, to: &str| (code.to_owned(), (day(from), day(to)));
    match chance.random_range(0..7) {
        0 => {
            let on = world.rows[chance.random_range(0..world.rows.len())].day;
            (on.to_string(), (on, on + Days::new(1)))
        }
        1 => {
            // 2025-12-29 is the Monday of the first week.
            let week = chance.random_range(1..=28_u64);
            let monday = day("2025-12-29") + Days::new(7 * (week - 1));
            (format!("2026-W{week:02}"), (monday, monday + Days::new(7)))
        }
        2 => span("2026-Q2", "2026-04-01", "2026-07-01"),
        3 | 4 => {
            let month = chance.random_range(1..=7);
            span(
                &format!("2026-{month:02}"),
                &format!("2026-{month:02}-01"),
                &format!("2026-{:02}-01", month + 1),
            )
        }
        _ => span("2026", "2026-01-01", "2027-01-01"),
    }
}

const MONTHS: [&str; 8] = [
    "2026-01-01",
    "2026-02-01",
    "2026-03-01",
    "2026-04-01",
    "2026-05-01",
    "2026-06-01",
    "2026-07-01",
    "2026-08-01",
];

async fn ask_index(
    admin: &Client,
    world: &World,
    survey: Survey,
    roots: &[&str],
    as_of: (&str, AsOf),
    context: &str,
    chance: &mut StdRng,
) {
    let (code, days) = period(world, chance);
    let (formula, confidence) =
        (FORMULAS[chance.random_range(0..3)], [90, 95, 99][chance.random_range(0..3)]);
    let subtree = chance.random_range(0..4) > 0;
    let scope = if subtree { "subtree" } else { "self" };
    let q = Question { roots, subtree, as_of: as_of.1, days };
    let path = format!(
        "/v1/agencies/{}/index?survey={}&period={code}&scope={scope}&as_of={}&formula={formula}&confidence={confidence}",
        roots.join(","),
        survey.code,
        as_of.0
    );
    let context = format!("{context}: {path}");
    let reply = admin.get(&path).await;
    if !world.answerable(q) {
        assert_eq!(reply.status, 422, "{context}");
        assert_eq!(reply.faults(), [("as_of".to_owned(), "not_in_tree".to_owned())], "{context}");
        return;
    }
    let people: Vec<Person> = world.people(survey, q).map(|(_, person)| person).collect();
    let index = reply.expect(200).json();
    check_index(&index, survey.paper, &people, survey.criteria, Asked { formula, confidence }, &context);
}

/// Parts that both versions have: their codes, and their places in each.
const PARTS: [(&str, [Range<usize>; 2]); 3] =
    [("whole", [0..19, 0..5]), ("feedback", [16..19, 2..5]), ("access.signage", [1..2, 1..2])];

/// Two surveys of two versions by month.
async fn ask_series(
    admin: &Client,
    world: &World,
    roots: &[&str],
    as_of: (&str, AsOf),
    context: &str,
    chance: &mut StdRng,
) {
    let q = Question { roots, subtree: true, as_of: as_of.1, days: (day("2026-01-01"), day("2026-08-01")) };
    if !world.answerable(q) {
        return;
    }
    let (part, places) = &PARTS[chance.random_range(0..3)];
    let (formula, confidence) = (FORMULAS[chance.random_range(0..3)], 90);
    let path = format!(
        "/v1/agencies/{}/index/series?survey=demo-service,short&from=2026-01-01&to=2026-08-01&step=month&part={part}&formula={formula}&confidence=90&as_of={}",
        roots.join(","),
        as_of.0
    );
    let context = format!("{context}: {path}");
    let series = admin.get(&path).await.expect(200).json();
    let points = series["points"].as_array().unwrap();
    assert_eq!(points.len(), 7 + 5, "{context}");
    for point in points {
        let segment = point["segment"].as_u64().unwrap() as usize;
        let (survey, places) = ([SERVICE, SHORT][segment], places[segment].clone());
        let days = (day(point["from"].as_str().unwrap()), day(point["to"].as_str().unwrap()));
        assert!(MONTHS.windows(2).any(|month| days == (day(month[0]), day(month[1]))), "{point}");
        let q = Question { days, ..q };
        let people: Vec<Person> = world.people(survey, q).map(|(_, person)| person).collect();
        let places: Vec<usize> = places.collect();
        let expected = figure(survey.paper, &people, &places, Asked { formula, confidence });
        check_cell(point, &expected, &format!("{context}, {}", point["code"]));
    }
}

async fn ask_breakdown(
    admin: &Client,
    world: &World,
    roots: &[&str],
    as_of: (&str, AsOf),
    by: &str,
    context: &str,
) {
    let q = Question { roots, subtree: true, as_of: as_of.1, days: (day("2026-02-01"), day("2026-08-01")) };
    if !world.answerable(q) {
        return;
    }
    let path = format!(
        "/v1/agencies/{}/index/breakdown?survey=demo-service&from=2026-02-01&to=2026-08-01&by={by}&as_of={}&formula=mean-rescaled",
        roots.join(","),
        as_of.0
    );
    let context = format!("{context}: {path}");
    let reply = admin.get(&path).await;
    if world.changes_inside_a_month(q) {
        // Facets are counted by month.
        let fault = ("as_of".to_owned(), "not_whole_months".to_owned());
        assert_eq!((reply.status, reply.faults()), (422, vec![fault]), "{context}");
        return;
    }
    let reply = reply.expect(200).json();
    let all: Vec<usize> = (0..19).collect();
    let mut rest: Vec<(&Row, Person)> = world.people(SERVICE, q).collect();
    let asked = Asked { formula: "mean-rescaled", confidence: 95 };
    let everybody: Vec<Person> = rest.iter().map(|(_, person)| person.clone()).collect();
    check_cell(&reply["all"], &figure(SERVICE.paper, &everybody, &all, asked), &format!("{context}: all"));
    for slice in reply["slices"].as_array().unwrap() {
        let (these, others) = rest.into_iter().partition(|(row, _)| {
            let told = if by == "channel" { &row.channel } else { &row.gender };
            told.as_deref() == slice["value_code"].as_str()
        });
        rest = others;
        let these: Vec<(&Row, Person)> = these;
        let these: Vec<Person> = these.into_iter().map(|(_, person)| person).collect();
        check_cell(
            slice,
            &figure(SERVICE.paper, &these, &all, asked),
            &format!("{context}: {}", slice["value_code"]),
        );
    }
    assert!(rest.is_empty(), "{context}: slices are missing");
}

/// Ranks from figures that were checked: standard competition ranks, and as far up or down as intervals allow.
fn check_standings(cells: &[(&Value, Figure, Option<&Value>)], min_n: usize, context: &str) {
    let admitted = |figure: &Figure| figure.value.filter(|_| figure.n >= min_n);
    let bound = |interval: &Value, end: &str| interval[end].as_f64();
    let ranked: Vec<_> = cells.iter().filter(|(_, figure, _)| admitted(figure).is_some()).collect();
    let of = |interval: &Option<&Value>, end| interval.and_then(|interval| bound(interval, end));
    for (standing, figure, interval) in cells {
        let Some(value) = admitted(figure) else {
            let reason = if figure.value.is_none() { "no_responses" } else { "too_few" };
            assert_eq!(
                (&standing["rank"], &standing["unranked"]),
                (&Value::Null, &json!(reason)),
                "{context}: {standing}"
            );
            continue;
        };
        let rank = 1 + ranked.iter().filter(|(_, other, _)| other.value.unwrap() > value).count();
        assert_eq!(
            (&standing["rank"], &standing["unranked"]),
            (&json!(rank), &Value::Null),
            "{context}: {standing}"
        );
        // Intervals of the earlier period are not told.
        let Some(own) = interval else { continue };
        let (best, worst) = match (bound(own, "low"), bound(own, "high")) {
            (Some(low), Some(high)) => (
                1 + ranked
                    .iter()
                    .filter(|(_, _, other)| of(other, "low").is_some_and(|other| other > high))
                    .count(),
                ranked.len()
                    - ranked
                        .iter()
                        .filter(|(_, _, other)| of(other, "high").is_some_and(|other| other < low))
                        .count(),
            ),
            _ => (1, ranked.len()),
        };
        assert_eq!(
            (&standing["best_rank"], &standing["worst_rank"]),
            (&json!(best), &json!(worst)),
            "{context}: {standing}"
        );
    }
}

async fn ask_ranking(
    admin: &Client,
    world: &World,
    root: &str,
    level: Option<&str>,
    as_of: (&str, AsOf),
    context: &str,
    chance: &mut StdRng,
) {
    let (now, before) = ((day("2026-04-01"), day("2026-07-01")), (day("2026-01-01"), day("2026-04-01")));
    let q = Question { roots: &[root], subtree: true, as_of: as_of.1, days: now };
    if !world.answerable(q) {
        return;
    }
    let (formula, min_n) = (FORMULAS[chance.random_range(0..3)], chance.random_range(1..12));
    let words = level.map(|level| format!("&level={level}")).unwrap_or_default();
    let path = format!(
        "/v1/agencies/{root}/index/ranking?survey=demo-service&period=2026-Q2&against=2026-Q1&min_n={min_n}&formula={formula}&as_of={}{words}",
        as_of.0
    );
    let context = format!("{context}: {path}");
    let reply = admin.get(&path).await.expect(200).json();
    let on = match as_of.1 {
        AsOf::On(on) => on,
        AsOf::Then => day("2026-06-30"),
    };
    let tree = &world.tree;
    let mut expected: Vec<String> = tree.there_on(on);
    expected.retain(|code| match level {
        None => tree.parent(code, on).as_deref() == Some(root),
        Some(level) => {
            let below = || code != root && tree.exists(root, on) && tree.is_below(code, root, on);
            tree.level(code) == level && (root == "VN" || below())
        }
    });
    let entries = reply["entries"].as_array().unwrap();
    let mut listed: Vec<&str> = entries.iter().map(|entry| entry["code"].as_str().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, expected, "{context}");
    let asked = Asked { formula, confidence: 95 };
    let (mut standings, mut earlier) = (Vec::new(), Vec::new());
    for entry in entries {
        let code = entry["code"].as_str().unwrap();
        let context = format!("{context}, {code}");
        let roots = [code];
        let q = Question { roots: &roots, ..q };
        let here = world.figure(SERVICE, q, asked);
        let there = world.figure(SERVICE, Question { days: before, ..q }, asked);
        check_cell(entry, &here, &context);
        assert_eq!(
            (&entry["before"]["n"], &entry["before"]["value"]),
            (&json!(there.n), &json!(there.value)),
            "{context}"
        );
        check_difference(&entry["before"], formula, 95, &here, &there, &context);
        let places =
            entry["before"]["rank"].as_i64().zip(entry["rank"].as_i64()).map(|(then, now)| then - now);
        assert_eq!(entry["before"]["places"], json!(places), "{context}");
        standings.push((entry, here, Some(&entry["interval"])));
        earlier.push((&entry["before"], there, None));
    }
    check_standings(&standings, min_n, &context);
    check_standings(&earlier, min_n, &context);
}

pub async fn ask_everything(admin: &Client, world: &World, seed: u64, chance: &mut StdRng) {
    let context = format!("SIPAS_HISTORY_SEED={seed}");
    let codes = world.tree.codes();
    let past = day(FIRST) + Days::new(chance.random_range(0..207));
    let (past, later) = (past.to_string(), "2026-09-01");
    let trees = [
        ("now", AsOf::On(day(TODAY))),
        ("then", AsOf::Then),
        (past.as_str(), AsOf::On(day(&past))),
        (later, AsOf::On(day(later))),
    ];
    let any = |chance: &mut StdRng| codes[chance.random_range(0..codes.len())].as_str();
    for as_of in trees {
        for code in codes.iter().map(String::as_str).chain(["VN", "H56", "H21"]) {
            let survey = if chance.random_range(0..3) == 0 { SHORT } else { SERVICE };
            ask_index(admin, world, survey, &[code], as_of, &context, chance).await;
        }
        for _ in 0..4 {
            let mut roots: Vec<&str> = (0..3).map(|_| any(chance)).collect();
            roots.sort_unstable();
            roots.dedup();
            ask_index(admin, world, SERVICE, &roots, as_of, &context, chance).await;
        }
        for root in ["H56", "VN"] {
            ask_ranking(admin, world, root, Some("commune"), as_of, &context, chance).await;
        }
        for root in ["H21", any(chance)] {
            ask_ranking(admin, world, root, None, as_of, &context, chance).await;
            ask_series(admin, world, &[root], as_of, &context, chance).await;
        }
        for (root, by) in [("H56", "channel"), (any(chance), "gender"), ("VN", "gender")] {
            ask_breakdown(admin, world, &[root], as_of, by, &context).await;
        }
        ask_series(admin, world, &["VN"], as_of, &context, chance).await;
    }
}
