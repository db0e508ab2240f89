//! People whose answers a test knows: posted over HTTP and kept in memory, so that figures can be counted again.

use super::TestApp;
use super::app::{NOW, load_catalogue};
use super::clients::Client;
use super::cluster::database;
use super::samples::{CRITERIA, id, source};
use chrono::{DateTime, TimeDelta};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use sipas::catalogue::{Source, built_in};

/// Somebody who rated an agency. Answers are levels in the order of [`CRITERIA`], 0 is not applicable.
#[derive(Clone)]
pub struct Citizen {
    pub survey: &'static str,
    pub agency: &'static str,
    /// `2026-07-01`.
    pub day: String,
    pub answers: Vec<u8>,
    /// Fields of the response beside these.
    pub told: Vec<(&'static str, &'static str)>,
}

impl Citizen {
    /// Answers every criterion alike, to `demo-service`.
    pub fn alike(agency: &'static str, day: &str, level: u8) -> Self {
        Self {
            survey: "demo-service",
            agency,
            day: day.into(),
            answers: vec![level; CRITERIA.len()],
            told: Vec::new(),
        }
    }

    /// In a mood of their own; two of three have no feedback case.
    pub fn random(agency: &'static str, day: &str, chance: &mut StdRng) -> Self {
        let mood = chance.random_range(1..=5_u8);
        let mut answer = |code: &&str| {
            let level = (mood + chance.random_range(0..3)).clamp(2, 6) - 1;
            let skipped = code.starts_with("feedback") && chance.random_range(0..3) > 0;
            if skipped { 0 } else { level }
        };
        let answers = CRITERIA.iter().map(&mut answer).collect();
        Self { answers, ..Self::alike(agency, day, 1) }
    }

    /// Whether the agency is this one or below it, and the day in `from..to`.
    pub fn is_in(&self, root: &str, from: &str, to: &str) -> bool {
        let below = self.agency == root || self.agency.starts_with(&format!("{root}."));
        below && from <= &*self.day && &*self.day < to
    }

    /// What was told in a field.
    pub fn told(&self, field: &str) -> Option<&'static str> {
        self.told.iter().find(|(name, _)| *name == field).map(|(_, value)| *value)
    }

    fn body(&self, chance: u32) -> Value {
        // From the first to the last millisecond of the day, as it is counted in Viet Nam.
        let start = DateTime::parse_from_rfc3339(&format!("{}T00:00:00+07:00", self.day)).unwrap();
        let edge = [0, 86_399_999, i64::from(chance) % 86_400_000][chance as usize % 3];
        let at = (start + TimeDelta::milliseconds(edge)).to_utc();
        let at = at.min(DateTime::parse_from_rfc3339(NOW).unwrap().to_utc());
        let answer = |level: &u8| if *level == 0 { Value::Null } else { json!(level) };
        let answers: serde_json::Map<_, _> = CRITERIA
            .iter()
            .zip(&self.answers)
            .map(|(code, level)| ((*code).to_owned(), answer(level)))
            .collect();
        let mut body = json!({
            "id": id(at), "survey": self.survey, "rated_agency": self.agency, "answers": answers,
        });
        for (name, value) in &self.told {
            body[*name] = json!(value);
        }
        body
    }
}

/// Posts what they say, as a system of the whole country; each has to be stored.
pub async fn post(app: &TestApp, people: &[Citizen]) {
    let system = app.system(None).await;
    let bodies: Vec<Value> = people.iter().map(|citizen| citizen.body(rand::random())).collect();
    for bodies in bodies.chunks(1000) {
        let reply = system.post_batch(bodies).await.expect(200);
        assert_eq!(reply.json()["counts"]["created"], bodies.len(), "{}", reply.text);
    }
}

/// `count` people who answer every criterion alike, by level.
pub fn alike(agency: &'static str, day: &str, levels: &[(u8, usize)]) -> Vec<Citizen> {
    let each = levels.iter().flat_map(|(level, count)| std::iter::repeat_n(*level, *count));
    each.map(|level| Citizen::alike(agency, day, level)).collect()
}

/// An agency that began inside a month.
const YOUNG: &str = r#"agencies = [{ code = "H56.C3.X1", level = "commune", name = "Tổ mẫu", parent = "H56.C3", valid_from = "2026-05-15", sample = true }]"#;

/// A second version of the service questionnaire, without its last criterion, and the surveys of both:
/// `spring` (version 1, closed on 2026-04-01), `summer` (version 2, closed on 2026-06-01) and `late` (version 1).
fn second_version() -> Vec<Source> {
    let mut first = built_in();
    first.retain(|source| source.text.contains("code = \"sipas-service-2022\""));
    let text = first.pop().unwrap().text.replacen("version = 1", "version = 2", 1);
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("feedback.notified")).collect();
    let survey = |code: &str, version: u8, window: &str| {
        format!(
            "[[surveys]]\ncode = \"{code}\"\nname = {{ vi = \"{code}\", en = \"{code}\" }}\n\
             questionnaire = \"sipas-service-2022\"\nversion = {version}\n{window}\n\
             agencies = [\"H56\", \"H21\"]\nsample = true\n"
        )
    };
    let surveys = [
        survey("spring", 1, "opens_on = \"2026-01-01\"\ncloses_on = \"2026-04-01\""),
        survey("summer", 2, "opens_on = \"2026-04-01\"\ncloses_on = \"2026-06-01\""),
        survey("late", 1, "opens_on = \"2026-06-01\""),
    ];
    let surveys = format!("{YOUNG}\n{}", surveys.join("\n"));
    vec![source("second.toml", &lines.join("\n")), source("three-surveys.toml", &surveys)]
}

/// A service that takes responses of the last two years, with the surveys of [`second_version`].
pub async fn service() -> TestApp {
    let database_url = database().await;
    load_catalogue(&database_url).await;
    let db = sipas::store::Db::new(&database_url, 1).unwrap();
    sipas::service::catalogue::load(&db, &second_version()).await.unwrap();
    TestApp::on(database_url, NOW, &["--max-offline-days", "740"]).await
}

/// A figure of an agency: `what` is `series`, `breakdown`, `comparison` or `ranking`.
pub async fn figure(client: &Client, agency: &str, what: &str, query: &str) -> Value {
    client.get(&path(agency, what, query)).await.expect(200).json()
}

pub fn path(agency: &str, what: &str, query: &str) -> String {
    format!("/v1/agencies/{agency}/index/{what}?{query}")
}

/// No instance folds while this is held.
pub async fn hold_folding(app: &TestApp) -> tokio_postgres::Client {
    let sql = app.sql().await;
    sql.batch_execute("SELECT pg_advisory_lock(1179601988)").await.unwrap();
    sql
}

/// Lets the instances fold, and waits until nothing is left.
pub async fn fold(sql: &tokio_postgres::Client) {
    sql.batch_execute("SELECT pg_advisory_unlock(1179601988)").await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let left = "SELECT count(*) FROM ingest_batches";
    while sql.query_one(left, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(std::time::Instant::now() < deadline, "nobody folds");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Quantiles of the normal distribution at 90, 95 and 99 percent, from a table.
pub const NORMAL: [(u8, f64); 3] =
    [(90, 1.644_853_626_951_472_2), (95, 1.959_963_984_540_054), (99, 2.575_829_303_548_900_4)];

/// Wilson's bounds of a share as roots of (p - x)² = z² x(1 - x)/n, not rounded.
pub fn wilson(yes: usize, n: usize, z: f64) -> (f64, f64) {
    let (p, n) = (yes as f64 / n as f64, n as f64);
    let (a, b, c) = (1.0 + z * z / n, -(2.0 * p + z * z / n), p * p);
    let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
    ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a))
}

/// A share as percent with two decimals.
pub fn percent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}

/// An interval as it goes over the wire.
pub fn interval(low: f64, high: f64) -> Value {
    json!({"low": percent(low), "high": percent(high)})
}

/// Lines of data of a CSV file by column name, as a program reads them.
pub fn records(csv: &str) -> Vec<std::collections::HashMap<String, String>> {
    let rest = csv.split_once('\n').unwrap().1;
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(rest.as_bytes());
    reader.deserialize().map(|record| record.unwrap()).collect()
}
