//! Formulas: `GET /v1/formulas`, `GET /v1/formulas/{id}`.

use super::extract::{App, Caller, Query};
use super::openapi::{NotFound, NotModified, Refused};
use super::problem::Problem;
use super::reply::cached;
use super::surveys::TextBody;
use crate::service::formulas::{self, Definition};
use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

/// A rule from answers to figures, with what of it is verified and what is assumed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaDefinition {
    /// Stable id; every figure names it.
    #[schema(example = "satisfied-share")]
    pub(super) id: &'static str,
    /// Grows if the rule behind the id ever changes.
    pub(super) version: u16,
    /// The measurement: `sipas`, `desk` or `index-set-766`; figures of different kinds are never mixed.
    #[schema(example = "sipas")]
    pub(super) kind: &'static str,
    /// `percent` or `points`.
    #[schema(example = "percent")]
    pub(super) unit: &'static str,
    /// `computed`, or `needs_counts_of_complaints`: documented only.
    #[schema(example = "computed")]
    pub(super) status: &'static str,
    /// Values the whole can have.
    pub(super) range: RangeOfValues,
    /// The rule.
    pub(super) definition: TextBody,
    /// What of it was read in a source.
    pub(super) verified: TextBody,
    /// What of it is assumed.
    pub(super) assumed: TextBody,
    /// How elements and the whole are made of criteria.
    pub(super) combination: TextBody,
    /// How intervals are made.
    pub(super) interval: TextBody,
    /// The act it comes from.
    pub(super) source: TextBody,
}

/// Smallest and largest value, in the formula's unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct RangeOfValues {
    least: f64,
    most: f64,
}

/// All formulas.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaList {
    /// The formulas; of each kind the first is the default.
    items: Vec<FormulaDefinition>,
}

impl From<Definition> for FormulaDefinition {
    fn from(definition: Definition) -> Self {
        Self {
            id: definition.id,
            version: definition.version,
            kind: definition.kind,
            unit: definition.unit,
            status: definition.status.as_str(),
            range: RangeOfValues { least: definition.range.0, most: definition.range.1 },
            definition: TextBody::from(&definition.definition),
            verified: TextBody::from(&definition.verified),
            assumed: TextBody::from(&definition.assumed),
            combination: TextBody::from(&definition.combination),
            interval: TextBody::from(&definition.interval),
            source: TextBody::from(&definition.source),
        }
    }
}

/// Lists the formulas
///
/// With what of each is verified and what is assumed. Open to everybody.
#[utoipa::path(tag = "catalogue",
    responses((status = 200, description = "All formulas", body = FormulaList), NotModified, Refused))]
#[get("/v1/formulas")]
pub async fn list_formulas(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let list = FormulaList { items: formulas::list().into_iter().map(FormulaDefinition::from).collect() };
    cached(&request, &list, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}

/// Shows a formula
///
/// Open to everybody.
#[utoipa::path(tag = "catalogue", params(("id" = String, Path, example = "satisfied-share")),
    responses((status = 200, description = "The formula", body = FormulaDefinition), NotModified, Refused, NotFound))]
#[get("/v1/formulas/{id}")]
pub async fn get_formula(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let body = FormulaDefinition::from(formulas::fetch(&id)?);
    cached(&request, &body, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}
