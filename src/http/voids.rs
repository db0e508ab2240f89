//! Declaring responses void: `POST /v1/responses/{id}/void`, `…/void/confirm`, `…/void/refuse`, `GET /v1/voids`.

use super::extract::{App, Caller, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::ids::ResponseId;
use crate::domain::standing::{MAX_REASON, VoidRequest, VoidState};
use crate::domain::text;
use crate::error::{Error, FaultKind, Faults, Place};
use crate::service::catalogue::Catalogue;
use crate::service::flags::{DEFAULT_LIMIT, ListQuery, Listed, MAX_LIMIT};
use crate::service::voids::{self, Told};
use actix_web::{HttpResponse, get, post, web};
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A request that a response be void.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidRequestBody {
    /// Why: what is wrong with the response, never what it says.
    #[schema(max_length = 500, example = "Thử máy trước khi mở cửa")]
    pub reason: String,
}

/// A request that a response be void, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidBody {
    /// Its number, in the order of asking.
    seq: i64,
    /// Id of the response.
    response_id: Uuid,
    /// When the citizen answered.
    answered_at: String,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: String,
    /// Code of the agency that is rated.
    #[schema(example = "H56.C1")]
    rated_agency: String,
    /// `pending` (the response counts), `confirmed` (it counts nowhere), `refused`, `expired`.
    #[schema(example = "pending")]
    state: &'static str,
    /// Why.
    reason: String,
    /// Id of the client that asked.
    requested_by: Uuid,
    /// When.
    requested_at: String,
    /// Id of the client that decided; never the same.
    decided_by: Option<Uuid>,
    /// When.
    decided_at: Option<String>,
}

/// What a call did.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidReceipt {
    #[serde(flatten)]
    request: VoidBody,
    /// Whether it stood so before.
    replayed: bool,
}

/// One page of requests, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidPage {
    items: Vec<VoidBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl VoidBody {
    fn new(request: VoidRequest, survey: String, rated_agency: String) -> Self {
        let micros = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        Self {
            seq: request.seq,
            response_id: request.response.uuid(),
            answered_at: request.response.answered_at().to_rfc3339_opts(SecondsFormat::Millis, true),
            survey,
            rated_agency,
            state: request.state.as_str(),
            reason: request.reason,
            requested_by: request.requested_by.0,
            requested_at: micros(request.requested_at),
            decided_by: request.decided_by.map(|client| client.0),
            decided_at: request.decided_at.map(micros),
        }
    }
}

impl From<Told> for VoidReceipt {
    fn from(told: Told) -> Self {
        let Told { request, survey, agency, replayed } = told;
        Self { request: VoidBody::new(request, survey, agency), replayed }
    }
}

impl From<Listed<VoidRequest>> for VoidPage {
    fn from(listed: Listed<VoidRequest>) -> Self {
        let Listed { items, next_cursor, catalogue } = listed;
        let body = |request: VoidRequest| {
            let (survey, agency) = codes(&catalogue, request.survey, request.agency);
            VoidBody::new(request, survey, agency)
        };
        Self { items: items.into_iter().map(body).collect(), next_cursor }
    }
}

/// Codes of a survey and an agency; empty for what this instance has not heard of yet.
pub fn codes(
    catalogue: &Catalogue,
    survey: crate::domain::ids::SurveyId,
    agency: crate::domain::ids::AgencyId,
) -> (String, String) {
    let survey = catalogue.surveys.values().find(|known| known.id == survey);
    let agency = catalogue.tree.get(agency);
    (
        survey.map(|survey| survey.code.clone()).unwrap_or_default(),
        agency.map(|agency| agency.code.to_string()).unwrap_or_default(),
    )
}

/// The id in the path; `None` if no response can have it.
pub fn response_id(path: &str) -> Option<ResponseId> {
    Uuid::parse_str(path).ok().and_then(ResponseId::new)
}

/// Asks that a response be void
///
/// For administrators with the rated agency in their subtree. Nothing changes until a second one, above the rated agency,
/// confirms; after some days (`--void-days`) the request expires. May be repeated by the same client with the same
/// reason. Answers cannot be edited by anybody.
#[utoipa::path(tag = "integrity", request_body = VoidRequestBody, security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 201, description = "Asked", body = VoidReceipt),
              (status = 200, description = "Was asked before", body = VoidReceipt),
              Refused, NotFound, SubmitRefused))]
#[post("/v1/responses/{id}/void")]
pub async fn request_void(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let reason = read(signed.body).map_err(|faults| Error::invalid(faults.into_vec(), app.clock.now()))?;
    let told = voids::request(&app, &signed.actor, response_id(&id), &reason).await?;
    let mut reply = if told.replayed { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.json(VoidReceipt::from(told)))
}

fn read(body: Node) -> Result<String, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let reason = reason(&mut fields);
    fields.finish();
    reason.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads a reason, which has to say something.
pub fn reason(fields: &mut Fields<'_>) -> Option<String> {
    fields.required("reason", |raw| text::clean(raw, MAX_REASON)?.ok_or(FaultKind::Missing))
}

/// Confirms that a response is void
///
/// By a second administrator, above the rated agency. Its counts leave every figure at once; it stays in the feed and in
/// `GET /v1/voids`, with its reason. May be repeated.
#[utoipa::path(tag = "integrity", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, description = "It is void", body = VoidReceipt), Refused, NotFound, SubmitRefused))]
#[post("/v1/responses/{id}/void/confirm")]
pub async fn confirm_void(
    app: App,
    Caller(actor): Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let told = voids::decide(&app, &actor, response_id(&id), VoidState::Confirmed).await?;
    Ok(HttpResponse::Ok().json(VoidReceipt::from(told)))
}

/// Refuses that a response be void
///
/// By a second administrator, above the rated agency. The response goes on counting; it may be asked for anew.
#[utoipa::path(tag = "integrity", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, description = "It counts", body = VoidReceipt), Refused, NotFound, SubmitRefused))]
#[post("/v1/responses/{id}/void/refuse")]
pub async fn refuse_void(
    app: App,
    Caller(actor): Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let told = voids::decide(&app, &actor, response_id(&id), VoidState::Refused).await?;
    Ok(HttpResponse::Ok().json(VoidReceipt::from(told)))
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `list_voids` takes; a test compares the two")]
struct ListVoidsParams {
    /// About responses that rate this agency or one below it; by default everything in the reader's charge.
    #[param(example = "H56")]
    agency: Option<String>,
    /// `pending`, `confirmed`, `refused` or `expired`.
    #[param(example = "pending")]
    state: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists requests that responses be void
///
/// The newest first, with what became of them. For administrators and systems, of their own subtree.
#[utoipa::path(tag = "integrity", security(("bearer" = [])), params(ListVoidsParams),
    responses((status = 200, description = "One page of requests", body = VoidPage), Refused, NotPermitted))]
#[get("/v1/voids")]
pub async fn list_voids(app: App, Caller(actor): Caller, query: Query) -> Result<HttpResponse, Problem> {
    let (query, faults) = query.draft(|fields| ListQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        filter: fields.optional("state", VoidState::parse),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    });
    let page = VoidPage::from(voids::list(&app, &actor, &query, faults).await?);
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}
