//! What all figures have in common on the wire: how they are asked for, what every answer echoes, and what a value
//! is. The resources are in `indexes`, `series`, `breakdowns`, `comparisons` and `rankings`.

mod caption;
pub mod columns;
pub mod participation;

use super::fields::Fields;
use super::surveys::TextBody;
use crate::domain::agency::Agency;
use crate::domain::distribution::Distribution;
use crate::domain::period::{Period, ZONE_NAME, parse_day, start_of};
use crate::domain::questionnaire::{Kind, QuestionnaireVersion};
use crate::domain::subject::{COUNTRY_WORD, SubjectCode};
use crate::domain::text;
use crate::domain::tree::{AsOf, Depth};
use crate::error::{Error, ErrorCode, FaultKind};
use crate::service::figures::{Asked, Confidence, Flagged, Head, IndexValue, Interval};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of every figure.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `asked` takes; a test compares the two")]
pub struct FigureParams {
    /// Code of the survey.
    #[param(example = "demo-service")]
    survey: String,
    /// A year, quarter, month, ISO week or day: `2026`, `2026-Q3`, `2026-07`, `2026-W31`, `2026-07-15`.
    /// Required unless `from` and `to` are given.
    #[param(example = "2026")]
    period: Option<String>,
    /// First day.
    from: Option<NaiveDate>,
    /// First day after it.
    to: Option<NaiveDate>,
    /// `subtree` (default): the agency and everything below; `self`: the agency alone.
    scope: Option<String>,
    /// Formula id; by default the first of the survey's kind.
    #[param(example = "satisfied-share")]
    formula: Option<String>,
    /// By which tree of agencies: `now` (default), where a predecessor's responses count as its successor's; `then`,
    /// each response by the tree of its day; or a day.
    #[param(example = "now")]
    as_of: Option<String>,
    /// Confidence level of the intervals in percent: 90, 95 (default) or 99.
    #[param(example = "95")]
    confidence: Option<String>,
    /// Whether responses that are flagged count: `excluded` (default) or, for those in charge, `included`.
    #[param(example = "excluded")]
    flagged: Option<String>,
}

/// What was asked, as it was understood.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeadBody {
    pub(super) agency: AgencyReference,
    /// `subtree` or `self`.
    #[schema(example = "subtree")]
    pub(super) scope: &'static str,
    pub(super) tree: TreeBody,
    pub(super) survey: SurveyReference,
    pub(super) period: PeriodBody,
    pub(super) formula: FormulaBody,
    /// Confidence level of every interval, in percent.
    #[schema(example = 95)]
    pub(super) confidence_percent: u8,
    /// Whether flagged responses count: `excluded` or `included`.
    #[schema(example = "excluded")]
    pub(super) flagged: &'static str,
    /// Fewest people a shown value is made from; 0 for those in charge.
    pub(super) min_n: u64,
    /// When the newest response counted in arrived, or the standing of one last changed; `null` without responses or if the whole is suppressed.
    pub(super) data_watermark: Option<String>,
}

/// By which tree of agencies.
#[derive(Debug, Serialize, ToSchema)]
pub struct TreeBody {
    /// `now`, `then` or a day.
    #[schema(example = "now")]
    pub(super) as_of: String,
    /// The day of the tree; `null` for `then`, where each response has its own.
    pub(super) on: Option<NaiveDate>,
}

/// Which agency; several taken together have their codes and names joined, `VN` is the whole country.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyReference {
    pub(super) code: String,
    pub(super) name: String,
    /// Each name by itself; a name may hold a comma.
    #[serde(skip)]
    pub(super) names: Vec<String>,
}

/// Which survey, and what was asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyReference {
    pub(super) code: String,
    pub(super) kind: &'static str,
    pub(super) questionnaire: String,
    pub(super) version: i16,
    /// Invented for demonstration: the figures mean nothing.
    pub(super) sample: bool,
    /// Whether it is fielded at this agency or somewhere below; if not, there is nothing to count.
    pub(super) fielded: bool,
}

/// Half-open: `from` inclusive, `to` exclusive, whole days of the zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodBody {
    /// The code it was asked by; `null` for a span of days.
    pub(super) code: Option<String>,
    #[schema(example = "2026-07-01T00:00:00+07:00")]
    pub(super) from: String,
    #[schema(example = "2026-08-01T00:00:00+07:00")]
    pub(super) to: String,
    #[schema(example = "Asia/Ho_Chi_Minh")]
    pub(super) zone: &'static str,
}

/// The rule behind the values.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaBody {
    #[schema(example = "satisfied-share")]
    pub(super) id: &'static str,
    pub(super) version: u16,
    /// `percent` or `points`.
    #[schema(example = "percent")]
    pub(super) unit: &'static str,
    /// The rule in words, with what is assumed in it.
    pub(super) definition: TextBody,
}

/// A value with its counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueBody {
    /// In the formula's unit, two decimals; `null` if nobody answered or the cell is suppressed.
    #[schema(example = 83.94)]
    pub(super) value: Option<f64>,
    /// Confidence interval; `null` where the data cannot tell.
    pub(super) interval: Option<IntervalBody>,
    /// People with at least one applicable answer; `null` if suppressed. Where criteria are left out because too
    /// few answered them: the most that one of the others has.
    pub(super) n: Option<u64>,
    /// Of a single criterion: what is divided. Combined values are means of their criteria.
    pub(super) numerator: Option<u64>,
    /// Of a single criterion: by what.
    pub(super) denominator: Option<u64>,
    /// Answers per level, from the worst; `null` if suppressed.
    pub(super) levels: Option<Vec<LevelCount>>,
    /// Answers "not applicable", and those who took a short form that does not ask it; `null` if suppressed.
    pub(super) not_applicable: Option<u64>,
    /// Withheld because too few people answered, or because it would tell what too few answered.
    pub(super) suppressed: bool,
    /// Whether some answers count with the share that a split gave; `levels` are then rounded.
    pub(super) estimated: bool,
}

/// Bounds in the unit of the value.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntervalBody {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Answers at one level.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelCount {
    pub(super) level: i16,
    pub(super) count: u64,
}

impl ValueBody {
    pub(super) fn new(value: &IndexValue, kind: Kind) -> Self {
        let levels = |counts: &Distribution| {
            let pairs = kind.level_values().iter().zip(counts.levels);
            pairs.map(|(level, count)| LevelCount { level: *level, count }).collect()
        };
        Self {
            value: value.value.map(|value| value.to_f64()),
            interval: value
                .interval
                .map(|interval| IntervalBody { low: interval.low.to_f64(), high: interval.high.to_f64() }),
            n: value.n,
            numerator: value.fraction.map(|(numerator, _)| numerator),
            denominator: value.fraction.map(|(_, denominator)| denominator),
            levels: value.counts.as_ref().map(levels),
            not_applicable: value.counts.map(|counts| counts.not_applicable),
            suppressed: value.suppressed,
            estimated: value.estimated,
        }
    }
}

/// Codes of the criteria that a value is made without; none if there is no value.
pub(super) fn left_out(value: &IndexValue, version: &QuestionnaireVersion) -> Vec<String> {
    value.value.map(|_| version.codes(&value.left_out)).unwrap_or_default()
}

impl HeadBody {
    pub(super) fn new(head: &Head, watermark: Option<DateTime<Utc>>) -> Self {
        let version = &head.survey.questionnaire;
        Self {
            agency: AgencyReference::new(&head.agencies),
            scope: match head.depth {
                Depth::SelfOnly => "self",
                Depth::Subtree => "subtree",
            },
            tree: TreeBody::new(head.as_of, head.today),
            survey: SurveyReference {
                code: head.survey.code.clone(),
                kind: version.kind.as_str(),
                questionnaire: version.code.clone(),
                version: version.version,
                sample: head.survey.sample,
                fielded: head.fielded,
            },
            period: PeriodBody::from(&head.period),
            formula: FormulaBody {
                id: head.formula.id(),
                version: head.formula.version(),
                unit: head.formula.unit(),
                definition: TextBody::from(&head.formula.definition()),
            },
            confidence_percent: head.confidence.percent(),
            flagged: head.flagged.as_str(),
            min_n: head.min_n,
            data_watermark: watermark.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        }
    }
}

impl AgencyReference {
    /// Of agencies taken together; none: the whole country.
    pub(super) fn new(agencies: &[Agency]) -> Self {
        if agencies.is_empty() {
            return Self { code: COUNTRY_WORD.into(), name: "Cả nước".into(), names: Vec::new() };
        }
        let codes: Vec<&str> = agencies.iter().map(|agency| agency.code.as_str()).collect();
        let names: Vec<String> = agencies.iter().map(|agency| agency.name.clone()).collect();
        Self { code: codes.join(","), name: names.join(", "), names }
    }
}

impl From<&Interval> for IntervalBody {
    fn from(interval: &Interval) -> Self {
        Self { low: interval.low.to_f64(), high: interval.high.to_f64() }
    }
}

impl TreeBody {
    pub(super) fn new(as_of: AsOf, today: NaiveDate) -> Self {
        match as_of {
            AsOf::Now => Self { as_of: "now".into(), on: Some(today) },
            AsOf::Then => Self { as_of: "then".into(), on: None },
            AsOf::On(day) => Self { as_of: day.to_string(), on: Some(day) },
        }
    }
}

impl From<&Period> for PeriodBody {
    fn from(period: &Period) -> Self {
        Self {
            code: period.code().map(str::to_owned),
            from: start_of(period.from()).to_rfc3339(),
            to: start_of(period.to()).to_rfc3339(),
            zone: ZONE_NAME,
        }
    }
}

/// Reads the subject in the path.
pub fn subject(text: &str) -> Result<SubjectCode, Error> {
    SubjectCode::parse(text).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))
}

/// Reads what is asked of any figure.
pub fn asked(subject: SubjectCode, fields: &mut Fields<'_>) -> Asked {
    let depth = |raw: &str| match raw {
        "self" => Ok(Depth::SelfOnly),
        "subtree" => Ok(Depth::Subtree),
        _ => Err(FaultKind::NotAllowed { allowed: &["subtree", "self"] }),
    };
    Asked {
        subject,
        depth: fields.optional("scope", depth).unwrap_or(Depth::Subtree),
        survey: fields
            .required("survey", |raw| text::clean(raw, MOST_SURVEY_CHARS).map(Option::unwrap_or_default)),
        period: period(fields),
        formula: fields.optional("formula", |raw| Ok::<_, FaultKind>(raw.to_owned())),
        as_of: as_of(fields),
        confidence: fields.optional("confidence", Confidence::parse).unwrap_or_default(),
        flagged: fields.optional("flagged", Flagged::parse).unwrap_or_default(),
    }
}

/// Takes the tree that is asked by.
pub fn as_of(fields: &mut Fields<'_>) -> AsOf {
    let as_of = |raw: &str| match raw {
        "now" => Ok(AsOf::Now),
        "then" => Ok(AsOf::Then),
        _ => parse_day(raw)
            .map(AsOf::On)
            .map_err(|_| FaultKind::BadFormat { expected: "now, then, 2024-12-31" }),
    };
    fields.optional("as_of", as_of).unwrap_or(AsOf::Now)
}

/// Codes of up to twenty surveys.
const MOST_SURVEY_CHARS: usize = 20 * 61;

/// `period`, or `from` and `to`; not both.
fn period(fields: &mut Fields<'_>) -> Option<Period> {
    let (has_from, has_to) = (fields.has("from"), fields.has("to"));
    if fields.has("period") || !(has_from || has_to) {
        if has_from || has_to {
            fields.fault("period", FaultKind::BadPeriod);
        }
        // Also without a value they are known.
        fields.take("from");
        fields.take("to");
        return fields.required("period", Period::parse);
    }
    fields.take("period");
    let (from, to) = (fields.required("from", parse_day), fields.required("to", parse_day));
    let span = Period::between(from?, to?);
    span.map_err(|kind| fields.fault("to", kind)).ok()
}
