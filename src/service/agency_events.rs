//! Recording what becomes of agencies, and reading it again.

use super::Services;
use super::audit;
use super::catalogue::{current, look_again};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_event::{AgencyEvent, EventDraft};
use crate::domain::agency_plan::{Plan, Reach, Refusal, plan};
use crate::domain::agency_register::Register;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::AgencyId;
use crate::domain::period::day_of;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result, TreeFault};
use crate::store::agency_events::{
    NewEvent, agency_event_digests, agency_event_fetch, agency_events_insert, agency_events_list,
};
use crate::store::paging::Page;
use crate::store::{AsyncConnection, Conn, SILENCE, agencies, installation};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};

/// What became of recording an event.
#[derive(Debug)]
pub struct Recorded {
    /// The event.
    pub event: AgencyEvent,
    /// Whether it was recorded before.
    pub replayed: bool,
}

/// Records an event. `faults` are those its reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] with all faults;
/// [`ErrorCode::AgencyEventConflict`] for an id with other content; [`ErrorCode::AgencyEventOutOfOrder`] if something
/// that happened to one of the agencies later is recorded already.
pub async fn record(
    services: &Services,
    actor: &Actor,
    draft: EventDraft,
    faults: Faults,
) -> Result<Recorded> {
    let client = policy::tree_changer(actor)?;
    let digest = Sha256::digest(draft.canonical()).to_vec();
    let work = async |conn: &mut Conn| {
        conn.transaction(async |conn| {
            // One change after the other: each is held against what the one before left.
            installation::catalogue_lock(conn).await?;
            if let Some(id) = draft.id.filter(|_| faults.is_empty()) {
                match agency_event_digests(conn, &[id]).await?.remove(&id) {
                    Some(known) if known == digest => {
                        return Ok(Recorded { event: agency_event_fetch(conn, id).await?, replayed: true });
                    }
                    Some(_) => return Err(Error::new(ErrorCode::AgencyEventConflict)),
                    None => {}
                }
            }
            let event = enter(services, conn, client, draft, faults, digest).await?;
            Ok(Recorded { event, replayed: false })
        })
        .await
    };
    let recorded = services.db.within(SILENCE, work).await?;
    look_again(services);
    Ok(recorded)
}

async fn enter(
    services: &Services,
    conn: &mut Conn,
    client: &Client,
    draft: EventDraft,
    faults: Faults,
    digest: Vec<u8>,
) -> Result<AgencyEvent> {
    let now = services.clock.now();
    let mut register = Register {
        histories: agencies::agencies_all(conn).await?,
        successions: agencies::successions_all(conn).await?,
    };
    let plan = planned(services, client, &register, &draft, faults)?;
    let mut ids = register.histories.iter().map(|known| (known.code.clone(), known.id)).collect();
    let missing = || Error::internal("an event without faults lacks a field");
    let effective_on = draft.effective_on.ok_or_else(missing)?;
    check_shares(services, &mut register, effective_on, &plan)?;
    let event = NewEvent {
        id: draft.id.ok_or_else(missing)?,
        kind: draft.change.kind(),
        effective_on,
        basis: draft.basis.ok_or_else(missing)?,
        client: Some(client.id),
        digest,
        plan,
    };
    agency_events_insert(conn, std::slice::from_ref(&event), &mut ids, now).await?;
    let recorded = agency_event_fetch(conn, event.id).await?;
    audit::record(conn, By::Client(client), &entry(client, &event, &ids), now).await?;
    Ok(recorded)
}

/// The affair of the one agency it is about; of several, of whoever is in charge of all of them.
fn entry(client: &Client, event: &NewEvent, ids: &HashMap<AgencyCode, AgencyId>) -> Entry {
    let parties: BTreeSet<AgencyCode> = event.plan.parties().into_iter().map(|(code, _)| code).collect();
    let only = parties.first().filter(|_| parties.len() == 1).and_then(|code| ids.get(code)).copied();
    let codes: Vec<String> = parties.iter().map(ToString::to_string).collect();
    Entry {
        action: Action::AgencyEventRecorded,
        agency: only.or(client.agency),
        object: event.id.to_string(),
        details: vec![
            ("kind", event.kind.to_owned()),
            ("effective_on", event.effective_on.to_string()),
            ("agencies", codes.join(" ")),
        ],
    }
}

/// The facts the client may add by the event.
fn planned(
    services: &Services,
    client: &Client,
    register: &Register,
    draft: &EventDraft,
    faults: Faults,
) -> Result<Plan> {
    let tree = register.tree(day_of(services.clock.now()));
    let owns = |id| policy::may_change_agency(client, &tree, id);
    let reach = Reach { owns: &owns, national: policy::may_change_top(client) };
    plan(draft, &tree, &reach, faults).map_err(|refusal| refused(services, refusal))
}

/// Products of shares have to stay exact.
fn check_shares(
    services: &Services,
    register: &mut Register,
    effective_on: chrono::NaiveDate,
    plan: &Plan,
) -> Result<()> {
    if plan.successions.is_empty() {
        return Ok(());
    }
    register.apply(effective_on, plan);
    if register.tree(effective_on).is_exact_from(effective_on) {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.at("/successors", FaultKind::Tree(TreeFault::SharesTooFine));
    Err(Error::invalid(faults.into_vec(), services.clock.now()))
}

fn refused(services: &Services, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Faults(faults) => Error::invalid(faults.into_vec(), services.clock.now()),
        Refusal::OutOfOrder(late) => {
            let late = late.iter().map(|(code, day)| format!("{code} was changed on {day}"));
            Error::new(ErrorCode::AgencyEventOutOfOrder).detail(late.collect::<Vec<_>>().join("; "))
        }
    }
}

/// What a list of events is narrowed to.
#[derive(Debug, Clone)]
pub struct EventQuery {
    /// Events of this agency only.
    pub agency: Option<AgencyCode>,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of events in the order of recording, and the cursor of the next. Open to everybody; who recorded them is
/// told to administrators only.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] for an unknown agency, [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &EventQuery,
) -> Result<(Vec<AgencyEvent>, Option<String>)> {
    let catalogue = current(services).await?;
    let agency = match &query.agency {
        None => None,
        Some(code) => Some(catalogue.tree.find(code).map(|agency| agency.id).ok_or_else(|| {
            let mut faults = Faults::default();
            faults.push(Place::Parameter("agency".into()), FaultKind::UnknownAgency);
            Error::invalid(faults.into_vec(), services.clock.now())
        })?),
    };
    let page = Page::new(query.limit, query.cursor.as_deref(), &format!("agency events {agency:?}"))?;
    let list = async |conn: &mut Conn| agency_events_list(conn, agency, &page).await;
    let mut events = services.db.within(SILENCE, list).await?;
    let next = page.cut(&mut events, |event| event.seq.to_string());
    if !policy::may_see_recorder(actor) {
        events.iter_mut().for_each(|event| event.recorded_by = None);
    }
    Ok((events, next))
}
