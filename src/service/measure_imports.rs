//! Entering a table of values of measures, all or nothing.

use super::Services;
use super::agency_imports::refusal;
use super::audit;
use super::catalogue::{Catalogue, current};
use super::measure_values::{Rules, ValueDraft, entered};
use super::measures::known_id;
use crate::auth::{Actor, policy};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::AgencyId;
use crate::domain::measure::{Measure, MeasureCode};
use crate::domain::measure_value::{Holder, MeasureValue, Next, Statement};
use crate::domain::period::{Period, day_of};
use crate::error::{Error, ErrorCode, FaultKind, Faults, MeasureFault, Place, Result};
use crate::store::measure_values::{measure_values_insert, measure_values_list};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// Most rows of a table.
pub const MOST_ROWS: usize = 10_000;

/// A row. What was absent or faulty is `None`; the reader has reported what was wrong.
#[derive(Debug)]
pub struct ValueRow {
    /// As a spreadsheet counts: the head is row 1.
    pub row: usize,
    /// Whom it is about.
    pub holder: Option<Holder>,
    /// The measure.
    pub measure: Option<&'static Measure>,
    /// The rest.
    pub draft: ValueDraft,
}

/// What became of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Values that were entered, or would be.
    pub entered: usize,
    /// Rows that say what is said already.
    pub unchanged: usize,
}

/// A row that keeps every rule that needs no look at what is entered already.
struct Checked<'r> {
    row: &'r ValueRow,
    agency: Option<AgencyId>,
    measure: &'static Measure,
    period: Period,
    statement: Statement,
}

/// What names one value: whose, which measure, which period.
type Key = (Option<AgencyId>, MeasureCode, String);

/// Who may send tables at all, before one is read.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`].
pub fn check_sender(actor: &Actor) -> Result<()> {
    policy::measure_enterer(actor).map(|_| ())
}

/// Enters a table, or only looks whether that would go well. `faults` are those its reader found.
///
/// # Errors
/// As [`check_sender`]; [`ErrorCode::ValidationFailed`] with the faults of every row, the first thousand;
/// [`ErrorCode::MeasureValueConflict`] if somebody else entered one of the values at the same time.
pub async fn import(
    services: &Services,
    actor: &Actor,
    (rows, dry_run): (&[ValueRow], bool),
    mut faults: Faults,
) -> Result<Imported> {
    let client = policy::measure_enterer(actor)?;
    let catalogue = current(services).await?;
    let scope = policy::enter_tables_of_measures(client, &catalogue.tree);
    let scope = scope.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let now = services.clock.now();
    let checked = checked(&catalogue, &scope, rows, now, &mut faults);
    let work = async |conn: &mut Conn| -> Result<Imported> {
        let values = planned(conn, client, &checked, now, &mut faults).await?;
        if !faults.is_empty() {
            return Err(refusal(services, std::mem::take(&mut faults)));
        }
        let imported = Imported { entered: values.len(), unchanged: checked.len() - values.len() };
        if dry_run || values.is_empty() {
            return Ok(imported);
        }
        measure_values_insert(conn, &scope, &values).await?;
        let entry = Entry {
            action: Action::MeasureValuesImported,
            agency: client.agency,
            object: "table".into(),
            details: vec![("values", imported.entered.to_string())],
        };
        audit::record(conn, By::Client(client), &entry, now).await?;
        Ok(imported)
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

fn checked<'r>(
    catalogue: &Catalogue,
    scope: &AgencyScope,
    rows: &'r [ValueRow],
    now: DateTime<Utc>,
    faults: &mut Faults,
) -> Vec<Checked<'r>> {
    let mut seen: HashSet<Key> = HashSet::new();
    let mut check = |row: &'r ValueRow| {
        let at = |column: &str| Place::Cell { row: row.row, column: column.to_owned() };
        let mine = |agency: &Option<AgencyId>| match agency {
            Some(agency) => scope.allows(*agency),
            None => scope.is_whole_country(),
        };
        let agency = row.holder.as_ref().map(|holder| known_id(catalogue, holder).filter(mine));
        if agency == Some(None) {
            faults.push(at("agency"), FaultKind::UnknownAgency);
        }
        let (agency, measure) = (agency.flatten()?, row.measure?);
        let rules = Rules { measure, agency, tree: &catalogue.tree, today: day_of(now) };
        let statement = rules.statement(&row.draft, &at, faults)?;
        let period = row.draft.period.clone()?;
        let code = period.code().unwrap_or_default().to_owned();
        if !seen.insert((agency, measure.code.clone(), code)) {
            faults.push(at("period"), FaultKind::Duplicate);
        }
        Some(Checked { row, agency, measure, period, statement })
    };
    rows.iter().filter_map(&mut check).collect()
}

/// The values to be added, each held against what is entered already.
async fn planned(
    conn: &mut Conn,
    client: &Client,
    checked: &[Checked<'_>],
    now: DateTime<Utc>,
    faults: &mut Faults,
) -> Result<Vec<(Option<AgencyId>, MeasureValue)>> {
    let agencies: HashSet<Option<AgencyId>> = checked.iter().map(|row| row.agency).collect();
    let agencies: Vec<Option<AgencyId>> = agencies.into_iter().collect();
    let mut held: HashMap<Key, MeasureValue> = HashMap::new();
    // In the order of revisions: the newest stays.
    for (agency, value) in measure_values_list(conn, &agencies).await? {
        let period = value.period.code().unwrap_or_default().to_owned();
        held.insert((agency, value.measure.clone(), period), value);
    }
    let mut values = Vec::new();
    for Checked { row, agency, measure, period, statement } in checked {
        let code = period.code().unwrap_or_default().to_owned();
        let known = held.get(&(*agency, measure.code.clone(), code));
        match Next::of(known, statement, row.draft.replaces) {
            Next::Same => {}
            Next::Revision(revision) => {
                let said = (*measure, period.clone(), revision, statement.clone());
                values.push((*agency, entered(said, client.id, now)));
            }
            Next::Conflict(newest) => {
                let place = Place::Cell { row: row.row, column: "replaces".into() };
                faults.push(place, FaultKind::Measure(MeasureFault::OtherRevision { newest }));
            }
        }
    }
    Ok(values)
}
