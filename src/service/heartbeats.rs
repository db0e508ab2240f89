//! Heartbeats: what a device says of itself about once a minute, and what it is told in return.

use super::Services;
use super::catalogue::current;
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::device::Heartbeat;
use crate::domain::period::day_of;
use crate::domain::survey::{Survey, SurveyState};
use crate::error::{Error, Faults, Result};
use crate::store::SILENCE;
use crate::store::device_signs::heartbeat_put;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What a device sends. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct HeartbeatDraft {
    /// The device's clock.
    pub clock: Option<DateTime<Utc>>,
    /// The rest, with an offset that is not known yet.
    pub beat: Option<Heartbeat>,
}

/// What a device is told.
#[derive(Debug)]
pub struct Pulse {
    /// The server's clock.
    pub server_time: DateTime<Utc>,
    /// The device's clock less the server's, in milliseconds.
    pub clock_offset_ms: i64,
    /// Code of its agency; `None`: the whole country.
    pub agency: Option<AgencyCode>,
    /// Code of the desk it stands at; `None`: any of its agency.
    pub service_point: Option<String>,
    /// The survey it should ask: the one it was given, or else the one it says it has. `None` if there is none.
    pub survey: Option<Arc<Survey>>,
    /// Its state today.
    pub state: Option<SurveyState>,
    /// Whether the survey and the questionnaire version that the device says it has are those.
    pub is_current: bool,
}

/// Takes a heartbeat. `faults` are those its reader found.
///
/// # Errors
/// Of [`ErrorCode`](crate::error::ErrorCode): `TokenMissing` or `NotPermitted` for whoever is no device;
/// `ValidationFailed`.
pub async fn beat(
    services: &Services,
    actor: &Actor,
    draft: HeartbeatDraft,
    faults: Faults,
) -> Result<Pulse> {
    let device = policy::heartbeat_sender(actor)?;
    let now = services.clock.now();
    let (clock, mut beat) = match (draft.clock, draft.beat) {
        (Some(clock), Some(beat)) if faults.is_empty() => (clock, beat),
        _ => return Err(Error::invalid(faults.into_vec(), now)),
    };
    beat.clock_offset_ms = (clock - now).num_milliseconds();
    let catalogue = current(services).await?;
    services.db.within(SILENCE, async |conn| heartbeat_put(conn, device.id, now, &beat).await).await?;
    let given = device.posting.survey.and_then(|id| catalogue.survey(id));
    let loaded = beat.survey.as_ref().and_then(|code| catalogue.surveys.get(code));
    let survey = given.or(loaded).cloned();
    let is_current = survey.as_ref().is_some_and(|survey| {
        loaded.is_some_and(|loaded| loaded.id == survey.id)
            && beat.questionnaire_version == Some(survey.questionnaire.version)
    });
    Ok(Pulse {
        server_time: now,
        clock_offset_ms: beat.clock_offset_ms,
        agency: device.agency.and_then(|id| Some(catalogue.tree.get(id)?.code.clone())),
        service_point: device.service_point.and_then(|id| Some(catalogue.desk(id)?.code.clone())),
        state: survey.as_ref().map(|survey| survey.state_on(day_of(now))),
        survey,
        is_current,
    })
}
