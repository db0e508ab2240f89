//! Entering a table of new agencies, all or nothing.

use super::Services;
use super::audit;
use super::catalogue::look_again;
use crate::auth::{Actor, policy};
use crate::domain::agency_plan::{Plan, Reach};
use crate::domain::agency_rows::{RowDraft, plan_rows};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::uuid_v7;
use crate::domain::period::day_of;
use crate::domain::tree::AgencyTree;
use crate::error::{Error, Faults, Result};
use crate::store::agency_events::{NewEvent, agency_events_insert};
use crate::store::{AsyncConnection, Conn, SILENCE, agencies, installation};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Most faults that are told at once.
const MOST_FAULTS: usize = 1000;

/// A table of new agencies.
#[derive(Debug)]
pub struct AgencyTable {
    /// Its rows.
    pub rows: Vec<RowDraft>,
    /// The legal text it rests on.
    pub basis: String,
    /// Whether it is only looked at.
    pub dry_run: bool,
}

/// What became of a table.
#[derive(Debug)]
pub struct Imported {
    /// Agencies that were entered, or would be.
    pub agencies: usize,
    /// The event they were recorded by; `None` if the table was only looked at.
    pub event: Option<Uuid>,
}

/// Who may send tables at all, before one is read.
///
/// # Errors
/// [`crate::error::ErrorCode::TokenMissing`], [`crate::error::ErrorCode::NotPermitted`].
pub fn check_sender(actor: &Actor) -> Result<()> {
    policy::tree_changer(actor).map(|_| ())
}

/// Enters a table of new agencies, or only looks whether that would go well. `faults` are those its reader found.
///
/// # Errors
/// As [`check_sender`]; [`crate::error::ErrorCode::ValidationFailed`] with the faults of every row, the first thousand.
pub async fn import(
    services: &Services,
    actor: &Actor,
    table: AgencyTable,
    faults: Faults,
) -> Result<Imported> {
    let client = policy::tree_changer(actor)?;
    let (now, dry_run) = (services.clock.now(), table.dry_run);
    let work = async |conn: &mut Conn| {
        conn.transaction(async |conn| {
            // One change after the other: each is held against what the one before left.
            installation::catalogue_lock(conn).await?;
            let tree = agencies::tree_fetch(conn, day_of(now)).await?;
            let plan = planned(services, client, &tree, &table.rows, faults)?;
            let agencies = plan.opened.len();
            let Some(effective_on) = plan.opened.iter().map(|new| new.valid.from).min().filter(|_| !dry_run)
            else {
                return Ok(Imported { agencies, event: None });
            };
            let mut ids = tree.histories().map(|known| (known.code.clone(), known.id)).collect();
            let event = NewEvent {
                id: uuid_v7(now),
                kind: "import",
                effective_on,
                basis: table.basis,
                client: Some(client.id),
                digest: Sha256::digest(format!("{:?}", table.rows)).to_vec(),
                plan,
            };
            agency_events_insert(conn, std::slice::from_ref(&event), &mut ids, now).await?;
            let entry = Entry {
                action: Action::AgenciesImported,
                agency: client.agency,
                object: event.id.to_string(),
                details: vec![("agencies", agencies.to_string())],
            };
            audit::record(conn, By::Client(client), &entry, now).await?;
            Ok::<_, Error>(Imported { agencies, event: Some(event.id) })
        })
        .await
    };
    let imported = services.db.within(SILENCE, work).await?;
    look_again(services);
    Ok(imported)
}

/// The agencies the client may enter by the table.
fn planned(
    services: &Services,
    client: &Client,
    tree: &AgencyTree,
    rows: &[RowDraft],
    faults: Faults,
) -> Result<Plan> {
    let owns = |id| policy::may_change_agency(client, tree, id);
    let reach = Reach { owns: &owns, national: policy::may_change_top(client) };
    plan_rows(rows, tree, &reach, faults).map_err(|faults| refusal(services, faults))
}

/// A refusal of a table, with as many of its faults as are told at once.
pub(super) fn refusal(services: &Services, faults: Faults) -> Error {
    let mut faults = faults.into_vec();
    let count = faults.len();
    faults.truncate(MOST_FAULTS);
    let error = Error::invalid(faults, services.clock.now());
    if count > MOST_FAULTS {
        error.detail(format!("the first {MOST_FAULTS} of {count} faults"))
    } else {
        error
    }
}
