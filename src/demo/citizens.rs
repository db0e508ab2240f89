//! Simulated citizens: agencies differ, people differ, elements differ, offices are open on weekdays and
//! busiest on Monday mornings, most people have no complaint to be handled, few write a comment.

use crate::domain::ids::ResponseId;
use crate::domain::period::{ZONE, day_of};
use crate::http::responses::ResponseBody;
use chrono::{DateTime, Datelike, Days, TimeDelta, TimeZone, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

/// Provinces of the demonstration with how well they do.
const PROVINCES: [(&str, f64); 3] = [("H56", 0.9), ("H21", 0.65), ("H15", 0.75)];

/// Communes of each, with how much they differ from their province.
const COMMUNES: [(&str, f64); 4] = [("C1", 0.25), ("C2", 0.0), ("C3", -0.2), ("C4", -0.5)];

/// Departments that decide on files of the provincial centre.
const DEPARTMENTS: [(&str, f64); 2] = [("D1", 0.1), ("D2", -0.35)];

/// Criteria of `sipas-service-2022` with how much their element differs.
const CRITERIA: [(&str, f64); 19] = [
    ("access.information", 0.0),
    ("access.signage", 0.15),
    ("access.premises", 0.25),
    ("access.equipment", -0.1),
    ("procedure.published", 0.1),
    ("procedure.documents", 0.0),
    ("procedure.fees", 0.1),
    ("procedure.time_limit", -0.1),
    ("official.polite", 0.2),
    ("official.answers", 0.0),
    ("official.guidance", -0.1),
    ("official.rules", 0.1),
    ("official.dedicated", 0.0),
    ("result.on_time", -0.1),
    ("result.accurate", 0.15),
    ("result.fair", 0.05),
    ("feedback.channel", -0.2),
    ("feedback.handled", -0.35),
    ("feedback.notified", -0.4),
];

const DESK_CRITERIA: [&str; 4] = ["desk.total_time", "desk.contacts", "desk.agencies", "desk.attitude"];

const COMMENTS: [&str; 8] = [
    "Cán bộ hướng dẫn tận tình, dễ hiểu.",
    "Phải chờ hơi lâu vào sáng thứ Hai.",
    "Trả kết quả sớm hơn hẹn, rất hài lòng.",
    "Cần thêm ghế ngồi và quạt mát.",
    "Nên có biển chỉ dẫn rõ hơn.",
    "Hồ sơ phải bổ sung hai lần, mong hướng dẫn đủ ngay từ đầu.",
    "Thủ tục nhanh gọn.",
    "Chưa được trả lời về kiến nghị lần trước.",
];

const PROCEDURES: [&str; 4] = ["2.000815", "1.006714", "1.004873", "2.001023"];

/// Days before today over which answers spread.
const DAYS: u64 = 60;

/// Days after which every answer is that old: what the service has to take.
pub const OLDEST_DAYS: u16 = 62;

/// A desk of the demonstration.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Its code.
    pub code: String,
    /// The agency that runs it.
    pub agency: String,
}

/// Every desk of the demonstration: a commune's first, as an example to show.
pub fn desks() -> Vec<Desk> {
    let desk = |agency: String| Desk { code: format!("MC-{}", agency.replace('.', "-")), agency };
    let communes = PROVINCES
        .iter()
        .flat_map(|(province, _)| COMMUNES.iter().map(move |(commune, _)| format!("{province}.{commune}")));
    communes.chain(PROVINCES.iter().map(|(province, _)| (*province).to_owned())).map(desk).collect()
}

/// A response to show; without an id, so that it can be pasted at any time.
pub fn example() -> ResponseBody {
    let answers = CRITERIA.iter().map(|(code, _)| {
        let level = if code.starts_with("feedback") { None } else { Some(4) };
        ((*code).to_owned(), level)
    });
    ResponseBody {
        survey: "demo-service".into(),
        rated_agency: "H56.C1".into(),
        device_seq: None,
        service_point: Some("MC-H56-C1".into()),
        answers: answers.collect(),
        channel: Some("kiosk".into()),
        ..ResponseBody::default()
    }
}

/// An endless row of citizens; the same seed and day make the same ones.
pub struct Citizens {
    chance: StdRng,
    now: DateTime<Utc>,
}

impl Citizens {
    /// Citizens who answered in the weeks before `now`.
    pub fn new(seed: u64, now: DateTime<Utc>) -> Self {
        Self { chance: StdRng::seed_from_u64(seed), now }
    }

    /// Something between 0 and 1.
    fn draw(&mut self) -> f64 {
        self.chance.random()
    }

    /// About normal, mean 0, deviation 1: a sum of uniform draws is close enough for a demonstration.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.draw()).sum::<f64>() - 6.0
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let place = self.chance.random_range(0..choices.len());
        choices.get(place).copied()
    }

    fn yes(&mut self, share: f64) -> bool {
        self.draw() < share
    }

    /// An office hour on a working day: Mondays are busiest, Saturdays half empty, mornings before afternoons.
    fn answered_at(&mut self) -> DateTime<Utc> {
        loop {
            let day = day_of(self.now) - Days::new(self.chance.random_range(1..=DAYS));
            let crowd = match day.weekday().num_days_from_monday() {
                0 => 1.0,
                1..=4 => 0.7,
                5 => 0.2,
                _ => 0.0,
            };
            if !self.yes(crowd) {
                continue;
            }
            let (opens, minutes) = if self.yes(0.6) { (450, 240) } else { (810, 210) };
            let minute = opens + self.chance.random_range(0..minutes);
            let midnight = day.and_time(chrono::NaiveTime::MIN);
            let millis = self.chance.random_range(0..60_000);
            let at = ZONE.from_local_datetime(&midnight).single();
            if let Some(at) = at {
                return (at + TimeDelta::minutes(minute) + TimeDelta::milliseconds(millis)).to_utc();
            }
        }
    }

    fn answers(&mut self, quality: f64) -> BTreeMap<String, Option<i16>> {
        let person = 0.6 * self.bell();
        let complained = self.yes(0.35);
        let mut answers = BTreeMap::new();
        for (code, offset) in CRITERIA {
            let applicable = complained || !code.starts_with("feedback");
            let mood = quality + offset + person + 0.7 * self.bell();
            let level = match mood {
                m if m < -1.6 => 1,
                m if m < -0.9 => 2,
                m if m < -0.1 => 3,
                m if m < 1.2 => 4,
                _ => 5,
            };
            answers.insert(code.to_owned(), applicable.then_some(level));
        }
        answers
    }

    fn points(&mut self, quality: f64) -> BTreeMap<String, Option<i16>> {
        let mut answers = BTreeMap::new();
        for code in DESK_CRITERIA {
            let mood = quality + self.bell();
            let points = if mood < -0.8 { 0 } else { i16::from(mood > 0.4) + 1 };
            answers.insert(code.to_owned(), Some(points));
        }
        answers
    }
}

impl Iterator for Citizens {
    type Item = ResponseBody;

    fn next(&mut self) -> Option<ResponseBody> {
        let (province, base) = self.pick(&PROVINCES)?;
        let (rated, desk, offset) = if self.yes(0.3) {
            let (department, offset) = self.pick(&DEPARTMENTS)?;
            (format!("{province}.{department}"), format!("MC-{province}"), offset)
        } else {
            let (commune, offset) = self.pick(&COMMUNES)?;
            (format!("{province}.{commune}"), format!("MC-{province}-{commune}"), offset)
        };
        let quality = base + offset;
        let of_dossier = self.yes(0.2);
        let at = self.answered_at();
        let some = |word: &str| Some(word.to_owned());
        let answers = if of_dossier { self.points(quality) } else { self.answers(quality) };
        let channel = self.pick(&["kiosk", "kiosk", "kiosk", "tablet", "own_phone"]).and_then(some);
        let gender = self.pick(&["male", "female", ""]).filter(|word| !word.is_empty()).and_then(some);
        let ages = ["18-24", "25-34", "25-34", "35-49", "35-49", "35-49", "50-60", "over-60", ""];
        let age_band = self.pick(&ages).filter(|word| !word.is_empty()).and_then(some);
        let comment = if self.yes(0.04) { self.pick(&COMMENTS).and_then(some) } else { None };
        Some(ResponseBody {
            id: Some(ResponseId::make(at).uuid()),
            survey: if of_dossier { "demo-desk" } else { "demo-service" }.into(),
            rated_agency: rated,
            device_seq: None,
            visit: None,
            form: None,
            service_point: Some(desk),
            answers,
            channel,
            procedure: self.pick(&PROCEDURES).and_then(some),
            gender,
            age_band,
            assisted_by_staff: Some(self.yes(0.12)),
            comment,
        })
    }
}
