//! Who is responsible for which measure: recorded by administrators, read by everybody in the tracker.

use super::Services;
use super::audit;
use super::catalogue::current;
use super::measures::known_id;
use crate::auth::{Actor, policy};
use crate::domain::agency::{Agency, AgencyCode};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::ids::AgencyId;
use crate::domain::measure::Measure;
use crate::domain::measure_value::{Duty, Holder};
use crate::error::{Error, ErrorCode, FaultKind, Faults, MeasureFault, Place, Result};
use crate::store::measure_duties::{measure_duties_list, measure_duty_insert};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::NaiveDate;

/// Who is responsible from a day on. A field that was absent or faulty is `None`.
#[derive(Debug, Clone)]
pub struct DutyDraft {
    /// First day.
    pub from: Option<NaiveDate>,
    /// The unit in words, in Vietnamese.
    pub unit_vi: Option<String>,
    /// The same in English.
    pub unit_en: Option<String>,
    /// The unit, where it is an agency.
    pub agency: Option<AgencyCode>,
}

/// Records who is responsible, unless it is recorded already. `faults` are those the reader found already.
///
/// # Errors
/// As for entering values; [`ErrorCode::ValidationFailed`], also where no unit is named or its agency is unknown.
pub async fn record(
    services: &Services,
    actor: &Actor,
    (holder, measure): (Option<&Holder>, Option<&'static Measure>),
    draft: DutyDraft,
    mut faults: Faults,
) -> Result<Duty<Agency>> {
    let client = policy::measure_enterer(actor)?;
    let catalogue = current(services).await?;
    let not_found = || Error::new(ErrorCode::AgencyNotFound);
    let holder = holder.ok_or_else(not_found)?;
    let agency = known_id(&catalogue, holder).ok_or_else(not_found)?;
    let scope = policy::enter_measures(client, &catalogue.tree, agency).ok_or_else(not_found)?;
    let measure = measure.ok_or_else(|| Error::new(ErrorCode::MeasureNotFound))?;
    let now = services.clock.now();
    let unit = draft.agency.as_ref().and_then(|code| catalogue.tree.find(code)).map(|unit| unit.id);
    if draft.agency.is_some() && unit.is_none() {
        faults.push(Place::Pointer("/agency".into()), FaultKind::UnknownAgency);
    } else if faults.is_empty() && draft.unit_vi.is_none() && unit.is_none() {
        faults.push(Place::Pointer("/unit_vi".into()), FaultKind::Measure(MeasureFault::NoUnit));
    }
    let (Some(from), true) = (draft.from, faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let duty: Duty<AgencyId> = Duty {
        measure: measure.code.clone(),
        from,
        unit_vi: draft.unit_vi,
        unit_en: draft.unit_en,
        agency: unit,
    };
    let store = async |conn: &mut Conn| -> Result<()> {
        let all = measure_duties_list(conn, agency).await?;
        let held = all.iter().rev().find(|held| held.measure == duty.measure && held.from == duty.from);
        if held == Some(&duty) {
            return Ok(());
        }
        measure_duty_insert(conn, &scope, agency, &duty, (client.id, now)).await?;
        let entry = Entry {
            action: Action::MeasureDutyRecorded,
            agency,
            object: holder.to_string(),
            details: vec![("measure", measure.code.to_string()), ("from", from.to_string())],
        };
        audit::record(conn, By::Client(client), &entry, now).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(store).await).await?;
    let Duty { measure, from, unit_vi, unit_en, agency: unit } = duty;
    let agency = unit.and_then(|unit| catalogue.tree.get(unit).cloned());
    Ok(Duty { measure, from, unit_vi, unit_en, agency })
}
