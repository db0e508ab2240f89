//! Changing a device: its name, its desk, whether it may work. Each change is one transaction with its entry in the
//! audit log, and takes effect on every instance as soon as that looks at the catalogue's revision.

use super::catalogue::{Catalogue, current, look_again};
use super::fleet::{DeviceView, codes, fetch};
use super::{Services, audit};
use crate::auth::{Actor, policy};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::device::Place;
use crate::domain::ids::{AgencyId, ClientId, ServicePointId, SurveyId};
use crate::domain::period::day_of;
use crate::domain::survey::SurveyState;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Result};
use crate::store::clients::client_revoke;
use crate::store::devices::{Held, device_lock, device_move, device_rename, device_suspend};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What is to be changed. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub enum Change {
    /// Call it so.
    Rename(Option<String>),
    /// Put it at a desk.
    Move(Destination),
    /// Let it do nothing for the time being.
    Suspend,
    /// Let it work again.
    Resume,
    /// End it for good.
    Revoke,
}

/// Where a device goes.
#[derive(Debug, Clone, Default)]
pub struct Destination {
    /// Code of the desk.
    pub service_point: Option<String>,
    /// Code of the survey it asks there; `None`: as before.
    pub survey: Option<String>,
    /// From when on; `None`: from now on.
    pub since: Option<DateTime<Utc>>,
}

/// Changes a device (`None`: of an id that is none). What is so already is left alone. `faults` are those the reader
/// found.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::DeviceNotFound`] also outside the actor's
/// subtree; [`ErrorCode::ValidationFailed`]; [`ErrorCode::DeviceRevoked`] for a change of a device that was ended.
pub async fn change(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    change: Change,
    faults: Faults,
) -> Result<DeviceView> {
    let keeper = policy::device_keeper(actor)?;
    let catalogue = current(services).await?;
    let not_found = || Error::new(ErrorCode::DeviceNotFound);
    let scope = policy::keep_devices(keeper, &catalogue.tree, None).ok_or_else(not_found)?;
    let client = ClientId(id.ok_or_else(not_found)?);
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        let held = device_lock(conn, &scope, client).await?.ok_or_else(not_found)?;
        let place = checked(&catalogue, keeper, &held, &change, faults, now)?;
        let done = match (&change, place) {
            (Change::Rename(Some(name)), _) if *name != held.device.name => {
                device_rename(conn, &held, name).await?;
                Some((Action::DeviceRenamed, vec![("from", held.device.name.clone()), ("to", name.clone())]))
            }
            (Change::Move(_), Some((place, since))) if place != held.device.place() => {
                device_move(conn, &scope, &held, place, since).await?;
                Some((Action::DeviceMoved, moved(&catalogue, &held, place, since)))
            }
            (Change::Suspend, _) if held.device.posting.suspended_at.is_none() => {
                device_suspend(conn, &held, Some(now)).await?;
                Some((Action::DeviceSuspended, Vec::new()))
            }
            (Change::Resume, _) if held.device.posting.suspended_at.is_some() => {
                device_suspend(conn, &held, None).await?;
                Some((Action::DeviceResumed, Vec::new()))
            }
            (Change::Revoke, _) if held.device.revoked_at.is_none() => {
                client_revoke(conn, client, now).await?;
                Some((Action::ClientRevoked, Vec::new()))
            }
            _ => None,
        };
        if let Some((action, details)) = done {
            let agency = place.and_then(|(place, _)| place.agency).or(held.device.agency);
            let entry = Entry { action, agency, object: client.0.to_string(), details };
            audit::record(conn, By::Client(keeper), &entry, now).await?;
        }
        Ok::<_, Error>(())
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    look_again(services);
    fetch(services, actor, id).await
}

/// Holds a change against the device and the catalogue; gives where a moved device goes and from when on.
fn checked(
    catalogue: &Catalogue,
    keeper: &Client,
    held: &Held,
    change: &Change,
    mut faults: Faults,
    now: DateTime<Utc>,
) -> Result<Option<(Place, DateTime<Utc>)>> {
    if held.device.revoked_at.is_some() && !matches!(change, Change::Revoke) {
        return Err(Error::new(ErrorCode::DeviceRevoked));
    }
    let destination = match change {
        Change::Move(destination) => destination,
        _ if faults.is_empty() => return Ok(None),
        _ => return Err(Error::invalid(faults.into_vec(), now)),
    };
    let since = destination.since.unwrap_or(now);
    if since > now {
        faults.at("/since", FaultKind::PeriodNotBegun);
    } else if since < held.since && destination.since.is_some() {
        faults.at("/since", FaultKind::BadPeriod);
    }
    let desk = desk_of(catalogue, keeper, destination.service_point.as_deref(), since, &mut faults);
    let survey = match &destination.survey {
        None => held.device.posting.survey,
        Some(code) => survey_of(catalogue, code, now, &mut faults),
    };
    match desk {
        Some((agency, desk)) if faults.is_empty() => {
            Ok(Some((Place { agency: Some(agency), service_point: Some(desk), survey }, since)))
        }
        _ => Err(Error::invalid(faults.into_vec(), now)),
    }
}

/// The desk of a code, and its agency, if the keeper may put devices there and it is open on that day.
pub(super) fn desk_of(
    catalogue: &Catalogue,
    keeper: &Client,
    code: Option<&str>,
    at: DateTime<Utc>,
    faults: &mut Faults,
) -> Option<(AgencyId, ServicePointId)> {
    let desk = catalogue.desks.get(code?).filter(|desk| {
        policy::keep_devices(keeper, &catalogue.tree, Some(desk.agency)).is_some()
            && desk.valid.covers(day_of(at))
    });
    if desk.is_none() {
        faults.at("/service_point", FaultKind::UnknownServicePoint);
    }
    desk.map(|desk| (desk.agency, desk.id))
}

/// The survey of a code, unless it is closed.
pub(super) fn survey_of(
    catalogue: &Catalogue,
    code: &str,
    now: DateTime<Utc>,
    faults: &mut Faults,
) -> Option<SurveyId> {
    match catalogue.surveys.get(code) {
        None => faults.at("/survey", FaultKind::UnknownSurvey),
        Some(survey) if survey.state_on(day_of(now)) == SurveyState::Closed => {
            faults.at("/survey", FaultKind::SurveyNotOpen);
        }
        Some(survey) => return Some(survey.id),
    }
    None
}

fn moved(
    catalogue: &Catalogue,
    held: &Held,
    place: Place,
    since: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let (from, to) = (codes(catalogue, held.device.place()), codes(catalogue, place));
    vec![
        ("from", from.service_point.unwrap_or_default()),
        ("to", to.service_point.unwrap_or_default()),
        ("survey", to.survey.unwrap_or_default()),
        ("since", since.to_rfc3339()),
    ]
}
