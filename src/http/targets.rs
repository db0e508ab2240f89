//! Targets: `PUT /v1/agencies/{code}/targets/{subject}/{period}`, `POST …/end`, `GET` of one with its past, and
//! `GET /v1/agencies/{code}/targets` of those that hold.

mod bodies;
mod reading;
mod sheet;

pub use bodies::{TargetAim, TargetBody, TargetHistory, TargetList, TargetReceipt, TargetStanding};
pub use reading::ListTargetsParams;

use super::extract::{App, Caller, Query, SignedJson};
use super::format::{self, Format, TABLES, TableParams};
use super::openapi::{NotAcceptable, NotFound, NotModified, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::{Wanted, file_name};
use crate::domain::agency::AgencyCode;
use crate::error::{Error, ErrorCode};
use crate::service::targets::{self, setting};
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};

/// Sets or changes a target
///
/// For administrators with the agency in their subtree. The subject is a figure of ours (survey and formula with a colon
/// between) or an index that others publish (its code); the period a year, quarter or month, of an index as long as those
/// it is published for. Agencies below that have none of their own inherit it. May be repeated; another value replaces the
/// one before, which stays in the records.
#[utoipa::path(tag = "targets", request_body = TargetAim, security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("subject" = String, Path, example = "demo-service:satisfied-share"),
           ("period" = String, Path, example = "2026")),
    responses((status = 200, description = "What counts from now on", body = TargetReceipt),
              Refused, NotFound, SubmitRefused))]
#[put("/v1/agencies/{code}/targets/{subject}/{period}")]
pub async fn put_target(
    app: App,
    query: Query,
    path: web::Path<(String, String, String)>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (place, draft, faults) = reading::draft(&path, signed.body);
    let set = setting::set(&app, &signed.actor, place, draft, faults).await?;
    Ok(HttpResponse::Ok().json(TargetReceipt::from(set)))
}

/// Ends a target
///
/// For administrators with the agency in their subtree. From then on the target of the nearest agency above counts, if
/// there is one. What was set stays in the records. May be repeated.
#[utoipa::path(tag = "targets", security(("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("subject" = String, Path, example = "demo-service:satisfied-share"),
           ("period" = String, Path, example = "2026")),
    responses((status = 200, description = "It is ended", body = TargetReceipt), Refused, NotFound, SubmitRefused))]
#[post("/v1/agencies/{code}/targets/{subject}/{period}/end")]
pub async fn end_target(
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let set = setting::end(&app, &actor, reading::place(&path)).await?;
    Ok(HttpResponse::Ok().json(TargetReceipt::from(set)))
}

/// Reads a target with its past
///
/// Everything that was ever set for the agency itself about this subject and period, in the order of setting: the last one
/// counts, unless it is an end.
#[utoipa::path(tag = "targets", security((), ("bearer" = [])),
    params(("code" = String, Path, example = "H56"), ("subject" = String, Path, example = "demo-service:satisfied-share"),
           ("period" = String, Path, example = "2026")),
    responses((status = 200, description = "The target and what was before it", body = TargetHistory),
              NotModified, Refused, NotFound))]
#[get("/v1/agencies/{code}/targets/{subject}/{period}")]
pub async fn get_target(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let place = reading::place(&path);
    let code = place.agency.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let named = place.subject.zip(place.period).ok_or_else(|| Error::new(ErrorCode::TargetNotFound))?;
    let history = targets::history(&app, &actor, &code, (&named.0, &named.1)).await?;
    let body = TargetHistory { items: history.iter().map(TargetBody::from).collect() };
    Wanted::new(&request, &actor, None, &[Format::Json])?.json(&body)
}

/// Lists the targets that hold for an agency
///
/// One for each subject, with what was reached, the distance, and whether the figure can be told from the target. Where
/// the agency has none of its own, the one of the nearest agency above it counts, by the tree that `as_of` names. Of an
/// agency's targets the one for the very period counts, else the one for the quarter or year that contains it: the answer
/// says which. Figures are of the period asked about, for the agency with everything below, as `GET …/index` gives them
/// to the same reader.
#[utoipa::path(tag = "targets", params(("code" = String, Path, example = "H56"), ListTargetsParams, TableParams),
    security((), ("bearer" = [])),
    responses((status = 200, description = "Targets in force", content(
        (TargetList = "application/json"),
        (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), NotModified, NotAcceptable, Refused, NotFound))]
#[get("/v1/agencies/{code}/targets")]
pub async fn list_targets(
    request: HttpRequest,
    app: App,
    Caller(actor): Caller,
    query: Query,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = AgencyCode::parse(&code).map_err(|_| Error::new(ErrorCode::AgencyNotFound))?;
    let ((asked, format), faults) =
        query.draft(|fields| (reading::asked(code, fields), format::parameter(fields)));
    let wanted = Wanted::new(&request, &actor, format, TABLES)?;
    let body = TargetList::from(&targets::targets_of(&app, &actor, &asked, faults).await?);
    let period = body.period.code.clone().unwrap_or_default();
    match wanted.format {
        Format::Json => wanted.json(&body),
        _ => {
            wanted.sheet(body.sheet(wanted.lang), &file_name(&["targets", &body.agency.code, &period])).await
        }
    }
}
