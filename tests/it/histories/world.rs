//! What a history leaves: the raw rows and the tree, and by both who counts in a figure.

use crate::support::TestApp;
use crate::support::recount_math::{Asked, Figure, Fraction, Paper, Person, figure};
use crate::support::recount_tree::{Tree, day};
use crate::support::samples::CRITERIA;
use chrono::NaiveDate;

/// First day somebody may have answered.
pub const FIRST: &str = "2025-12-20";

/// What the service believes today to be.
pub const TODAY: &str = "2026-07-15";

/// A survey, its form and its codes.
#[derive(Clone, Copy)]
pub struct Survey {
    pub code: &'static str,
    pub paper: Paper,
    pub criteria: &'static [&'static str],
}

pub const SERVICE: Survey = Survey {
    code: "demo-service",
    paper: Paper { elements: &[4, 4, 5, 3, 3], required: 16 },
    criteria: &CRITERIA,
};

/// The same questionnaire's second version.
pub const SHORT: Survey = Survey {
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

/// What the second version's short form may ask: a criterion that must be answered, one that need not, both.
pub const SHORT_FORMS: [&[&str]; 3] =
    [&["access.signage"], &["feedback.handled"], &["feedback.handled", "access.signage"]];

pub fn second_version(short_form: &[&str]) -> String {
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
agencies = ["H56", "H21", "H15"]
sample = true
short_form = {short_form:?}
"#,
        levels.join(", "),
        criteria[..2].join(", "),
        criteria[2..].join(", ")
    )
}

/// One raw row.
#[derive(Debug, Clone)]
pub struct Row {
    pub agency: String,
    pub survey: String,
    pub day: NaiveDate,
    pub answers: Vec<u8>,
    pub channel: Option<String>,
    pub gender: Option<String>,
}

pub async fn raw_rows(app: &TestApp) -> Vec<Row> {
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
pub enum AsOf {
    Then,
    On(NaiveDate),
}

/// Everything a figure depends on beside the questions put to it.
pub struct World {
    pub tree: Tree,
    pub rows: Vec<Row>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    pub roots: &'q [&'q str],
    pub subtree: bool,
    pub as_of: AsOf,
    pub days: (NaiveDate, NaiveDate),
}

impl World {
    /// Whether the question can be answered by its tree.
    pub fn answerable(&self, q: Question<'_>) -> bool {
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

    pub fn changes_inside_a_month(&self, q: Question<'_>) -> bool {
        let before = |on: &NaiveDate| self.shares(q, on.pred_opt().unwrap());
        let inside = |on: &NaiveDate| *on > q.days.0 && on.format("%d").to_string() != "01";
        q.roots != ["VN"]
            && matches!(q.as_of, AsOf::Then)
            && days_of(q.days).filter(inside).any(|on| self.shares(q, on) != before(&on))
    }

    /// Who counts, and how much.
    pub fn people<'w>(&'w self, survey: Survey, q: Question<'w>) -> impl Iterator<Item = (&'w Row, Person)> {
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

    pub fn figure(&self, survey: Survey, q: Question<'_>, asked: Asked<'_>) -> Figure {
        let people: Vec<Person> = self.people(survey, q).map(|(_, person)| person).collect();
        let all: Vec<usize> = (0..survey.criteria.len()).collect();
        figure(survey.paper, &people, &all, asked)
    }
}

pub fn days_of((from, to): (NaiveDate, NaiveDate)) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day < to)
}
