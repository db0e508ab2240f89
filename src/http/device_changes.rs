//! Changing devices: `PATCH /v1/devices/{id}`, `POST /v1/devices/{id}/move`, `suspend`, `resume` and `revoke`.

use super::enrolments::filled;
use super::extract::{App, Caller, Query, SignedJson};
use super::fields::Fields;
use super::fleet::{DeviceBody, reply};
use super::heartbeats::instant;
use super::openapi::{Conflict, NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use crate::domain::device::MAX_NAME;
use crate::domain::text;
use crate::error::{FaultKind, Faults, Place};
use crate::service::device_changes::{Change, Destination, change};
use actix_web::{HttpResponse, patch, post, web};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is changed of a device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameBody {
    /// What people call it.
    #[schema(max_length = 200, example = "Kiosk 2")]
    name: String,
}

/// Where a device goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveBody {
    /// Code of the desk.
    #[schema(example = "MC-H56-C2")]
    service_point: String,
    /// Code of the survey it asks there; without it as before.
    survey: Option<String>,
    /// From when on (RFC 3339), not ahead of now and not before the last move; without it from now on. What was
    /// answered before is taken for the desk it stood at by then, whenever it arrives.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
}

/// Renames a device
///
/// For administrators in charge of it.
#[utoipa::path(tag = "devices", request_body = RenameBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "`client_id` of the device")),
    responses((status = 200, description = "The device", body = DeviceBody), NotFound, Refused, SubmitRefused))]
#[patch("/v1/devices/{id}")]
pub async fn rename_device(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let mut faults = Faults::default();
    let mut fields = Fields::of(signed.body, Place::Pointer(String::new()), &mut faults);
    let name = fields.required("name", |raw| text::line(raw, MAX_NAME)?.ok_or(FaultKind::Missing));
    fields.finish();
    let id = Uuid::parse_str(&id).ok();
    Ok(reply(change(&app, &signed.actor, id, Change::Rename(name), faults).await?))
}

/// Moves a device to another desk
///
/// For administrators in charge of it and of the desk.
#[utoipa::path(tag = "devices", request_body = MoveBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "`client_id` of the device")),
    responses((status = 200, description = "The device", body = DeviceBody), NotFound, Refused, SubmitRefused))]
#[post("/v1/devices/{id}/move")]
pub async fn move_device(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let mut faults = Faults::default();
    let mut fields = Fields::of(signed.body, Place::Pointer(String::new()), &mut faults);
    let destination = Destination {
        service_point: fields.required("service_point", filled(40)),
        survey: fields.optional("survey", filled(60)),
        since: fields.optional("since", instant),
    };
    fields.finish();
    let id = Uuid::parse_str(&id).ok();
    Ok(reply(change(&app, &signed.actor, id, Change::Move(destination), faults).await?))
}

/// Suspends a device
///
/// For administrators in charge of it. Its tokens are refused (`client_suspended`) until it is resumed; what it holds it
/// may send then.
#[utoipa::path(tag = "devices", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "`client_id` of the device")),
    responses((status = 200, description = "The device", body = DeviceBody), NotPermitted, NotFound, Conflict, Refused))]
#[post("/v1/devices/{id}/suspend")]
pub async fn suspend_device(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    simple(&app, &caller, query, &id, Change::Suspend).await
}

/// Lets a suspended device work again
///
/// For administrators in charge of it.
#[utoipa::path(tag = "devices", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "`client_id` of the device")),
    responses((status = 200, description = "The device", body = DeviceBody), NotPermitted, NotFound, Conflict, Refused))]
#[post("/v1/devices/{id}/resume")]
pub async fn resume_device(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    simple(&app, &caller, query, &id, Change::Resume).await
}

/// Ends a device for good
///
/// For administrators in charge of it. Its secret and its tokens are worth nothing from now on.
#[utoipa::path(tag = "devices", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "`client_id` of the device")),
    responses((status = 200, description = "The device", body = DeviceBody), NotPermitted, NotFound, Refused))]
#[post("/v1/devices/{id}/revoke")]
pub async fn revoke_device(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    simple(&app, &caller, query, &id, Change::Revoke).await
}

/// A change that needs no words.
async fn simple(
    app: &App,
    caller: &Caller,
    query: Query,
    id: &str,
    wanted: Change,
) -> Result<HttpResponse, Problem> {
    query.read(app, |_| ())?;
    let id = Uuid::parse_str(id).ok();
    Ok(reply(change(app, &caller.0, id, wanted, Faults::default()).await?))
}
