//! The invented country: 3,000 communes in 34 provinces, and what their citizens said in two years. Only raw
//! responses are made up; tallies are counted from them by the program itself.

use super::Result;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use num_traits::ToPrimitive;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::fmt::Write;
use std::pin::pin;
use tokio_postgres::Client;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// The survey that everybody answers.
pub const SURVEY: &str = "bench-service";

const PROVINCES: usize = 34;
const COMMUNES: usize = 3000;

/// Communes of the first province: with itself a hundred agencies.
const COMMUNES_OF_FIRST: usize = 99;

/// First day, and how many.
const FIRST_DAY: &str = "2024-07-01";
const DAYS: u32 = 730;

/// Criteria of `sipas-service-2022`; the last three are about feedback, which most dossiers have none of.
pub const CRITERIA: usize = 19;
const FEEDBACK: usize = 3;

/// Code of a province, from 1.
fn province(number: usize) -> String {
    format!("K{number:02}")
}

/// Codes of all communes.
pub fn communes() -> Vec<String> {
    let first = (1..=COMMUNES_OF_FIRST).map(|place| (1, place));
    let others = PROVINCES - 1;
    let others = (0..COMMUNES - COMMUNES_OF_FIRST).map(|place| (place % others + 2, place / others + 1));
    first.chain(others).map(|(number, place)| format!("{}.X{place:03}", province(number))).collect()
}

/// The catalogue file: provinces, communes, a desk for each, the survey.
pub fn catalogue() -> String {
    let mut text = String::from("agencies = [\n");
    let valid = "valid_from = \"2020-01-01\", sample = true";
    for number in 1..=PROVINCES {
        let code = province(number);
        let _ = writeln!(
            text,
            "{{ code = \"{code}\", level = \"province\", name = \"Tỉnh {number}\", {valid} }},"
        );
    }
    for code in communes() {
        let (parent, rest) = code.split_once('.').unwrap_or_default();
        let _ = writeln!(
            text,
            "{{ code = \"{code}\", level = \"commune\", name = \"Xã {rest} tỉnh {parent}\", parent = \"{parent}\", {valid} }},"
        );
    }
    text.push_str("]\nservice_points = [\n");
    for code in communes() {
        let desk = code.replace('.', "-");
        let _ = writeln!(
            text,
            "{{ code = \"MC-{desk}\", agency = \"{code}\", name = \"Bộ phận một cửa {code}\", {valid} }},"
        );
    }
    let roots: Vec<String> = (1..=PROVINCES).map(|number| format!("\"{}\"", province(number))).collect();
    let _ = writeln!(
        text,
        "]\n[[surveys]]\ncode = \"{SURVEY}\"\nname = {{ vi = \"Khảo sát đo tốc độ\", en = \"Survey for the benchmark\" }}\n\
         questionnaire = \"sipas-service-2022\"\nversion = 1\nopens_on = \"{FIRST_DAY}\"\nagencies = [{}]\nsample = true",
        roots.join(", ")
    );
    text
}

/// Chance of citizens; the same for the same number of responses.
struct Citizens {
    chance: StdRng,
    /// Number, desk and satisfaction (0 to 7) of each commune.
    communes: Vec<(i32, i32, usize)>,
    /// Sums of the communes' weights: a few large ones, many small ones.
    weights: Vec<f64>,
    /// The level that each byte of chance stands for, by satisfaction.
    levels: Vec<[u8; 256]>,
}

impl Citizens {
    fn new(communes: Vec<(i32, i32)>) -> Self {
        let mut chance = StdRng::seed_from_u64(2026);
        let mut sum = 0.0;
        let mut weights = Vec::new();
        for _ in &communes {
            // Log-normal, from a sum of twelve uniforms.
            let normal: f64 = (0..12).map(|_| chance.random::<f64>()).sum::<f64>() - 6.0;
            sum += normal.exp();
            weights.push(sum);
        }
        let communes =
            communes.into_iter().map(|(agency, desk)| (agency, desk, chance.random_range(0..8))).collect();
        let level = |satisfied: f64, chance: f64| match chance / satisfied {
            share if share < 0.45 => 5,
            share if share < 1.0 => 4,
            _ if chance < satisfied + (1.0 - satisfied) * 0.6 => 3,
            _ if chance < satisfied + (1.0 - satisfied) * 0.9 => 2,
            _ => 1,
        };
        let table = |step: u8| {
            let satisfied = 0.55 + f64::from(step) * 0.04;
            let mut byte = 0_u8;
            [(); 256].map(|()| {
                let found = level(satisfied, f64::from(byte) / 256.0);
                byte = byte.wrapping_add(1);
                found
            })
        };
        Self { chance, communes, weights, levels: (0..12).map(table).collect() }
    }

    fn commune(&mut self) -> (i32, i32, usize) {
        let drawn = self.chance.random::<f64>() * self.weights.last().copied().unwrap_or(1.0);
        let place = self.weights.partition_point(|sum| *sum < drawn).min(self.communes.len() - 1);
        self.communes.get(place).copied().unwrap_or_default()
    }

    fn answers(&mut self, satisfied: usize) -> [u8; CRITERIA] {
        // The mood of the day is in all answers of a person.
        let mood = self.chance.random_range(0..4_usize);
        let mut answers = [0_u8; CRITERIA];
        self.chance.fill_bytes(&mut answers);
        if let Some(levels) = self.levels.get(satisfied + mood) {
            let level = |byte: u8| levels.get(usize::from(byte)).copied().unwrap_or(1);
            answers.iter_mut().for_each(|answer| *answer = level(*answer));
        }
        if self.chance.random_range(0..100) < 85 {
            answers.iter_mut().rev().take(FEEDBACK).for_each(|answer| *answer = 0);
        }
        answers
    }

    fn of<'w>(&mut self, words: &[(u32, Option<&'w str>)]) -> Option<&'w str> {
        let mut drawn = self.chance.random_range(0..100_u32);
        for (share, word) in words {
            match drawn.checked_sub(*share) {
                Some(left) => drawn = left,
                None => return *word,
            }
        }
        None
    }
}

const CHANNELS: [(u32, Option<&str>); 6] = [
    (40, Some("kiosk")),
    (25, Some("web")),
    (15, Some("own_phone")),
    (12, Some("tablet")),
    (5, Some("paper")),
    (3, Some("interview")),
];
const GENDERS: [(u32, Option<&str>); 2] = [(48, Some("female")), (47, Some("male"))];
const AGES: [(u32, Option<&str>); 5] = [
    (12, Some("18-24")),
    (28, Some("25-34")),
    (32, Some("35-49")),
    (16, Some("50-60")),
    (8, Some("over-60")),
];

/// How much happens on a day: few come at weekends, and more from month to month.
fn weight(place: u32, day: NaiveDate) -> f64 {
    let week = match day.weekday() {
        Weekday::Sat => 0.3,
        Weekday::Sun => 0.02,
        _ => 1.0,
    };
    week * (1.0 + 0.5 * f64::from(place) / f64::from(DAYS))
}

const COPY: &str = "COPY responses (id, survey_id, rated_agency_id, service_point_id, client_id, answers, channel, \
     gender, age_band, commented, received_at) FROM STDIN BINARY";

/// Stores the raw responses, in the order of their days.
pub async fn fill(sql: &Client, responses: u32) -> Result<()> {
    let survey: i32 = sql.query_one("SELECT id FROM surveys WHERE code = $1", &[&SURVEY]).await?.get(0);
    let client: Uuid = sql.query_one("SELECT id FROM clients WHERE kind = 'system'", &[]).await?.get(0);
    let found = sql
        .query(
            "SELECT a.id, s.id FROM agencies a JOIN service_points s ON s.agency_id = a.id
             WHERE a.code LIKE 'K%' ORDER BY a.code",
            &[],
        )
        .await?;
    let mut citizens = Citizens::new(found.iter().map(|row| (row.get(0), row.get(1))).collect());
    let first: NaiveDate = FIRST_DAY.parse()?;
    let day = |place: u32| first + Days::new(place.into());
    let days: Vec<(NaiveDate, f64)> =
        (0..DAYS).map(|place| (day(place), weight(place, day(place)))).collect();
    for (day, _) in &days {
        sql.execute("SELECT ensure_response_partition($1)", &[day]).await?;
    }
    let types = [
        Type::UUID,
        Type::INT4,
        Type::INT4,
        Type::INT4,
        Type::UUID,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::BOOL,
        Type::TIMESTAMPTZ,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(sql.copy_in(COPY).await?, &types));
    let all: f64 = days.iter().map(|(_, weight)| weight).sum();
    let (mut passed, mut made) = (0.0, 0);
    for (day, weight) in days {
        passed += weight;
        let until = (f64::from(responses) * passed / all).round().to_u32().ok_or("too many")?;
        // Desks are open from half past seven to half past four, Viet Nam time.
        let opens = day.and_hms_opt(0, 30, 0).ok_or("no such time")?.and_utc().timestamp_millis();
        let mut times: Vec<i64> =
            (made..until).map(|_| opens + citizens.chance.random_range(0..9 * 3_600_000)).collect();
        made = until;
        times.sort_unstable();
        for at in times {
            let (agency, desk, satisfied) = citizens.commune();
            let answers = citizens.answers(satisfied);
            let mut random = [0; 10];
            citizens.chance.fill_bytes(&mut random);
            let id = uuid::Builder::from_unix_timestamp_millis(u64::try_from(at)?, &random).into_uuid();
            let arrived = DateTime::<Utc>::from_timestamp_millis(at + 800).ok_or("no such time")?;
            writer
                .as_mut()
                .write(&[
                    &id,
                    &survey,
                    &agency,
                    &desk,
                    &client,
                    &answers.as_slice(),
                    &citizens.of(&CHANNELS),
                    &citizens.of(&GENDERS),
                    &citizens.of(&AGES),
                    &false,
                    &arrived,
                ])
                .await?;
        }
    }
    writer.finish().await?;
    Ok(())
}
