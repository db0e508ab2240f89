//! The index of an agency: `GET /v1/agencies/{code}/index`.

mod chart;
mod sheet;

use super::extract::{App, Caller, Query};
use super::fields::Fields;
use super::format::{self, CHARTS, Format};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use super::surveys::TextBody;
use crate::domain::agency::AgencyCode;
use crate::domain::period::{Period, ZONE_NAME, parse_day, start_of};
use crate::domain::questionnaire::{Kind, Wording};
use crate::domain::text;
use crate::domain::tree::Depth;
use crate::error::{Error, ErrorCode, FaultKind};
use crate::service::indexes::{self, IndexQuery, IndexReport, IndexValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of an index.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct GetIndexParams {
    /// Code of the survey.
    #[param(example = "demo-service")]
    survey: String,
    /// A year, quarter, month, ISO week or day: `2026`, `2026-Q3`, `2026-07`, `2026-W31`, `2026-07-15`.
    /// Required unless `from` and `to` are given.
    #[param(example = "2026")]
    period: Option<String>,
    /// First day.
    from: Option<chrono::NaiveDate>,
    /// First day after it.
    to: Option<chrono::NaiveDate>,
    /// `subtree` (default): the agency and everything below; `self`: the agency alone.
    scope: Option<String>,
    /// Formula id; by default the first of the survey's kind.
    #[param(example = "satisfied-share")]
    formula: Option<String>,
    /// `json`, `csv`, `xlsx` or `svg` (answers per level); without it `Accept` decides.
    format: Option<String>,
}

/// An index with everything needed to judge and to recompute it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexBody {
    agency: AgencyReference,
    /// `subtree` or `self`.
    #[schema(example = "subtree")]
    scope: &'static str,
    survey: SurveyReference,
    period: PeriodBody,
    formula: FormulaBody,
    /// Confidence level of every interval, in percent.
    #[schema(example = 95)]
    confidence_percent: u8,
    /// Fewest people a shown value is made from; 0 for those in charge.
    min_n: u64,
    /// When the newest response counted in arrived; `null` without responses or if the whole is suppressed.
    data_watermark: Option<String>,
    /// The whole questionnaire.
    whole: ValueBody,
    /// The whole by every formula of the kind, since which one is official is not verified.
    by_formula: Vec<FormulaValue>,
    /// Band of a desk rating, where the rule gives one.
    band: Option<BandBody>,
    /// Codes of criteria that elements and the whole are made without: nobody answered them, or too few did
    /// (`suppressed`). Empty if the whole is suppressed.
    left_out: Vec<String>,
    /// The elements, in order.
    elements: Vec<IndexElement>,
}

/// Which agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyReference {
    code: String,
    name: String,
}

/// Which survey, and what was asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyReference {
    code: String,
    kind: &'static str,
    questionnaire: String,
    version: i16,
    /// Invented for demonstration: the figures mean nothing.
    sample: bool,
    /// Whether it is fielded at this agency or somewhere below; if not, there is nothing to count.
    fielded: bool,
}

/// Half-open: `from` inclusive, `to` exclusive, whole days of the zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodBody {
    /// The code it was asked by; `null` for a span of days.
    code: Option<String>,
    #[schema(example = "2026-07-01T00:00:00+07:00")]
    from: String,
    #[schema(example = "2026-08-01T00:00:00+07:00")]
    to: String,
    #[schema(example = "Asia/Ho_Chi_Minh")]
    zone: &'static str,
}

/// The rule behind the values.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaBody {
    #[schema(example = "satisfied-share")]
    id: &'static str,
    version: u16,
    /// `percent` or `points`.
    #[schema(example = "percent")]
    unit: &'static str,
    /// The rule in words, with what is assumed in it.
    definition: TextBody,
}

/// The whole by one formula.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaValue {
    formula: &'static str,
    value: Option<f64>,
}

/// Band of a desk rating (TT 01/2018/TT-VPCP art. 15).
#[derive(Debug, Serialize, ToSchema)]
pub struct BandBody {
    /// `excellent`, `good`, `fair`, `average` or `weak`.
    code: &'static str,
    /// Word of the law.
    name: &'static str,
}

/// A value with its counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueBody {
    /// In the formula's unit, two decimals; `null` if nobody answered or the cell is suppressed.
    #[schema(example = 83.94)]
    value: Option<f64>,
    /// Confidence interval; `null` where the data cannot tell.
    interval: Option<IntervalBody>,
    /// People with at least one applicable answer; `null` if suppressed. Where criteria are left out because too
    /// few answered them: the most that one of the others has.
    n: Option<u64>,
    /// Of a single criterion: what is divided. Combined values are means of their criteria.
    numerator: Option<u64>,
    /// Of a single criterion: by what.
    denominator: Option<u64>,
    /// Answers per level, from the worst; `null` if suppressed.
    levels: Option<Vec<LevelCount>>,
    /// Answers "not applicable"; `null` if suppressed.
    not_applicable: Option<u64>,
    /// Withheld because too few people answered.
    suppressed: bool,
}

/// Bounds in the unit of the value.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntervalBody {
    low: f64,
    high: f64,
}

/// Answers at one level.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelCount {
    level: i16,
    count: u64,
}

/// An element and its criteria.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexElement {
    code: String,
    text: TextBody,
    #[serde(flatten)]
    value: ValueBody,
    criteria: Vec<IndexCriterion>,
}

/// A criterion.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexCriterion {
    code: String,
    text: TextBody,
    #[serde(flatten)]
    value: ValueBody,
}

impl ValueBody {
    fn new(value: &IndexValue, kind: Kind) -> Self {
        let levels = |counts: &crate::domain::distribution::Distribution| {
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
        }
    }
}

impl From<IndexReport> for IndexBody {
    fn from(report: IndexReport) -> Self {
        let version = &report.survey.questionnaire;
        let (figures, kind) = (&report.figures, version.kind);
        let text = |wording: &Wording| TextBody::from(wording);
        let elements = version.elements.iter().zip(&figures.elements).map(|(element, value)| IndexElement {
            code: element.code.clone(),
            text: text(&element.text),
            value: ValueBody::new(&value.value, kind),
            criteria: version
                .criteria
                .get(element.criteria.clone())
                .unwrap_or_default()
                .iter()
                .zip(&value.criteria)
                .map(|(criterion, value)| IndexCriterion {
                    code: criterion.code.clone(),
                    text: text(&criterion.text),
                    value: ValueBody::new(value, kind),
                })
                .collect(),
        });
        Self {
            agency: AgencyReference { code: report.agency.code.to_string(), name: report.agency.name },
            scope: match report.depth {
                Depth::SelfOnly => "self",
                Depth::Subtree => "subtree",
            },
            survey: SurveyReference {
                code: report.survey.code.clone(),
                kind: kind.as_str(),
                questionnaire: version.code.clone(),
                version: version.version,
                sample: report.survey.sample,
                fielded: report.fielded,
            },
            period: PeriodBody {
                code: report.period.code().map(str::to_owned),
                from: start_of(report.period.from()).to_rfc3339(),
                to: start_of(report.period.to()).to_rfc3339(),
                zone: ZONE_NAME,
            },
            formula: FormulaBody {
                id: figures.formula.id(),
                version: figures.formula.version(),
                unit: figures.formula.unit(),
                definition: text(&figures.formula.definition()),
            },
            confidence_percent: indexes::CONFIDENCE_PERCENT,
            min_n: report.min_n,
            data_watermark: report
                .watermark
                .map(|at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            whole: ValueBody::new(&figures.whole, kind),
            by_formula: report
                .by_formula
                .iter()
                .map(|(formula, value)| FormulaValue {
                    formula: formula.id(),
                    value: value.map(|value| value.to_f64()),
                })
                .collect(),
            band: figures.band.map(|band| BandBody { code: band.as_str(), name: band.vi() }),
            left_out: figures
                .left_out
                .iter()
                .filter_map(|place| version.criteria.get(*place))
                .map(|criterion| criterion.code.clone())
                .collect(),
            elements: elements.collect(),
        }
    }
}

/// Reads an index
///
/// The whole, every element and every criterion with n, level counts and interval. For readers who are not in
/// charge of the agency, criteria that fewer than `min_n` people answered are withheld, and elements and the
/// whole are made without them.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), GetIndexParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The index", content(
        (IndexBody = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "image/svg+xml"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/index")]
pub async fn get_index(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let agency = AgencyCode::parse(&code).map_err(|_| Error::new(ErrorCode::AgencyNotFound))?;
    let (query, faults) = query.draft(|fields| (read(agency, fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, query.1, CHARTS)?;
    let report = indexes::read(&app, &actor, query.0, faults).await?;
    let survey = report.survey.clone();
    let body = IndexBody::from(report);
    match wanted.format {
        Format::Json => wanted.json(&body),
        Format::Svg => wanted.chart(body.chart(&survey.questionnaire, wanted.lang), &body.file_name()),
        Format::Csv | Format::Xlsx => wanted.sheet(body.sheet(wanted.lang), &body.file_name()).await,
    }
}

fn read(agency: AgencyCode, fields: &mut Fields<'_>) -> IndexQuery {
    let depth = |raw: &str| match raw {
        "self" => Ok(Depth::SelfOnly),
        "subtree" => Ok(Depth::Subtree),
        _ => Err(FaultKind::NotAllowed { allowed: &["subtree", "self"] }),
    };
    let survey = fields.required("survey", |raw| text::clean(raw, 60).map(Option::unwrap_or_default));
    let depth = fields.optional("scope", depth).unwrap_or(Depth::Subtree);
    let formula = fields.optional("formula", |raw| Ok::<_, FaultKind>(raw.to_owned()));
    let period = period(fields);
    IndexQuery { agency, depth, survey, period, formula }
}

/// `period`, or `from` and `to`; not both.
fn period(fields: &mut Fields<'_>) -> Option<Period> {
    let (has_from, has_to) = (fields.has("from"), fields.has("to"));
    if fields.has("period") || !(has_from || has_to) {
        if has_from || has_to {
            fields.fault("period", FaultKind::BadPeriod);
            fields.take("from");
            fields.take("to");
        }
        return fields.required("period", Period::parse);
    }
    let (from, to) = (fields.required("from", parse_day), fields.required("to", parse_day));
    let span = Period::between(from?, to?);
    span.map_err(|kind| fields.fault("to", kind)).ok()
}
