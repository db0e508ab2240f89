//! Entering the agencies of catalogue files and what became of them. What is there with the same content is left
//! alone, also where more became of it since.

use crate::catalogue::Catalogue as Entries;
use crate::domain::agency::{AgencyCode, AgencyHistory, NewAgency};
use crate::domain::agency_event::EventDraft;
use crate::domain::agency_plan::{Reach, Refusal, plan};
use crate::domain::agency_register::Register;
use crate::domain::ids::AgencyId;
use crate::domain::period::day_of;
use crate::error::{Faults, Lang, Place, Result};
use crate::store::agency_events::{NewEvent, agency_event_digests, agency_events_insert};
use crate::store::{Conn, agencies};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// What entering gave.
#[derive(Default)]
pub(super) struct Entered {
    /// Agencies that were new.
    pub(super) agencies: usize,
    /// Events that were new.
    pub(super) events: usize,
    /// What contradicts what is there.
    pub(super) conflicts: Vec<String>,
    /// The numbers of all agencies.
    pub(super) ids: HashMap<AgencyCode, AgencyId>,
}

/// Enters the agencies and events of all files; to be called in a transaction that holds the catalogue's lock.
pub(super) async fn enter_agencies(
    conn: &mut Conn,
    files: &[Entries],
    now: DateTime<Utc>,
) -> Result<Entered> {
    let mut register = Register {
        histories: agencies::agencies_all(conn).await?,
        successions: agencies::successions_all(conn).await?,
    };
    let ids = register.histories.iter().map(|known| (known.code.clone(), known.id)).collect();
    let mut entered = Entered { ids, ..Entered::default() };
    let fresh = entered.fresh(&register, files.iter().flat_map(|file| &file.agencies));
    agencies::agencies_insert(conn, &fresh, &mut entered.ids, None).await?;
    entered.agencies = fresh.len();
    register.open(&fresh.into_iter().cloned().collect::<Vec<_>>());

    let drafts: Vec<(Uuid, &EventDraft)> =
        files.iter().flat_map(|file| &file.events).map(|draft| (id_of(draft), draft)).collect();
    let recorded = agency_event_digests(conn, &drafts.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
    let mut events = Vec::new();
    for (id, draft) in drafts {
        let digest = Sha256::digest(draft.canonical()).to_vec();
        match recorded.get(&id) {
            Some(known) if *known == digest => {}
            Some(_) => entered.conflicts.push(format!("{} is recorded with other content", name_of(draft))),
            None => events.extend(entered.event(&mut register, id, draft, digest, now)),
        }
    }
    if entered.conflicts.is_empty() {
        entered.events = events.len();
        agency_events_insert(conn, &events, &mut entered.ids, now).await?;
    }
    Ok(entered)
}

impl Entered {
    /// Those that are not there yet, parents before children; what has no parent anywhere is a conflict.
    fn fresh<'f>(
        &mut self,
        register: &Register,
        all: impl Iterator<Item = &'f NewAgency>,
    ) -> Vec<&'f NewAgency> {
        let known: HashMap<&AgencyCode, &AgencyHistory> =
            register.histories.iter().map(|history| (&history.code, history)).collect();
        let mut waiting: Vec<&NewAgency> = Vec::new();
        for new in all {
            let same = match known.get(&new.code) {
                Some(history) => Some(is_beginning(register, history, new)),
                None => waiting.iter().find(|other| other.code == new.code).map(|other| *other == new),
            };
            match same {
                Some(true) => {}
                Some(false) => {
                    self.conflicts.push(format!("agency {} is in the catalogue with other content", new.code))
                }
                None => waiting.push(new),
            }
        }
        let mut placed: HashMap<&AgencyCode, ()> = known.keys().map(|code| (*code, ())).collect();
        let mut fresh = Vec::with_capacity(waiting.len());
        loop {
            let (ready, left): (Vec<&NewAgency>, Vec<&NewAgency>) = waiting
                .into_iter()
                .partition(|new| new.parent.as_ref().is_none_or(|parent| placed.contains_key(parent)));
            placed.extend(ready.iter().map(|new| (&new.code, ())));
            if ready.is_empty() {
                let lost =
                    left.iter().map(|new| format!("agency {}: its parent is not in the catalogue", new.code));
                self.conflicts.extend(lost);
                return fresh;
            }
            fresh.extend(ready);
            waiting = left;
        }
    }

    fn event(
        &mut self,
        register: &mut Register,
        id: Uuid,
        draft: &EventDraft,
        digest: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Option<NewEvent> {
        let reach = Reach { owns: &|_| true, national: true };
        let effective_on = draft.effective_on?;
        let plan = match plan(draft, &register.tree(day_of(now)), &reach, Faults::default()) {
            Ok(plan) => plan,
            Err(refusal) => {
                self.conflicts
                    .extend(lines(&refusal).into_iter().map(|line| format!("{}: {line}", name_of(draft))));
                return None;
            }
        };
        register.apply(effective_on, &plan);
        Some(NewEvent {
            id,
            kind: draft.change.kind(),
            effective_on,
            basis: draft.basis.clone().unwrap_or_default(),
            client: None,
            digest,
            plan,
        })
    }
}

/// Whether the agency began as the file says; what became of it since is no contradiction.
fn is_beginning(register: &Register, known: &AgencyHistory, new: &NewAgency) -> bool {
    let parent = |id: AgencyId| register.histories.iter().find(|history| history.id == id);
    let first = known.versions.first().is_some_and(|first| {
        first.name == new.name
            && first.unit_code == new.unit_code
            && first.parent.and_then(parent).map(|parent| &parent.code) == new.parent.as_ref()
    });
    first
        && known.level == new.level
        && known.sample == new.sample
        && known.note == new.note
        && known.valid.from == new.valid.from
        && (new.valid.to.is_none() || new.valid.to == known.valid.to)
}

/// One line for each reason.
fn lines(refusal: &Refusal) -> Vec<String> {
    match refusal {
        Refusal::OutOfOrder(late) => {
            late.iter().map(|(code, day)| format!("{code} was changed on {day} already")).collect()
        }
        Refusal::Faults(faults) => faults
            .iter()
            .map(|fault| match &fault.place {
                Place::Pointer(place) | Place::Parameter(place) | Place::Cell { column: place, .. } => {
                    format!("{place}: {}", fault.kind.detail(Lang::En))
                }
            })
            .collect(),
    }
}

fn name_of(draft: &EventDraft) -> String {
    let day = draft.effective_on.map(|day| day.to_string()).unwrap_or_default();
    format!("agency event {day} {} {}", draft.change.kind(), draft.change.subjects().join(", "))
}

/// Files give no ids: an event is known by its day, its kind and its agencies. A UUID of version 8 (RFC 9562).
fn id_of(draft: &EventDraft) -> Uuid {
    let digest = Sha256::digest(name_of(draft));
    let mut bytes = [0; 16];
    for (slot, byte) in bytes.iter_mut().zip(digest) {
        *slot = byte;
    }
    uuid::Builder::from_bytes(bytes)
        .with_version(uuid::Version::Custom)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}
