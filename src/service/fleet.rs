//! The fleet: devices as those in charge of them see them, and which of them should be heard and are not.

use super::catalogue::{Catalogue, current};
use super::{Services, activity};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::device::{DeviceState, Place};
use crate::domain::ids::ClientId;
use crate::domain::period::day_of;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place as FaultPlace, Result};
pub use crate::store::fleet::DeviceRecord;
use crate::store::fleet::{DeviceFilter, fleet_find, fleet_list};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::{Conn, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// What a list of devices is narrowed to.
#[derive(Debug, Clone)]
pub struct FleetQuery {
    /// Those of this agency and below it.
    pub agency: Option<AgencyCode>,
    /// Those at this desk.
    pub service_point: Option<String>,
    /// Those in this state.
    pub state: Option<DeviceState>,
    /// Those that are silent, or that are not.
    pub silent: Option<bool>,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// The codes of a place.
#[derive(Debug, Clone, Default)]
pub struct PlaceCodes {
    /// Of the agency.
    pub agency: Option<String>,
    /// Of the desk.
    pub service_point: Option<String>,
    /// Of the survey.
    pub survey: Option<String>,
}

/// Where a device stood from when to when.
#[derive(Debug, Clone)]
pub struct PastView {
    /// From when on; `None`: from the start.
    pub since: Option<DateTime<Utc>>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Where.
    pub place: PlaceCodes,
}

/// A device with what only the catalogue and the clock know.
#[derive(Debug, Clone)]
pub struct DeviceView {
    /// All that is known of it.
    pub record: DeviceRecord,
    /// Where it stands.
    pub place: PlaceCodes,
    /// Where it stood, the oldest first.
    pub earlier: Vec<PastView>,
    /// Responses received today.
    pub responses_today: i64,
    /// Whether it should have been heard and was not.
    pub silent: bool,
}

/// The instant since when a device that was not heard is silent: so much office time ago as is set.
fn silent_since(services: &Services) -> DateTime<Utc> {
    let rules = &services.rules;
    rules.office_hours.back(services.clock.now(), TimeDelta::minutes(rules.silent_minutes))
}

/// One page of the fleet, the oldest devices first, and the cursor of the next.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] for an agency or desk that
/// the actor may not know of; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &FleetQuery,
) -> Result<(Vec<DeviceView>, Option<String>)> {
    let keeper = policy::device_keeper(actor)?;
    let catalogue = current(services).await?;
    let mut faults = Faults::default();
    let parameter = |name: &str| FaultPlace::Parameter(name.into());
    let scope = match &query.agency {
        None => policy::keep_devices(keeper, &catalogue.tree, None),
        Some(code) => catalogue
            .tree
            .find(code)
            .and_then(|agency| policy::keep_devices(keeper, &catalogue.tree, Some(agency.id))),
    };
    if scope.is_none() {
        faults.push(parameter("agency"), FaultKind::UnknownAgency);
    }
    let desk = query.service_point.as_ref().map(|code| catalogue.desks.get(code));
    let desk = desk.map(|desk| {
        desk.filter(|desk| policy::keep_devices(keeper, &catalogue.tree, Some(desk.agency)).is_some())
    });
    if desk == Some(None) {
        faults.push(parameter("service_point"), FaultKind::UnknownServicePoint);
    }
    let Some(scope) = scope.filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    };
    let bound = silent_since(services);
    let filter = DeviceFilter {
        service_point: desk.flatten().map(|desk| desk.id),
        state: query.state,
        silent: query.silent.map(|silent| (silent, bound)),
    };
    let shape = (&query.agency, &query.service_point, query.state, query.silent);
    let page = Page::new(query.limit, query.cursor.as_deref(), &format!("devices {shape:?}"))?;
    activity::flush(services).await?;
    let read = async |conn: &mut Conn| fleet_list(conn, &scope, &filter, &page).await;
    let mut records = services.db.within(SILENCE, read).await?;
    let next = page.cut(&mut records, |record| record.device.id.0.to_string());
    Ok((records.into_iter().map(|record| view(services, &catalogue, record, bound)).collect(), next))
}

/// One device (`None`: of an id that is none).
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::DeviceNotFound`] also where the actor may not
/// know of it.
pub async fn fetch(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<DeviceView> {
    let keeper = policy::device_keeper(actor)?;
    let catalogue = current(services).await?;
    let not_found = || Error::new(ErrorCode::DeviceNotFound);
    let scope = policy::keep_devices(keeper, &catalogue.tree, None).ok_or_else(not_found)?;
    let id = ClientId(id.ok_or_else(not_found)?);
    activity::flush(services).await?;
    let record = services.db.within(SILENCE, async |conn| fleet_find(conn, &scope, id).await).await?;
    let record = record.ok_or_else(not_found)?;
    Ok(view(services, &catalogue, record, silent_since(services)))
}

/// The codes of a place.
pub fn codes(catalogue: &Catalogue, place: Place) -> PlaceCodes {
    let agency = |id| Some(catalogue.tree.history(id)?.code.to_string());
    PlaceCodes {
        agency: place.agency.and_then(agency),
        service_point: place.service_point.and_then(|id| Some(catalogue.desk(id)?.code.clone())),
        survey: place.survey.and_then(|id| Some(catalogue.survey(id)?.code.clone())),
    }
}

fn view(
    services: &Services,
    catalogue: &Catalogue,
    record: DeviceRecord,
    bound: DateTime<Utc>,
) -> DeviceView {
    let past = |past: &crate::domain::device::PastPlace| PastView {
        since: past.since,
        until: past.until,
        place: codes(catalogue, past.place),
    };
    DeviceView {
        place: codes(catalogue, record.device.place()),
        earlier: record.device.posting.earlier.iter().map(past).collect(),
        responses_today: record.signs.received_on(day_of(services.clock.now())),
        silent: record.is_silent_since(bound),
        record,
    }
}
