//! Life of clients: `/v1/clients`. Tokens are in [`super::clients`].

mod reading;

use super::extract::{App, Caller, Query, SignedJson, number};
use super::openapi::{NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use crate::auth::policy::permissions_of;
use crate::domain::agency::AgencyCode;
use crate::domain::client::ClientKind;
use crate::domain::permission::Permission;
use crate::error::FaultKind;
use crate::service::credentials::{
    self, ClientFilter, ClientQuery, DEFAULT_LIMIT, Handed, MAX_LIMIT, PlacedClient,
};
use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use reading::{read_change, read_draft, read_overlap};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A client to be made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClientBody {
    /// Any UUID, which becomes the `client_id`; the same id with the same content is answered with `replayed` and without
    /// a secret. Without it the service makes one, and the request is not safe to repeat.
    id: Option<Uuid>,
    /// `admin`, `system` or `viewer`; devices enrol.
    #[schema(example = "system")]
    kind: String,
    /// What people call it.
    #[schema(max_length = 200, example = "Provincial dashboard")]
    name: String,
    /// Root of its subtree. Only who belongs to the whole country may leave it out: the client does then as well.
    #[schema(example = "H56.C1")]
    agency: Option<String>,
    /// When it ends by itself; its tokens never outlive it.
    expires_at: Option<DateTime<Utc>>,
    /// What it is permitted at most; without it all that its kind is.
    #[schema(example = json!(["read_figures"]))]
    permissions: Option<Vec<String>>,
    /// Networks in CIDR notation or addresses it has to come from, at most 100; without any it may come from anywhere.
    #[schema(example = json!(["203.0.113.0/24"]))]
    networks: Option<Vec<String>>,
}

/// What is to be changed of a client; what is not given stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientChangeBody {
    /// What people call it.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// When it ends by itself; `null`: never.
    expires_at: Option<DateTime<Utc>>,
    /// What it is permitted at most; `null`: all that its kind is.
    permissions: Option<Vec<String>>,
    /// Networks it has to come from; `null` or none: anywhere.
    networks: Option<Vec<String>>,
}

/// How a secret is replaced.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotationBody {
    /// Seconds for which the secret before goes on; 0 ends it at once.
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400)]
    overlap_seconds: Option<i64>,
}

/// A client. Its secret is not known.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientBody {
    /// Its id, which is the `client_id` at the token endpoint.
    client_id: Uuid,
    /// `admin`, `system`, `device` or `viewer`.
    #[schema(example = "system")]
    kind: &'static str,
    /// What people call it.
    name: String,
    /// Root of its subtree; `null` is the whole country.
    #[schema(example = "H56.C1")]
    agency: Option<String>,
    /// The desk a device stands at.
    service_point: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
    /// When it was ended for good.
    revoked_at: Option<DateTime<Utc>>,
    /// What it is permitted that not everybody is.
    #[schema(example = json!(["read_figures"]))]
    permissions: Vec<&'static str>,
    /// Whether it is permitted less than its kind.
    narrowed: bool,
    /// Networks it has to come from; none: anywhere.
    networks: Vec<String>,
    /// When it was last seen, up to a few minutes behind.
    last_used_at: Option<DateTime<Utc>>,
    /// How long the secret before the present one goes on; `null` if there was none or it ended at once.
    previous_secret_until: Option<DateTime<Utc>>,
}

impl From<PlacedClient> for ClientBody {
    fn from(PlacedClient { record, agency, service_point }: PlacedClient) -> Self {
        let client = record.client;
        Self {
            client_id: client.id.0,
            kind: client.kind.as_str(),
            permissions: permissions_of(&client).into_iter().map(Permission::as_str).collect(),
            narrowed: client.terms.permissions.is_some(),
            networks: client.terms.networks.iter().map(ToString::to_string).collect(),
            name: client.name,
            agency: agency.map(|code| code.to_string()),
            service_point,
            created_at: record.created_at,
            expires_at: client.terms.expires_at,
            revoked_at: client.revoked_at,
            last_used_at: record.last_used_at,
            previous_secret_until: record.previous_secret_until,
        }
    }
}

/// A client with a new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientSecretBody {
    /// The client.
    #[serde(flatten)]
    client: ClientBody,
    /// Its secret, shown this once; `null` where the request was answered before: rotate to get another.
    client_secret: Option<String>,
    /// Whether the client was made before.
    replayed: bool,
}

impl From<Handed> for ClientSecretBody {
    fn from(Handed { client, secret }: Handed) -> Self {
        Self { client: client.into(), replayed: secret.is_none(), client_secret: secret }
    }
}

/// One page of clients.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientPage {
    /// The clients, by id: mostly the oldest first.
    items: Vec<ClientBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// Who may come in is nobody else's to keep.
fn private(mut reply: actix_web::HttpResponseBuilder, body: impl Serialize) -> HttpResponse {
    reply.insert_header(no_store()).json(body)
}

/// Makes a client
///
/// For administrators, in the own subtree, and never with more than they hold themselves. The secret is shown this once.
#[utoipa::path(tag = "credentials", request_body = NewClientBody, security(("bearer" = [])),
    responses((status = 201, description = "Made now", body = ClientSecretBody),
              (status = 200, description = "Was made before with the same content", body = ClientSecretBody),
              Refused, SubmitRefused))]
#[post("/v1/clients")]
pub async fn create_client(app: App, query: Query, signed: SignedJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_draft(signed.body);
    let handed = credentials::create(&app, &signed.actor, draft, faults).await?;
    let reply = if handed.secret.is_none() { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(private(reply, ClientSecretBody::from(handed)))
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListClientsParams {
    /// Clients of this agency and below it only.
    #[param(example = "H56.C1")]
    agency: Option<String>,
    /// Clients of this kind only.
    #[param(example = "device")]
    kind: Option<String>,
    /// `true`: only those that were ended; `false`: only the others.
    revoked: Option<bool>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists clients
///
/// For administrators: those of the own subtree, devices among them.
#[utoipa::path(tag = "credentials", params(ListClientsParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of clients", body = ClientPage), Refused, NotPermitted))]
#[get("/v1/clients")]
pub async fn list_clients(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, |fields| ClientQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        filter: ClientFilter {
            kind: fields.optional("kind", ClientKind::parse),
            revoked: fields.optional("revoked", truth),
        },
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    })?;
    let (items, next_cursor) = credentials::list(&app, &caller.0, &query).await?;
    let page = ClientPage { items: items.into_iter().map(ClientBody::from).collect(), next_cursor };
    Ok(private(HttpResponse::Ok(), page))
}

/// Shows a client
#[utoipa::path(tag = "credentials", params(("id" = Uuid, Path, description = "`client_id`")), security(("bearer" = [])),
    responses((status = 200, description = "The client", body = ClientBody), Refused, NotFound, NotPermitted))]
#[get("/v1/clients/{id}")]
pub async fn get_client(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let client = credentials::fetch(&app, &caller.0, Uuid::parse_str(&id).ok()).await?;
    Ok(private(HttpResponse::Ok(), ClientBody::from(client)))
}

/// Changes a client
///
/// Only what is given (`null` takes a limit away); its tokens change with it at once. Nobody changes its own terms.
#[utoipa::path(tag = "credentials", params(("id" = Uuid, Path, description = "`client_id`")), security(("bearer" = [])),
    request_body = ClientChangeBody,
    responses((status = 200, description = "As it is now", body = ClientBody), Refused, NotFound, SubmitRefused))]
#[patch("/v1/clients/{id}")]
pub async fn change_client(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (change, faults) = read_change(signed.body);
    let id = Uuid::parse_str(&id).ok();
    let client = credentials::change(&app, &signed.actor, id, change, faults).await?;
    Ok(private(HttpResponse::Ok(), ClientBody::from(client)))
}

/// Gives a client another secret
///
/// The secret before goes on for `overlap_seconds`, so that the client can be changed over; one from before that ends at
/// once: a client never has more than two. A device enrols again instead.
#[utoipa::path(tag = "credentials", params(("id" = Uuid, Path, description = "`client_id`")), security(("bearer" = [])),
    request_body = RotationBody,
    responses((status = 200, description = "With the new secret", body = ClientSecretBody), Refused, NotFound, SubmitRefused))]
#[post("/v1/clients/{id}/rotate")]
pub async fn rotate_client(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (overlap, faults) = read_overlap(signed.body);
    let id = Uuid::parse_str(&id).ok();
    let handed = credentials::rotate(&app, &signed.actor, id, overlap, faults).await?;
    Ok(private(HttpResponse::Ok(), ClientSecretBody::from(handed)))
}

/// Ends a client for good
///
/// Its tokens end with it, on every instance at once. Ending it again changes nothing. Nobody ends itself.
#[utoipa::path(tag = "credentials", params(("id" = Uuid, Path, description = "`client_id`")), security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = ClientBody), Refused, NotFound, SubmitRefused))]
#[post("/v1/clients/{id}/revoke")]
pub async fn revoke_client(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let client = credentials::revoke(&app, &caller.0, Uuid::parse_str(&id).ok()).await?;
    Ok(private(HttpResponse::Ok(), ClientBody::from(client)))
}

fn truth(raw: &str) -> Result<bool, FaultKind> {
    raw.parse().map_err(|_| FaultKind::NotAllowed { allowed: &["true", "false"] })
}
