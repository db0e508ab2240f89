//! Webhooks: `/v1/webhooks`. What became of events is in [`super::deliveries`].

use super::alert_rules::{KeptParams, kept, name};
use super::alerts::agency_code;
use super::extract::{App, Caller, Query, SignedJson};
use super::fields::{Fields, Node};
use super::openapi::{Conflict, NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::webhook::{EventType, PauseReason, Webhook};
use crate::error::{FaultKind, Faults, Place};
use crate::service::catalogue::Catalogue;
use crate::service::credentials::{DEFAULT_OVERLAP, MAX_OVERLAP};
use crate::service::webhooks::{self, PlacedWebhook, WebhookDraft};
use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A webhook to be made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookBody {
    /// What people call it.
    #[schema(max_length = 200, example = "Trung tâm điều hành")]
    name: String,
    /// Events of this agency and below it. Only who belongs to the whole country may leave it out: the webhook does then
    /// as well.
    #[schema(example = "H56")]
    agency: Option<String>,
    /// Where events are posted: HTTPS, and a public address. A redirection is not followed.
    #[schema(max_length = 500, example = "https://receiver.example.vn/sipas")]
    url: String,
    /// `alert.opened`, `alert.closed`, `release.sealed`, `webhook.paused` (another one was, by the service).
    #[schema(example = json!(["alert.opened", "alert.closed"]))]
    events: Vec<String>,
}

/// What is to be changed of a webhook; what is not given stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChangeBody {
    /// What people call it.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// Where events are posted; what waits is sent there too.
    #[schema(max_length = 500)]
    url: Option<String>,
    /// Which events.
    events: Option<Vec<String>>,
}

/// How the secret of a webhook is replaced.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRotationBody {
    /// Seconds for which the secret before signs beside the new one; 0 ends it at once.
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400)]
    overlap_seconds: Option<i64>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    id: Uuid,
    /// What people call it.
    name: String,
    /// Events of this agency and below it; `null`: of the whole country.
    #[schema(example = "H56")]
    agency: Option<String>,
    /// Where events are posted.
    url: String,
    /// Which events.
    events: Vec<&'static str>,
    /// `active`, `paused` (events wait) or `ended`.
    #[schema(example = "active")]
    state: &'static str,
    /// Why it is paused: `asked`, `gone` (the receiver answered 410), `failing` (an event was given up).
    pause_reason: Option<&'static str>,
    /// How long the secret before the present one signs as well.
    previous_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// A webhook with a new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookSecretBody {
    /// The webhook.
    #[serde(flatten)]
    webhook: WebhookBody,
    /// What its events are signed with, shown this once: `whsec_` and base64 (Standard Webhooks).
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
}

/// One page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookPage {
    /// The webhooks, mostly the oldest first; ended ones too.
    items: Vec<WebhookBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl WebhookBody {
    fn new(webhook: Webhook, catalogue: &Catalogue) -> Self {
        Self {
            id: webhook.id,
            name: webhook.name,
            agency: agency_code(catalogue, webhook.agency),
            url: webhook.url,
            events: webhook.events.iter().map(|event| event.as_str()).collect(),
            state: webhook.state.as_str(),
            pause_reason: webhook.pause_reason.map(PauseReason::as_str),
            previous_secret_until: webhook.previous_until,
            created_at: webhook.created_at,
        }
    }
}

impl From<PlacedWebhook> for WebhookSecretBody {
    fn from(placed: PlacedWebhook) -> Self {
        Self { webhook: WebhookBody::new(placed.webhook, &placed.catalogue), secret: placed.secret }
    }
}

/// A webhook as an answer.
fn reply(placed: PlacedWebhook) -> HttpResponse {
    let body = WebhookBody::new(placed.webhook, &placed.catalogue);
    HttpResponse::Ok().insert_header(no_store()).json(body)
}

/// Makes a webhook
///
/// For administrators, in the own subtree. Events are posted as [Standard Webhooks](https://www.standardwebhooks.com) says:
/// `webhook-id` (the same at every attempt), `webhook-timestamp`, `webhook-signature: v1,` and the base64 of
/// HMAC-SHA256 over `id.timestamp.body`; the body is `{"type", "timestamp", "data"}`. Any 2xx within 15 seconds is
/// success. Otherwise it is tried again for three days at random times of a growing schedule; then the event is given up
/// and the webhook paused, at once after 410. Events of one agency come in their order, each at least once.
///
/// A webhook may lead anywhere: `data.figures` are those that everybody may read, small cells hidden. That an alert was
/// opened says by itself that its threshold was passed, also where the figures are hidden.
///
/// The secret is shown this once.
#[utoipa::path(tag = "alerts", request_body = NewWebhookBody, security(("bearer" = [])),
    responses((status = 201, description = "Made", body = WebhookSecretBody), Refused, SubmitRefused))]
#[post("/v1/webhooks")]
pub async fn create_webhook(app: App, query: Query, signed: SignedJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_draft(signed.body);
    let placed = webhooks::create(&app, &signed.actor, draft, faults).await?;
    Ok(HttpResponse::Created().insert_header(no_store()).json(WebhookSecretBody::from(placed)))
}

fn read_draft(node: Node) -> (WebhookDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let draft = WebhookDraft {
        name: fields.required("name", name),
        agency: fields.optional("agency", AgencyCode::parse),
        url: fields.required("url", |raw| Ok::<_, FaultKind>(raw.to_owned())),
        events: fields.required_node("events").and_then(|node| events(&mut fields, node)),
    };
    fields.finish();
    (draft, faults)
}

fn read_change(node: Node) -> (WebhookDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    for field in
        ["name", "url", "events"].into_iter().filter(|field| fields.is_null(field)).collect::<Vec<_>>()
    {
        fields.fault(field, FaultKind::Missing);
    }
    let draft = WebhookDraft {
        name: fields.optional("name", name),
        agency: None,
        url: fields.optional("url", |raw| Ok::<_, FaultKind>(raw.to_owned())),
        events: fields.take("events").and_then(|node| events(&mut fields, node)),
    };
    fields.finish();
    (draft, faults)
}

/// Reads a list of events, at least one, each once.
fn events(fields: &mut Fields<'_>, node: Node) -> Option<Vec<EventType>> {
    let Node::List(items) = node else {
        fields.fault("events", FaultKind::WrongType { expected: "array" });
        return None;
    };
    if items.is_empty() {
        fields.fault("events", FaultKind::Missing);
        return None;
    }
    let (place, count) = (fields.place_of("events"), items.len());
    let mut read: Vec<EventType> = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        let event = match &item {
            Node::Text(text) => EventType::parse(text),
            _ => Err(FaultKind::WrongType { expected: "string" }),
        };
        match event {
            Ok(event) if !read.contains(&event) => read.push(event),
            Ok(_) => fields.faults().push(place.member(&position.to_string()), FaultKind::Duplicate),
            Err(kind) => fields.faults().push(place.member(&position.to_string()), kind),
        }
    }
    (read.len() == count).then_some(read)
}

/// Lists webhooks
///
/// For administrators, those of the own subtree, ended ones too.
#[utoipa::path(tag = "alerts", params(KeptParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of webhooks", body = WebhookPage), Refused, NotPermitted))]
#[get("/v1/webhooks")]
pub async fn list_webhooks(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, |fields| kept(fields, ()))?;
    let listed = webhooks::list(&app, &caller.0, &query).await?;
    let body = |webhook| WebhookBody::new(webhook, &listed.catalogue);
    let items = listed.items.into_iter().map(body).collect();
    let page = WebhookPage { items, next_cursor: listed.next_cursor };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

/// Shows a webhook
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, description = "The webhook", body = WebhookBody), Refused, NotFound, NotPermitted))]
#[get("/v1/webhooks/{id}")]
pub async fn get_webhook(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    Ok(reply(webhooks::fetch(&app, &caller.0, Uuid::parse_str(&id).ok()).await?))
}

/// Changes a webhook
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), request_body = WebhookChangeBody,
    security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = WebhookBody), Refused, NotFound, SubmitRefused))]
#[patch("/v1/webhooks/{id}")]
pub async fn change_webhook(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_change(signed.body);
    let id = Uuid::parse_str(&id).ok();
    Ok(reply(webhooks::change(&app, &signed.actor, id, &draft, faults).await?))
}

/// Pauses a webhook
///
/// Events wait. Pausing a paused one changes nothing.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = WebhookBody), Refused, NotFound, NotPermitted, Conflict))]
#[post("/v1/webhooks/{id}/pause")]
pub async fn pause_webhook(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    Ok(reply(webhooks::pause(&app, &caller.0, Uuid::parse_str(&id).ok()).await?))
}

/// Goes on with a paused webhook
///
/// What waits is due at once, in its order. What was given up is sent again only when it is replayed.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = WebhookBody), Refused, NotFound, NotPermitted, Conflict))]
#[post("/v1/webhooks/{id}/resume")]
pub async fn resume_webhook(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    Ok(reply(webhooks::resume(&app, &caller.0, Uuid::parse_str(&id).ok()).await?))
}

/// Gives a webhook another secret
///
/// Until `overlap_seconds` are over each event has two signatures, so that the receiver can be changed over.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), request_body = WebhookRotationBody,
    security(("bearer" = [])),
    responses((status = 200, description = "With the new secret", body = WebhookSecretBody), Refused, NotFound, SubmitRefused))]
#[post("/v1/webhooks/{id}/rotate")]
pub async fn rotate_webhook(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let overlap = read_overlap(signed.body);
    let placed = webhooks::rotate(&app, &signed.actor, Uuid::parse_str(&id).ok(), overlap).await?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(WebhookSecretBody::from(placed)))
}

fn read_overlap(node: Node) -> (i64, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let overlap = match fields.take("overlap_seconds") {
        None => DEFAULT_OVERLAP,
        Some(Node::Integer(seconds)) if (0..=MAX_OVERLAP).contains(&seconds) => seconds,
        other => {
            let kind = match other {
                Some(Node::Integer(_) | Node::Number(_)) => {
                    FaultKind::OutOfRange { min: 0, max: MAX_OVERLAP }
                }
                _ => FaultKind::WrongType { expected: "integer" },
            };
            fields.fault("overlap_seconds", kind);
            DEFAULT_OVERLAP
        }
    };
    fields.finish();
    (overlap, faults)
}

/// Ends a webhook for good
///
/// Nothing is sent to it any more, and its secrets are forgotten. Ending it again changes nothing.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = WebhookBody), Refused, NotFound, NotPermitted))]
#[post("/v1/webhooks/{id}/end")]
pub async fn end_webhook(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    Ok(reply(webhooks::end(&app, &caller.0, Uuid::parse_str(&id).ok()).await?))
}
