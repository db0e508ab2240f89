//! The recount of whole histories: agencies open, move, close, merge and split at random while people answer, some of
//! whom are heard late; then figures of all kinds are asked for by all trees and computed again from the raw rows,
//! by mathematics (`support::recount_math`) and a tree (`support::recount_tree`) that share nothing with the service.
//! Equal to the last digit, before and after a fold.
//!
//! `SIPAS_HISTORIES` is how many (3), `SIPAS_HISTORY_SEED` the first one's seed.

use crate::support::TestApp;
use crate::support::app::{NOW, load_catalogue};
use crate::support::clients::Client;
use crate::support::cluster::database;
use crate::support::recount_math::{
    Asked, Figure, Fraction, Paper, Person, check_cell, check_difference, check_index, figure,
};
use crate::support::recount_tree::{Tree, day};
use crate::support::samples::{CRITERIA, id, source};
use chrono::{Days, NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FORMULAS: [&str; 3] = ["satisfied-share", "mean-normalised", "mean-rescaled"];

/// First day somebody may have answered.
const FIRST: &str = "2025-12-20";

/// What the service believes today to be.
const TODAY: &str = "2026-07-15";

/// Responses of a history.
const RESPONSES: usize = 260;

/// A survey, its form and its codes.
#[derive(Clone, Copy)]
struct Survey {
    code: &'static str,
    paper: Paper,
    criteria: &'static [&'static str],
}

const SERVICE: Survey = Survey {
    code: "demo-service",
    paper: Paper { elements: &[4, 4, 5, 3, 3], required: 16 },
    criteria: &CRITERIA,
};

/// The same questionnaire's second version.
const SHORT: Survey = Survey {
    code: "short",
    paper: Paper { elements: &[2, 3], required: 3 },
    criteria: &[
        "access.information",
        "access.signage",
        "feedback.channel",
        "feedback.handled",
        "feedback.notified",
    ],
};

fn second_version() -> String {
    let level = |value: u8| {
        let satisfied = value >= 4;
        format!(
            r#"{{ value = {value}, satisfied = {satisfied}, text = {{ vi = "{value}", en = "{value}" }} }}"#
        )
    };
    let levels: Vec<String> = (1..=5).map(level).collect();
    let criterion = |(number, code): (usize, &&str)| {
        let optional = number >= SHORT.paper.required;
        format!(
            r#"{{ number = "{number}", code = "{code}", scale = "five", may_be_not_applicable = {optional}, text = {{ vi = "{number}", en = "{number}" }} }}"#
        )
    };
    let criteria: Vec<String> = SHORT.criteria.iter().enumerate().map(criterion).collect();
    format!(
        r#"
[questionnaire]
code = "sipas-service-2022"
version = 2
kind = "sipas"
name = {{ vi = "Phiếu ngắn (mẫu)", en = "Short (sample)" }}
source = "Invented for a test."
[[scales]]
code = "five"
levels = [{}]
[[elements]]
code = "access"
text = {{ vi = "a", en = "a" }}
criteria = [{}]
[[elements]]
code = "feedback"
text = {{ vi = "b", en = "b" }}
criteria = [{}]
[[surveys]]
code = "short"
name = {{ vi = "Ngắn", en = "Short" }}
questionnaire = "sipas-service-2022"
version = 2
opens_on = "2026-03-01"
agencies = ["H56", "H21"]
sample = true
"#,
        levels.join(", "),
        criteria[..2].join(", "),
        criteria[2..].join(", ")
    )
}

/// One raw row.
#[derive(Debug, Clone)]
struct Row {
    agency: String,
    survey: String,
    day: NaiveDate,
    answers: Vec<u8>,
    channel: Option<String>,
    gender: Option<String>,
}

async fn raw_rows(app: &TestApp) -> Vec<Row> {
    let rows = app
        .sql()
        .await
        .query(
            "SELECT a.code, s.code, to_char(to_timestamp((('x' || left(replace(r.id::text, '-', ''), 12))::bit(48)::bigint) / 1000.0)
                    AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD'), r.answers, r.channel::text, r.gender::text
             FROM responses r JOIN agencies a ON a.id = r.rated_agency_id JOIN surveys s ON s.id = r.survey_id",
            &[],
        )
        .await
        .unwrap();
    let row = |row: &tokio_postgres::Row| Row {
        agency: row.get(0),
        survey: row.get(1),
        day: day(row.get(2)),
        answers: row.get(3),
        channel: row.get(4),
        gender: row.get(5),
    };
    rows.iter().map(row).collect()
}

/// By which tree.
#[derive(Debug, Clone, Copy)]
enum AsOf {
    Then,
    On(NaiveDate),
}

/// Everything a figure depends on beside the questions put to it.
struct World {
    tree: Tree,
    rows: Vec<Row>,
}

/// What is asked.
#[derive(Clone, Copy)]
struct Question<'q> {
    roots: &'q [&'q str],
    subtree: bool,
    as_of: AsOf,
    days: (NaiveDate, NaiveDate),
}

impl World {
    /// Whether the question can be answered by its tree.
    fn answerable(&self, q: Question<'_>) -> bool {
        q.roots == ["VN"]
            || match q.as_of {
                AsOf::On(on) => q.roots.iter().any(|root| self.tree.exists(root, on)),
                AsOf::Then => days_of(q.days).any(|on| q.roots.iter().any(|root| self.tree.exists(root, on))),
            }
    }

    /// How much of everybody counts on a day.
    fn shares(&self, q: Question<'_>, on: NaiveDate) -> Vec<Fraction> {
        self.tree.codes().iter().map(|code| self.tree.share(code, q.roots, q.subtree, on)).collect()
    }

    fn changes_inside_a_month(&self, q: Question<'_>) -> bool {
        let before = |on: &NaiveDate| self.shares(q, on.pred_opt().unwrap());
        let inside = |on: &NaiveDate| *on > q.days.0 && on.format("%d").to_string() != "01";
        q.roots != ["VN"]
            && matches!(q.as_of, AsOf::Then)
            && days_of(q.days).filter(inside).any(|on| self.shares(q, on) != before(&on))
    }

    /// Who counts, and how much.
    fn people<'w>(&'w self, survey: Survey, q: Question<'w>) -> impl Iterator<Item = (&'w Row, Person)> {
        let rows = self
            .rows
            .iter()
            .filter(move |row| row.survey == survey.code && q.days.0 <= row.day && row.day < q.days.1);
        rows.filter_map(move |row| {
            let on = match q.as_of {
                AsOf::Then => row.day,
                AsOf::On(on) => on,
            };
            let share =
                if q.roots == ["VN"] { (1, 1) } else { self.tree.share(&row.agency, q.roots, q.subtree, on) };
            (share.0 > 0).then(|| (row, Person { answers: row.answers.clone(), share }))
        })
    }

    fn figure(&self, survey: Survey, q: Question<'_>, asked: Asked<'_>) -> Figure {
        let people: Vec<Person> = self.people(survey, q).map(|(_, person)| person).collect();
        let all: Vec<usize> = (0..survey.criteria.len()).collect();
        figure(survey.paper, &people, &all, asked)
    }
}

fn days_of((from, to): (NaiveDate, NaiveDate)) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day < to)
}

fn form(survey: Survey, agency: &str, on: NaiveDate, chance: &mut StdRng) -> Value {
    // Any moment of the day in Viet Nam, but for today's, which is young.
    let most = if on == day(TODAY) { 10 } else { 24 };
    let midnight = on.and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(7);
    let at = midnight + TimeDelta::milliseconds(chance.random_range(0..most * 3_600_000));
    let mood = chance.random_range(1..=5_u8);
    let mut body = json!({ "id": id(at), "survey": survey.code, "rated_agency": agency, "answers": {} });
    for (place, code) in survey.criteria.iter().enumerate() {
        let level = (mood + chance.random_range(0..3)).clamp(2, 6) - 1;
        let skipped = place >= survey.paper.required && chance.random_range(0..3) > 0;
        body["answers"][code] = if skipped { Value::Null } else { json!(level) };
    }
    if let Some(channel) = [None, Some("kiosk"), Some("web")][chance.random_range(0..3)] {
        body["channel"] = json!(channel);
    }
    if let Some(gender) = [None, Some("male"), Some("female")][chance.random_range(0..3)] {
        body["gender"] = json!(gender);
    }
    body
}

/// Sends random forms about agencies that are there on the day of answering; an hour ago or half a year.
async fn answer(system: &Client, tree: &Tree, count: usize, chance: &mut StdRng) {
    let mut forms = Vec::new();
    while forms.len() < count {
        let on = day(FIRST) + Days::new(chance.random_range(0..=207));
        let there = tree.there_on(on);
        let agency = &there[chance.random_range(0..there.len())];
        let survey = if on >= day("2026-03-01") && chance.random_range(0..3) == 0 { SHORT } else { SERVICE };
        forms.push(form(survey, agency, on, chance));
    }
    let (one_by_one, together) = forms.split_at(count / 4);
    for body in one_by_one {
        system.post("/v1/responses", body).await.expect(201);
        if chance.random_range(0..5) == 0 {
            system.post("/v1/responses", body).await.expect(200);
        }
    }
    let again = &one_by_one[..1];
    let reply = system.post_batch(&[together, again].concat()).await.expect(200).json();
    assert_eq!(
        (&reply["counts"]["created"], &reply["counts"]["replayed"]),
        (&json!(together.len()), &json!(1)),
        "{reply}"
    );
}

async fn wait_until_folded(sql: &tokio_postgres::Client) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while sql.query_one("SELECT count(*) FROM ingest_batches", &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "nobody folds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

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

/// Two surveys of two versions by month.
async fn ask_series(admin: &Client, world: &World, roots: &[&str], as_of: (&str, AsOf), context: &str) {
    let q = Question { roots, subtree: true, as_of: as_of.1, days: (day("2026-01-01"), day("2026-08-01")) };
    if !world.answerable(q) {
        return;
    }
    let path = format!(
        "/v1/agencies/{}/index/series?survey=demo-service,short&from=2026-01-01&to=2026-08-01&step=month&as_of={}",
        roots.join(","),
        as_of.0
    );
    let context = format!("{context}: {path}");
    let series = admin.get(&path).await.expect(200).json();
    let points = series["points"].as_array().unwrap();
    assert_eq!(points.len(), 7 + 5, "{context}");
    for point in points {
        let survey = [SERVICE, SHORT][point["segment"].as_u64().unwrap() as usize];
        let days = (day(point["from"].as_str().unwrap()), day(point["to"].as_str().unwrap()));
        assert!(MONTHS.windows(2).any(|month| days == (day(month[0]), day(month[1]))), "{point}");
        let expected =
            world.figure(survey, Question { days, ..q }, Asked { formula: FORMULAS[0], confidence: 95 });
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
            code != root
                && tree.level(code) == level
                && tree.exists(root, on)
                && tree.is_below(code, root, on)
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

async fn ask_everything(admin: &Client, world: &World, seed: u64, chance: &mut StdRng) {
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
        ask_ranking(admin, world, "H56", Some("commune"), as_of, &context, chance).await;
        for root in ["H21", any(chance)] {
            ask_ranking(admin, world, root, None, as_of, &context, chance).await;
            ask_series(admin, world, &[root], as_of, &context).await;
        }
        for (root, by) in [("H56", "channel"), (any(chance), "gender"), ("VN", "gender")] {
            ask_breakdown(admin, world, &[root], as_of, by, &context).await;
        }
        ask_series(admin, world, &["VN"], as_of, &context).await;
    }
}

async fn history(seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let database_url = database().await;
    load_catalogue(&database_url).await;
    let db = sipas::store::Db::new(&database_url, 1).unwrap();
    sipas::service::catalogue::load(&db, &[source("second.toml", &second_version())]).await.unwrap();
    let app = TestApp::on(database_url, NOW, &["--max-offline-days", "400"]).await;
    let (system, admin, sql) = (app.system(None).await, app.admin(None).await, app.sql().await);
    let mut tree = Tree::demonstration();
    let mut days: Vec<NaiveDate> = (0..chance.random_range(6..12))
        .map(|_| day("2026-01-05") + Days::new(chance.random_range(0..190)))
        .collect();
    days.sort_unstable();
    // The last one is planned, and its day yet to come.
    days.push(day("2026-08-05"));
    let part = RESPONSES / (days.len() + 1);
    for on in &days {
        answer(&system, &tree, part, &mut chance).await;
        let event = tree.happen(*on, &mut chance);
        let reply = admin.post("/v1/agency-events", &event).await;
        assert_eq!(reply.status, 201, "SIPAS_HISTORY_SEED={seed}: {event}: {}", reply.text);
    }
    wait_until_folded(&sql).await;
    // No instance folds while this lock is held.
    sql.batch_execute("SELECT pg_advisory_lock(1179601988)").await.unwrap();
    answer(&system, &tree, part, &mut chance).await;
    let world = World { tree, rows: raw_rows(&app).await };
    assert_eq!(world.rows.len(), part * (days.len() + 1));
    // The same questions before and after the fold.
    let questions = chance.random();
    ask_everything(&admin, &world, seed, &mut StdRng::seed_from_u64(questions)).await;
    sql.batch_execute("SELECT pg_advisory_unlock(1179601988)").await.unwrap();
    wait_until_folded(&sql).await;
    ask_everything(&admin, &world, seed, &mut StdRng::seed_from_u64(questions)).await;
    let verified = sipas::service::verification::verify(&db, false).await.unwrap();
    assert_eq!(verified.differences, Vec::<String>::new(), "SIPAS_HISTORY_SEED={seed}");
}

#[tokio::test]
async fn every_figure_of_a_history_equals_its_recount() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let first = number("SIPAS_HISTORY_SEED").unwrap_or_else(rand::random);
    for place in 0..number("SIPAS_HISTORIES").unwrap_or(3) {
        history(first.wrapping_add(place)).await;
    }
}
