//! Reading what shall be drafted.

use crate::domain::period::{Period, parse_day};
use crate::domain::questionnaire::Wording;
use crate::domain::release::{MAX_REASON, MAX_TITLE, parse_name};
use crate::domain::subject::SubjectCode;
use crate::domain::text;
use crate::error::{FaultKind, Faults, Place};
use crate::http::fields::{Fields, Node};
use crate::release::manifest::{Corrects as CorrectsBody, Title};
use crate::service::releases::{
    Confidence, Corrects, INDEX, KINDS, MOST_CONTENTS, NewRelease, Question, RANKING,
};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// Most characters of a survey's code.
const MOST_SURVEY_CHARS: usize = 60;

/// Fewest people of a ranked figure, if nobody asks for more or fewer.
const RANKED_FROM: u64 = 10;

/// A release to be drafted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// Whose release it is; `VN`: the whole country.
    #[schema(example = "H56")]
    pub agency: String,
    /// Name of the series: letters of ASCII, digits, hyphens.
    #[schema(example = "2026-Q2", max_length = 40)]
    pub series: String,
    /// What it is called.
    pub title: Title,
    /// What is in it, 1 to 20.
    pub contents: Vec<QuestionBody>,
    /// What it corrects: the newest sealed revision of the series, and why. Absent for the first.
    pub corrects: Option<CorrectsBody>,
}

/// One question whose figures shall be in the release.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionBody {
    /// `index`: the whole, elements and criteria of an agency and of each right below; `ranking`: those right below, ranked.
    #[schema(example = "index")]
    pub kind: String,
    /// The publisher or an agency below it.
    #[schema(example = "H56")]
    pub agency: String,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    pub survey: String,
    /// A year, a quarter or a month that has begun.
    #[schema(example = "2026-Q2")]
    pub period: String,
    /// Formula id; by default the first of the survey's kind.
    #[schema(example = "satisfied-share")]
    pub formula: Option<String>,
    /// Confidence level of the intervals in percent: 90, 95 (default) or 99.
    #[schema(example = "95")]
    pub confidence: Option<String>,
    /// The day of the tree of agencies, at the latest today (default).
    pub tree_on: Option<NaiveDate>,
    /// Of an index: whether those right below are in it (default).
    pub children: Option<bool>,
    /// Of a ranking: fewest people a ranked figure is made from.
    #[schema(minimum = 1, maximum = 1000000, default = 10)]
    pub min_n: Option<i64>,
}

/// Reads a draft; what was faulty is absent, and told.
pub fn read(body: Node) -> (NewRelease, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let (agency, name) = (fields.required("agency", subject), fields.required("series", parse_name));
    let (title, place) = (fields.required_node("title"), fields.place_of("title"));
    let title = title.and_then(|node| read_title(node, place, fields.faults()));
    let list = fields.required_list("contents");
    if list.as_ref().is_some_and(|items| items.is_empty() || items.len() > MOST_CONTENTS) {
        let max = i64::try_from(MOST_CONTENTS).unwrap_or(i64::MAX);
        fields.fault("contents", FaultKind::OutOfRange { min: 1, max });
    }
    let place = fields.place_of("contents");
    let items = list.into_iter().flatten().take(MOST_CONTENTS).enumerate();
    let contents =
        items.map(|(at, node)| read_question(node, place.member(&at.to_string()), fields.faults())).collect();
    let (corrects, place) = (fields.take("corrects"), fields.place_of("corrects"));
    let corrects = corrects.and_then(|node| read_corrects(node, place, fields.faults()));
    fields.finish();
    (NewRelease { agency, name, title, contents, corrects }, faults)
}

/// One agency, or the whole country.
fn subject(raw: &str) -> Result<SubjectCode, FaultKind> {
    let one = SubjectCode::parse(raw).filter(|code| match code {
        SubjectCode::Country => true,
        SubjectCode::Agencies(codes) => codes.len() == 1,
    });
    one.ok_or(FaultKind::BadFormat { expected: "H56.C1, VN" })
}

fn words(max: usize) -> impl Fn(&str) -> Result<String, FaultKind> {
    move |raw| text::clean(raw, max)?.ok_or(FaultKind::Missing)
}

fn read_title(node: Node, place: Place, faults: &mut Faults) -> Option<Wording> {
    let mut fields = Fields::of(node, place, faults);
    let (vi, en) = (fields.required("vi", words(MAX_TITLE)), fields.required("en", words(MAX_TITLE)));
    fields.finish();
    Some(Wording { vi: vi?, en: en? })
}

fn read_corrects(node: Node, place: Place, faults: &mut Faults) -> Option<Corrects> {
    let mut fields = Fields::of(node, place, faults);
    let revision = integer(&mut fields, "revision", 1, 999_999, true);
    let reason = fields.required("reason", words(MAX_REASON));
    fields.finish();
    Some(Corrects { revision: i32::try_from(revision?).ok()?, reason: reason? })
}

fn read_question(node: Node, place: Place, faults: &mut Faults) -> Question {
    let mut fields = Fields::of(node, place, faults);
    let known = |raw: &str| {
        KINDS.into_iter().find(|kind| *kind == raw).ok_or(FaultKind::NotAllowed { allowed: &KINDS })
    };
    let kind = fields.required("kind", known);
    // What the other kind takes is unknown here.
    let children = if kind == Some(RANKING) { None } else { fields.boolean("children") };
    let min_n = if kind == Some(INDEX) { None } else { integer(&mut fields, "min_n", 1, 1_000_000, false) };
    let question = Question {
        kind,
        agency: fields.required("agency", subject),
        survey: fields.required("survey", words(MOST_SURVEY_CHARS)),
        period: fields.required("period", Period::parse),
        formula: fields.optional("formula", |raw| Ok::<_, FaultKind>(raw.to_owned())),
        confidence: fields.optional("confidence", Confidence::parse).unwrap_or_default(),
        tree_on: fields.optional("tree_on", parse_day),
        children: children.unwrap_or(true),
        min_n: min_n.and_then(|n| u64::try_from(n).ok()).unwrap_or(RANKED_FROM),
    };
    fields.finish();
    question
}

fn integer(fields: &mut Fields<'_>, name: &str, min: i64, max: i64, required: bool) -> Option<i64> {
    let node = if required { fields.required_node(name) } else { fields.take(name) };
    match node? {
        Node::Integer(value) if (min..=max).contains(&value) => Some(value),
        Node::Integer(_) => {
            fields.fault(name, FaultKind::OutOfRange { min, max });
            None
        }
        _ => {
            fields.fault(name, FaultKind::WrongType { expected: "integer" });
            None
        }
    }
}
