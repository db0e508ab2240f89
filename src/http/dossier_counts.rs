//! Dossiers handled: `PUT` and `GET /v1/agencies/{code}/dossier-counts`.

use super::extract::{App, Caller, Query, SignedJson};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotModified, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::cached;
use crate::domain::agency::AgencyCode;
use crate::domain::dossiers::DossierCount;
use crate::domain::period::{Period, parse_day};
use crate::domain::text;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place};
use crate::service::dossier_counts::{self, CountDraft};
use actix_web::http::header::CacheDirective;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use chrono::{NaiveDate, SecondsFormat};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A report of dossiers handled.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierReport {
    /// Dossiers the agency itself handled in the period, without those of agencies below it.
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 1234)]
    pub count: u64,
    /// Who counted: a system or a report, in words; at most 200 characters.
    #[schema(max_length = 200, example = "Hệ thống thông tin giải quyết TTHC tỉnh")]
    pub source: String,
}

/// Dossiers handled in a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct DossierCountBody {
    /// A month, quarter or year.
    #[schema(example = "2026-Q2")]
    period: String,
    /// First day.
    from: NaiveDate,
    /// First day after it.
    to: NaiveDate,
    /// Dossiers the agency itself handled.
    count: u64,
    /// Who counted.
    source: String,
    /// When it was reported.
    reported_at: String,
}

/// Dossiers handled by an agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct DossierCountList {
    /// The newest report of each period, by first day.
    items: Vec<DossierCountBody>,
}

impl From<DossierCount> for DossierCountBody {
    fn from(count: DossierCount) -> Self {
        Self {
            period: count.period.code().unwrap_or_default().to_owned(),
            from: count.period.from(),
            to: count.period.to(),
            count: count.count,
            source: count.source,
            reported_at: count.reported_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        }
    }
}

/// Reports how many dossiers an agency handled in a period
///
/// For systems with the agency in their subtree. May be repeated; another number replaces the one before, which stays
/// in the records.
#[utoipa::path(tag = "intake", request_body = DossierReport, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56.C1"), ("period" = String, Path, example = "2026-Q2")),
    responses((status = 200, description = "What counts from now on", body = DossierCountBody),
              Refused, NotFound, SubmitRefused))]
#[put("/v1/agencies/{code}/dossier-counts/{period}")]
pub async fn put_dossier_count(
    app: App,
    query: Query,
    path: web::Path<(String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (code, period) = path.into_inner();
    let (draft, faults) = read(&period, signed.body);
    let code = AgencyCode::parse(&code).ok();
    let count = dossier_counts::report(&app, &signed.actor, code.as_ref(), draft, faults).await?;
    Ok(HttpResponse::Ok().json(DossierCountBody::from(count)))
}

fn read(period: &str, body: Node) -> (CountDraft, Faults) {
    let mut faults = Faults::default();
    let period = DossierCount::parse_period(period)
        .map_err(|kind| faults.push(Place::Parameter("period".into()), kind))
        .ok();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let count = count(&mut fields);
    let source = fields.required("source", |raw| text::line(raw, DossierCount::MAX_SOURCE));
    if source == Some(None) {
        fields.fault("source", FaultKind::Missing);
    }
    fields.finish();
    (CountDraft { period, count, source: source.flatten() }, faults)
}

fn count(fields: &mut Fields<'_>) -> Option<u64> {
    let kind = match fields.required_node("count")? {
        Node::Integer(count) if (0..=DossierCount::MAX).contains(&count) => return u64::try_from(count).ok(),
        Node::Integer(_) => FaultKind::OutOfRange { min: 0, max: DossierCount::MAX },
        _ => FaultKind::WrongType { expected: "integer" },
    };
    fields.fault("count", kind);
    None
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListDossierCountsParams {
    /// Periods with a day from this one on.
    from: Option<NaiveDate>,
    /// Periods with a day before this one.
    to: Option<NaiveDate>,
}

/// Lists how many dossiers an agency handled
///
/// The newest report of each period. Open to everybody.
#[utoipa::path(tag = "catalogue", params(("code" = String, Path, example = "H56.C1"), ListDossierCountsParams),
    responses((status = 200, description = "Counts by period", body = DossierCountList),
              NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/dossier-counts")]
pub async fn list_dossier_counts(
    request: HttpRequest,
    app: App,
    _: Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let days = query.read(&app, days)?;
    let code = AgencyCode::parse(&code).map_err(|_| Error::new(ErrorCode::AgencyNotFound))?;
    let items = dossier_counts::list(&app, &code, days).await?;
    let list = DossierCountList { items: items.into_iter().map(DossierCountBody::from).collect() };
    cached(&request, &list, vec![CacheDirective::Public, CacheDirective::MaxAge(60)])
}

fn days(fields: &mut Fields<'_>) -> (NaiveDate, NaiveDate) {
    let from = fields.optional("from", parse_day).unwrap_or(Period::EARLIEST);
    let to = fields.optional("to", parse_day).unwrap_or(Period::END);
    if Period::between(from, to).is_err() {
        fields.fault("to", FaultKind::BadPeriod);
    }
    (from, to)
}
