//! What became of events at a webhook: `/v1/webhooks/{id}/deliveries`, `/v1/webhooks/{id}/replay`.

use super::alerts::agency_code;
use super::extract::{App, Caller, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::client::parse_instant;
use crate::domain::webhook::{Delivery, DeliveryState, message_id, parse_message_id};
use crate::error::{FaultKind, Faults, Place};
use crate::service::alerts::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::service::catalogue::Catalogue;
use crate::service::deliveries::{self, Again, DeliveryQuery};
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An event at a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryBody {
    /// Number of the event, in the order of happening.
    seq: i64,
    /// What its receiver sees as `webhook-id`.
    #[schema(example = "msg_0197b8f23c007000800000000000000a")]
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "alert.opened")]
    kind: &'static str,
    /// Whose affair it is.
    #[schema(example = "H56.C1")]
    agency: Option<String>,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// `pending`, `delivered` or `given_up`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// Attempts since it happened or was replayed.
    attempts: i32,
    /// When the last was made.
    last_attempt_at: Option<DateTime<Utc>>,
    /// Status of the receiver's last answer.
    #[schema(example = 204)]
    last_status: Option<i16>,
    /// Why the last attempt failed.
    #[schema(example = "no answer in time")]
    last_failure: Option<String>,
    /// When it is tried next at the earliest; `null` unless it is pending. An earlier event of the same agency goes first.
    due_at: Option<DateTime<Utc>>,
}

/// One page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// The events, the newest first.
    items: Vec<DeliveryBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// Which events are sent again: exactly one of the two.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// This event.
    #[schema(example = "msg_0197b8f23c007000800000000000000a")]
    id: Option<String>,
    /// All that happened at this instant or later.
    since: Option<DateTime<Utc>>,
}

/// What a replay did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayReceipt {
    /// Events that are sent again; those that still wait are not counted.
    replayed: usize,
}

impl DeliveryBody {
    fn new(delivery: Delivery, catalogue: &Catalogue) -> Self {
        Self {
            seq: delivery.seq,
            id: message_id(delivery.event),
            kind: delivery.kind.as_str(),
            agency: agency_code(catalogue, delivery.agency),
            occurred_at: delivery.occurred_at,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            last_attempt_at: delivery.last_attempt_at,
            last_status: delivery.last_status,
            last_failure: delivery.last_failure,
            due_at: (delivery.state == DeliveryState::Pending).then_some(delivery.due_at),
        }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `list_deliveries` takes; a test compares the two")]
struct ListDeliveriesParams {
    /// `pending`, `delivered` or `given_up` ones only.
    #[param(example = "pending")]
    state: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists what became of events at a webhook
///
/// The newest first, for 90 days.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path), ListDeliveriesParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of deliveries", body = DeliveryPage), Refused, NotFound, NotPermitted))]
#[get("/v1/webhooks/{id}/deliveries")]
pub async fn list_deliveries(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, |fields| DeliveryQuery {
        state: fields.optional("state", DeliveryState::parse),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    })?;
    let listed = deliveries::list(&app, &caller.0, Uuid::parse_str(&id).ok(), &query).await?;
    let items = listed.items.into_iter().map(|one| DeliveryBody::new(one, &listed.catalogue)).collect();
    let page = DeliveryPage { items, next_cursor: listed.next_cursor };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

/// Sends events to a webhook again
///
/// One, or all since a time, whether they were delivered or given up: the same ids and bytes, in their order, with a new
/// timestamp and signature. While the webhook is paused they wait.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), request_body = ReplayBody, security(("bearer" = [])),
    responses((status = 200, description = "How many", body = ReplayReceipt), Refused, NotFound, SubmitRefused))]
#[post("/v1/webhooks/{id}/replay")]
pub async fn replay_deliveries(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let again = read_again(signed.body);
    let replayed = deliveries::replay(&app, &signed.actor, Uuid::parse_str(&id).ok(), again).await?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(ReplayReceipt { replayed }))
}

fn read_again(node: Node) -> (Option<Again>, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let (one, since) = (fields.has("id"), fields.has("since"));
    let expected = "msg_0197b8f23c007000800000000000000a";
    let id = |raw: &str| parse_message_id(raw).ok_or(FaultKind::BadFormat { expected });
    let (event, at) = (fields.optional("id", id), fields.optional("since", parse_instant));
    match (one, since) {
        (false, false) => fields.fault("id", FaultKind::Missing),
        (true, true) => fields.fault("since", FaultKind::Unreadable { expected: "id or since, not both" }),
        _ => {}
    }
    fields.finish();
    (event.map(Again::One).or(at.map(Again::Since)), faults)
}
