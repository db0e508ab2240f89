//! Heartbeats: `PUT /v1/devices/me/heartbeat`.

use super::enrolments::{filled, whole};
use super::extract::{App, Query, SignedJson};
use super::fields::{Fields, Node};
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use crate::domain::device::{Heartbeat, MAX_FACT};
use crate::error::{FaultKind, Faults, Place};
use crate::service::heartbeats::{self, HeartbeatDraft, Pulse};
use actix_web::{HttpResponse, put};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// What a device says of itself, about once a minute; the newest replaces the one before.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatBody {
    /// The device's clock (RFC 3339).
    #[schema(value_type = String, format = DateTime, example = "2026-07-15T10:00:00+07:00")]
    clock: String,
    /// Version of the program on it.
    #[schema(max_length = 100, example = "1.4.2")]
    app_version: String,
    /// Responses it holds that are not acknowledged yet.
    #[schema(minimum = 0, maximum = 1_000_000, example = 0)]
    backlog: i32,
    /// When the oldest of them was answered (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_answered_at: Option<String>,
    /// Code of the survey it has loaded.
    #[schema(max_length = 60, example = "demo-service")]
    survey: Option<String>,
    /// Questionnaire version of that survey that it has loaded.
    #[schema(minimum = 1, maximum = 32_767, example = 1)]
    questionnaire_version: Option<i16>,
    /// Charge of the battery in per cent.
    #[schema(minimum = 0, maximum = 100)]
    battery_percent: Option<i16>,
    /// Free storage in MiB.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    storage_free_mb: Option<i32>,
}

/// What the device is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct PulseBody {
    /// The server's clock: set the device's by it.
    server_time: DateTime<Utc>,
    /// The device's clock less the server's, in milliseconds; includes the time the request was under way.
    clock_offset_ms: i64,
    /// Code of its agency, which it rates unless it is told otherwise; it changes when the device is moved.
    #[schema(example = "H56.C1")]
    agency: Option<String>,
    /// Code of the desk it stands at; `null`: any of its agency.
    service_point: Option<String>,
    /// Code of the survey it should ask: the one it was given, otherwise the one it says it has; `null` if there is none.
    survey: Option<String>,
    /// `planned`, `open` or `closed`.
    survey_state: Option<&'static str>,
    /// Questionnaire version of that survey.
    questionnaire_version: Option<i16>,
    /// Whether survey and version are those it says it has. If not, load the survey anew.
    is_current: bool,
}

impl From<Pulse> for PulseBody {
    fn from(pulse: Pulse) -> Self {
        Self {
            server_time: pulse.server_time,
            clock_offset_ms: pulse.clock_offset_ms,
            agency: pulse.agency.map(|code| code.to_string()),
            service_point: pulse.service_point,
            survey: pulse.survey.as_ref().map(|survey| survey.code.clone()),
            survey_state: pulse.state.map(|state| state.as_str()),
            questionnaire_version: pulse.survey.as_ref().map(|survey| survey.questionnaire.version),
            is_current: pulse.is_current,
        }
    }
}

/// Says how a device is
///
/// For the device itself. Only the newest is kept.
#[utoipa::path(tag = "devices", request_body = HeartbeatBody, security(("bearer" = [])),
    responses((status = 200, description = "The server's clock and what is current", body = PulseBody),
              Refused, SubmitRefused))]
#[put("/v1/devices/me/heartbeat")]
pub async fn put_heartbeat(app: App, query: Query, signed: SignedJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read(signed.body);
    let pulse = heartbeats::beat(&app, &signed.actor, draft, faults).await?;
    Ok(HttpResponse::Ok().json(PulseBody::from(pulse)))
}

/// Reads an instant (RFC 3339).
pub(super) fn instant(raw: &str) -> Result<DateTime<Utc>, FaultKind> {
    let wrong = FaultKind::BadFormat { expected: "2026-07-15T10:00:00+07:00" };
    DateTime::parse_from_rfc3339(raw).map(|at| at.to_utc()).map_err(|_| wrong)
}

fn read(body: Node) -> (HeartbeatDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let clock = fields.required("clock", instant);
    let app_version = fields.required("app_version", filled(MAX_FACT));
    if !fields.has("backlog") {
        fields.fault("backlog", FaultKind::Missing);
    }
    let backlog = whole(&mut fields, "backlog", 0, 1_000_000).and_then(|count| i32::try_from(count).ok());
    let oldest_answered_at = fields.optional("oldest_answered_at", instant);
    let survey = fields.optional("survey", filled(60));
    let mut small = |name, min, max| i16::try_from(whole(&mut fields, name, min, max)?).ok();
    let (version, battery) = (small("questionnaire_version", 1, 32_767), small("battery_percent", 0, 100));
    let storage = whole(&mut fields, "storage_free_mb", 0, i32::MAX.into());
    let beat = app_version.zip(backlog).map(|(app_version, backlog)| Heartbeat {
        clock_offset_ms: 0,
        backlog,
        oldest_answered_at,
        app_version,
        survey,
        questionnaire_version: version,
        battery_percent: battery,
        storage_free_mb: storage.and_then(|free| i32::try_from(free).ok()),
    });
    fields.finish();
    (HeartbeatDraft { clock, beat }, faults)
}
