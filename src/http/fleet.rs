//! The fleet: `GET /v1/devices`, `GET /v1/devices/{id}`.

use super::extract::{App, Caller, Query, number};
use super::openapi::{NotFound, NotPermitted, Refused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::device::DeviceState;
use crate::error::FaultKind;
use crate::service::fleet::{self, DEFAULT_LIMIT, DeviceView, FleetQuery, MAX_LIMIT, PastView};
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A device.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceBody {
    /// Its id, which is its `client_id`.
    id: Uuid,
    /// What people call it.
    name: String,
    /// `active`, `suspended` or `revoked`.
    #[schema(example = "active")]
    state: &'static str,
    /// Whether it is active and gave no sign of life for the set time of office hours.
    silent: bool,
    /// Code of its agency.
    agency: Option<String>,
    /// Code of the desk it stands at; `null`: any of its agency.
    service_point: Option<String>,
    /// Code of the survey it asks; `null`: any.
    survey: Option<String>,
    /// Since when it stands there; `null`: from the start.
    stands_since: Option<DateTime<Utc>>,
    /// Where it stood before, the oldest first.
    earlier_places: Vec<PastPlaceBody>,
    /// When it was enrolled.
    enrolled_at: DateTime<Utc>,
    /// Since when it is suspended.
    suspended_at: Option<DateTime<Utc>>,
    /// When it was ended.
    revoked_at: Option<DateTime<Utc>>,
    /// Maker and model.
    model: Option<String>,
    /// Operating system.
    os: Option<String>,
    /// Its version.
    os_version: Option<String>,
    /// Width of the screen in pixels.
    screen_width: Option<i32>,
    /// Height of the screen in pixels.
    screen_height: Option<i32>,
    /// Version of the program on it: as the newest heartbeat says, or else as it enrolled.
    app_version: Option<String>,
    /// When anything was last heard: a heartbeat or a response.
    last_seen_at: Option<DateTime<Utc>>,
    /// When a response was last taken from it.
    last_response_at: Option<DateTime<Utc>>,
    /// Responses received from it today (Viet Nam), whenever they were answered. May lack the last second, or what an
    /// instance that was killed had counted in its last.
    responses_today: i64,
    /// The newest heartbeat.
    heartbeat: Option<LastHeartbeatBody>,
}

/// The newest heartbeat of a device.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastHeartbeatBody {
    /// When it came.
    at: DateTime<Utc>,
    /// The device's clock less the server's, in milliseconds.
    clock_offset_ms: i64,
    /// Responses it held that were not acknowledged.
    backlog: i32,
    /// When the oldest of them was answered.
    oldest_answered_at: Option<DateTime<Utc>>,
    /// Code of the survey it had loaded.
    survey: Option<String>,
    /// Questionnaire version it had loaded.
    questionnaire_version: Option<i16>,
    /// Charge of the battery in per cent.
    battery_percent: Option<i16>,
    /// Free storage in MiB.
    storage_free_mb: Option<i32>,
}

/// Where a device stood before.
#[derive(Debug, Serialize, ToSchema)]
pub struct PastPlaceBody {
    /// From when on; `null`: from the start.
    since: Option<DateTime<Utc>>,
    /// The instant it stood elsewhere.
    until: DateTime<Utc>,
    /// Code of the agency.
    agency: Option<String>,
    /// Code of the desk.
    service_point: Option<String>,
    /// Code of the survey.
    survey: Option<String>,
}

/// One page of devices.
#[derive(Debug, Serialize, ToSchema)]
pub struct DevicePage {
    /// The devices, the oldest first.
    items: Vec<DeviceBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl From<PastView> for PastPlaceBody {
    fn from(past: PastView) -> Self {
        let place = past.place;
        Self {
            since: past.since,
            until: past.until,
            agency: place.agency,
            service_point: place.service_point,
            survey: place.survey,
        }
    }
}

impl From<DeviceView> for DeviceBody {
    fn from(view: DeviceView) -> Self {
        let state = view.record.state().as_str();
        let (device, facts, signs) = (view.record.device, view.record.facts, view.record.signs);
        let screen = facts.as_ref().and_then(|facts| facts.screen);
        let last_seen_at = signs.last_seen();
        let told = signs.heartbeat.as_ref().map(|(_, beat)| beat.app_version.clone());
        let beat = signs.heartbeat.map(|(at, beat)| LastHeartbeatBody {
            at,
            clock_offset_ms: beat.clock_offset_ms,
            backlog: beat.backlog,
            oldest_answered_at: beat.oldest_answered_at,
            survey: beat.survey,
            questionnaire_version: beat.questionnaire_version,
            battery_percent: beat.battery_percent,
            storage_free_mb: beat.storage_free_mb,
        });
        Self {
            id: device.id.0,
            name: device.name,
            state,
            silent: view.silent,
            agency: view.place.agency,
            service_point: view.place.service_point,
            survey: view.place.survey,
            stands_since: view.earlier.last().map(|past| past.until),
            earlier_places: view.earlier.into_iter().map(PastPlaceBody::from).collect(),
            enrolled_at: view.record.created_at,
            suspended_at: device.posting.suspended_at,
            revoked_at: device.revoked_at,
            app_version: told.or_else(|| facts.as_ref().map(|facts| facts.app_version.clone())),
            os: facts.as_ref().and_then(|facts| facts.os.clone()),
            os_version: facts.as_ref().and_then(|facts| facts.os_version.clone()),
            model: facts.map(|facts| facts.model),
            screen_width: screen.map(|(width, _)| width),
            screen_height: screen.map(|(_, height)| height),
            last_seen_at,
            last_response_at: signs.last_response_at,
            responses_today: view.responses_today,
            heartbeat: beat,
        }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `read` takes; a test compares the two")]
struct ListDevicesParams {
    /// Those of this agency and below it only.
    #[param(example = "H56.C1")]
    agency: Option<String>,
    /// Those at this desk only.
    #[param(example = "MC-H56-C1")]
    service_point: Option<String>,
    /// `active`, `suspended` or `revoked`.
    state: Option<String>,
    /// `true`: those that should have been heard and were not; `false`: the others.
    silent: Option<bool>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists devices
///
/// For administrators, those of the own subtree, the oldest first.
#[utoipa::path(tag = "devices", params(ListDevicesParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of devices", body = DevicePage), NotPermitted, Refused))]
#[get("/v1/devices")]
pub async fn list_devices(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    let truth = |raw: &str| match raw {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(FaultKind::NotAllowed { allowed: &["true", "false"] }),
    };
    let query = query.read(&app, |fields| FleetQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        service_point: fields.optional("service_point", super::enrolments::filled(40)),
        state: fields.optional("state", DeviceState::parse),
        silent: fields.optional("silent", truth),
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    })?;
    let (items, next_cursor) = fleet::list(&app, &caller.0, &query).await?;
    let page = DevicePage { items: items.into_iter().map(DeviceBody::from).collect(), next_cursor };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

/// Shows a device
///
/// For administrators in charge of it.
#[utoipa::path(tag = "devices", params(("id" = Uuid, Path, description = "`client_id` of the device")),
    security(("bearer" = [])),
    responses((status = 200, description = "The device", body = DeviceBody), NotPermitted, NotFound, Refused))]
#[get("/v1/devices/{id}")]
pub async fn get_device(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let view = fleet::fetch(&app, &caller.0, Uuid::parse_str(&id).ok()).await?;
    Ok(reply(view))
}

/// A device as an answer.
pub(super) fn reply(view: DeviceView) -> HttpResponse {
    let body = DeviceBody::from(view);
    HttpResponse::Ok().insert_header(no_store()).json(body)
}
