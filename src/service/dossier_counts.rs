//! Numbers of dossiers handled: reported by the systems that handle them, read by everybody.

use super::Services;
use super::audit;
use super::catalogue::{current, look_again};
use crate::auth::Actor;
use crate::auth::policy;
use crate::domain::agency::AgencyCode;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::dossiers::DossierCount;
use crate::domain::period::{Period, day_of};
use crate::error::{Error, ErrorCode, FaultKind, Faults, FigureFault, Place, Result};
use crate::store::dossier_counts::{dossier_count_insert, dossier_counts_list};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::NaiveDate;

/// What a system reports. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct CountDraft {
    /// The period.
    pub period: Option<Period>,
    /// Dossiers the agency itself handled in it.
    pub count: Option<u64>,
    /// Who counted, in words.
    pub source: Option<String>,
}

/// Stores a count, unless the newest one says the same. `faults` are those the reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::AgencyNotFound`] also outside the
/// client's subtree; [`ErrorCode::ValidationFailed`], also for a period that has not begun or in which the agency did
/// not exist on any day.
pub async fn report(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    draft: CountDraft,
    mut faults: Faults,
) -> Result<DossierCount> {
    let client = policy::dossier_reporter(actor)?;
    let catalogue = current(services).await?;
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let scope = agency.and_then(|agency| policy::report_dossiers(client, &catalogue.tree, agency));
    let (agency, scope) = agency.zip(scope).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let now = services.clock.now();
    if draft.period.as_ref().is_some_and(|period| period.from() > day_of(now)) {
        faults.push(Place::Parameter("period".into()), FaultKind::PeriodNotBegun);
    }
    let valid = catalogue.tree.get(agency).map(|agency| agency.valid);
    if draft.period.as_ref().zip(valid).is_some_and(|(period, valid)| !valid.touches(period)) {
        let successors = catalogue.tree.successors(agency).iter();
        let successors = successors.filter_map(|next| catalogue.tree.get(next.successor));
        let successors = successors.map(|agency| agency.code.to_string()).collect();
        let kind = FaultKind::Figure(FigureFault::NotInTree { successors });
        faults.push(Place::Parameter("period".into()), kind);
    }
    let count = match (draft.period, draft.count, draft.source) {
        (Some(period), Some(count), Some(source)) if faults.is_empty() => {
            DossierCount { period, count, source, reported_at: now }
        }
        _ => return Err(Error::invalid(faults.into_vec(), now)),
    };
    let store = async |conn: &mut Conn| -> Result<DossierCount> {
        let days = (count.period.from(), count.period.to());
        let known = dossier_counts_list(conn, &[agency], days).await?;
        let same = known.into_iter().map(|(_, known)| known).find(|known| {
            known.period == count.period && known.count == count.count && known.source == count.source
        });
        if let Some(same) = same {
            return Ok(same);
        }
        dossier_count_insert(conn, &scope, agency, &count, client.id).await?;
        let entry = Entry {
            action: Action::DossierCountReported,
            agency: Some(agency),
            object: code.map(ToString::to_string).unwrap_or_default(),
            details: vec![
                ("period", count.period.code().unwrap_or_default().to_owned()),
                ("count", count.count.to_string()),
            ],
        };
        audit::record(conn, By::Client(client), &entry, now).await?;
        Ok(count)
    };
    let stored = services.db.within(SILENCE, async |conn| conn.transaction(store).await).await?;
    // The first report of an agency is known here at once, elsewhere within the age of a catalogue.
    if !catalogue.dossier_reporters.contains(&agency) {
        look_again(services);
    }
    Ok(stored)
}

/// The newest counts of an agency whose periods have a day in `from..to`, by first day.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`].
pub async fn list(
    services: &Services,
    code: &AgencyCode,
    days: (NaiveDate, NaiveDate),
) -> Result<Vec<DossierCount>> {
    let catalogue = current(services).await?;
    let agency = catalogue.tree.find(code).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?.id;
    let read = async |conn: &mut Conn| dossier_counts_list(conn, &[agency], days).await;
    let counts = services.db.within(SILENCE, read).await?;
    Ok(counts.into_iter().map(|(_, count)| count).collect())
}
