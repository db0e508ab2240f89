//! Measures: `GET /v1/measures`, `GET /v1/measures/{code}`.

use super::extract::{App, Caller, Query};
use super::openapi::{NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::cached;
use super::surveys::TextBody;
use crate::domain::measure::{Break, Measure};
use crate::service::measures;
use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

/// An index as others publish it. Its values are entered, not computed here.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureBody {
    #[serde(flatten)]
    pub(super) measure: MeasureReference,
    /// The measure this is a group of.
    #[schema(example = "766")]
    pub(super) parent: Option<String>,
    /// Who publishes it.
    pub(super) owner: TextBody,
    /// Smallest and largest value, each only where it is verified; nothing else is enforced.
    pub(super) scale: ScaleBody,
    /// Whether more is better.
    pub(super) higher_is_better: bool,
    /// Where it comes from.
    pub(super) source: TextBody,
    /// What is known of it, and how surely.
    pub(super) facts: Vec<FactBody>,
    /// Where series end: values before and after are not comparable.
    pub(super) breaks: Vec<MeasureBreakBody>,
}

/// Which measure, by which version of its definition.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureReference {
    #[schema(example = "par")]
    pub(super) code: String,
    /// Version of the definition; a version never changes.
    pub(super) version: i16,
    pub(super) name: TextBody,
    /// `percent` or `points`.
    #[schema(example = "percent")]
    pub(super) unit: &'static str,
    /// How long its periods are: `year`, `quarter` or `month`.
    #[schema(example = "year")]
    pub(super) frequency: &'static str,
}

/// Bounds of a measure's values.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScaleBody {
    /// Smallest value; `null`: not verified.
    pub(super) min: Option<f64>,
    /// Largest value; `null`: not verified.
    pub(super) max: Option<f64>,
}

/// A statement about a measure.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactBody {
    /// `owner`, `frequency`, `unit`, `scale`, `higher_is_better`, `groups` or `history`.
    #[schema(example = "scale")]
    pub(super) about: &'static str,
    /// `verified`: read in the source that is named; `assumed`: not.
    #[schema(example = "verified")]
    pub(super) mark: &'static str,
    pub(super) text: TextBody,
}

/// Where a series of a measure ends and another begins.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureBreakBody {
    /// First period of the later series.
    #[schema(example = "2022")]
    pub(super) first_period: String,
    /// `verified` or `assumed`.
    pub(super) mark: &'static str,
    pub(super) reason: TextBody,
}

/// All measures.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureList {
    /// Groups stand after the measure they are part of.
    items: Vec<MeasureBody>,
}

impl From<&Measure> for MeasureReference {
    fn from(measure: &Measure) -> Self {
        Self {
            code: measure.code.to_string(),
            version: measure.version,
            name: TextBody::from(&measure.name),
            unit: measure.unit.as_str(),
            frequency: measure.frequency.as_str(),
        }
    }
}

impl From<&Break> for MeasureBreakBody {
    fn from(broken: &Break) -> Self {
        Self {
            first_period: broken.first.code().unwrap_or_default().to_owned(),
            mark: broken.mark.as_str(),
            reason: TextBody::from(&broken.reason),
        }
    }
}

impl From<&Measure> for MeasureBody {
    fn from(measure: &Measure) -> Self {
        let (min, max) = measure.scale;
        Self {
            measure: MeasureReference::from(measure),
            parent: measure.parent.as_ref().map(ToString::to_string),
            owner: TextBody::from(&measure.owner),
            scale: ScaleBody { min: min.map(|min| min.to_f64()), max: max.map(|max| max.to_f64()) },
            higher_is_better: measure.higher_is_better,
            source: TextBody::from(&measure.source),
            facts: measure
                .facts
                .iter()
                .map(|fact| FactBody {
                    about: fact.about,
                    mark: fact.mark.as_str(),
                    text: TextBody::from(&fact.text),
                })
                .collect(),
            breaks: measure.breaks.iter().map(MeasureBreakBody::from).collect(),
        }
    }
}

/// Lists the measures
///
/// Indices that others publish (PAR Index, SIPAS, PAPI, PCI, …), with what of each is verified and what is assumed. Open to
/// everybody.
#[utoipa::path(tag = "tracker",
    responses((status = 200, description = "All measures", body = MeasureList), NotModified, Refused))]
#[get("/v1/measures")]
pub async fn list_measures(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let list = MeasureList { items: measures::list().iter().map(MeasureBody::from).collect() };
    cached(&request, &list, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}

/// Shows a measure
///
/// By the newest version of its definition. Open to everybody.
#[utoipa::path(tag = "tracker", params(("code" = String, Path, example = "par")),
    responses((status = 200, description = "The measure", body = MeasureBody), NotModified, Refused, NotFound))]
#[get("/v1/measures/{code}")]
pub async fn get_measure(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let body = MeasureBody::from(measures::fetch(&code)?);
    cached(&request, &body, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}
