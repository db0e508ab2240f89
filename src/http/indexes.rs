//! The index of an agency: `GET /v1/agencies/{code}/index`.

mod chart;
mod sheet;

pub use chart::level_words;

use super::SharedAnswers;
use super::extract::{App, Caller, Query};
use super::figures::participation::ParticipationBody;
use super::figures::{FigureParams, HeadBody, ValueBody, asked, subject};
use super::format::{self, CHARTS, ChartParams, Format};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::Wanted;
use super::surveys::TextBody;
use crate::service::indexes::{self, IndexReport};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

/// An index with everything needed to judge and to recompute it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexBody {
    #[serde(flatten)]
    pub(super) head: HeadBody,
    /// The whole questionnaire.
    pub(super) whole: ValueBody,
    /// The whole by every formula of the kind, since which one is official is not verified.
    pub(super) by_formula: Vec<FormulaValue>,
    /// How many of those who could have answered did; `null` where that cannot be told.
    pub(super) participation: Option<ParticipationBody>,
    /// The whole with and without flagged responses, for those in charge; `null` for the public, to whom the difference
    /// would tell of few people.
    pub(super) flagged_responses: Option<BothBody>,
    /// Band of a desk rating, where the rule gives one.
    pub(super) band: Option<BandBody>,
    /// Codes of criteria that elements and the whole are made without: nobody answered them, or too few did
    /// (`suppressed`). Empty if the whole is suppressed.
    pub(super) left_out: Vec<String>,
    /// The elements, in order.
    pub(super) elements: Vec<IndexElement>,
}

/// The whole by one formula.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaValue {
    pub(super) formula: &'static str,
    pub(super) value: Option<f64>,
}

/// The whole with and without flagged responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct BothBody {
    /// People whose responses are flagged.
    pub(super) people: u64,
    /// The whole without them.
    pub(super) excluded: ValueBody,
    /// The whole with them.
    pub(super) included: ValueBody,
}

/// Band of a desk rating (TT 01/2018/TT-VPCP art. 15).
#[derive(Debug, Serialize, ToSchema)]
pub struct BandBody {
    /// `excellent`, `good`, `fair`, `average` or `weak`.
    pub(super) code: &'static str,
    /// Word of the law.
    pub(super) name: &'static str,
}

/// An element and its criteria.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexElement {
    pub(super) code: String,
    pub(super) text: TextBody,
    #[serde(flatten)]
    pub(super) value: ValueBody,
    pub(super) criteria: Vec<IndexCriterion>,
}

/// A criterion.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexCriterion {
    pub(super) code: String,
    pub(super) text: TextBody,
    #[serde(flatten)]
    pub(super) value: ValueBody,
}

impl From<&IndexReport> for IndexBody {
    fn from(report: &IndexReport) -> Self {
        let version = &report.head.survey.questionnaire;
        let (figures, kind) = (&report.figures, version.kind);
        let elements = version.elements.iter().zip(&figures.elements).map(|(element, value)| IndexElement {
            code: element.code.clone(),
            text: TextBody::from(&element.text),
            value: ValueBody::new(&value.value, kind),
            criteria: version
                .criteria
                .get(element.criteria.clone())
                .unwrap_or_default()
                .iter()
                .zip(&value.criteria)
                .map(|(criterion, value)| IndexCriterion {
                    code: criterion.code.clone(),
                    text: TextBody::from(&criterion.text),
                    value: ValueBody::new(value, kind),
                })
                .collect(),
        });
        let by_formula = report.by_formula.iter().map(|(formula, value)| FormulaValue {
            formula: formula.id(),
            value: value.map(|value| value.to_f64()),
        });
        Self {
            head: HeadBody::new(&report.head, report.watermark),
            whole: ValueBody::new(&figures.whole, kind),
            by_formula: by_formula.collect(),
            participation: report.participation.map(ParticipationBody::from),
            flagged_responses: report.both.as_ref().map(|both| BothBody {
                people: both.flagged,
                excluded: ValueBody::new(&both.excluded, kind),
                included: ValueBody::new(&both.included, kind),
            }),
            band: figures.band.map(|band| BandBody { code: band.as_str(), name: band.vi() }),
            left_out: version.codes(&figures.whole.left_out),
            elements: elements.collect(),
        }
    }
}

/// Reads an index
///
/// The whole, every element and every criterion with n, level counts and interval, for an agency, several taken
/// together (`H56,H21`) or the whole country (`VN`). For readers who are not in charge, criteria that fewer than
/// `min_n` people answered are withheld, and elements and the whole are made without them. The chart has the answers
/// per level.
#[utoipa::path(tag = "figures", params(("code" = String, Path, example = "H56"), FigureParams, ChartParams),
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
    sharing: web::Data<SharedAnswers>,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let subject = subject(&code)?;
    let ((asked, format), faults) = query.draft(|fields| (asked(subject, fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, CHARTS)?;
    let work = async || indexes::read(&app, &actor, &asked, faults).await;
    if wanted.format == Format::Json {
        return wanted.shared((&sharing, &actor), async || Ok(IndexBody::from(&work().await?))).await;
    }
    let report = work().await?;
    let body = IndexBody::from(&report);
    let file = body.head.file_name("index");
    match wanted.format {
        Format::Svg => wanted.chart(body.chart(&report.head.survey.questionnaire, wanted.lang), &file),
        _ => wanted.sheet(body.sheet(wanted.lang), &file).await,
    }
}
