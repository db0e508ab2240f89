//! Responses and their comments: stored once, never changed. `statement` is the one that stores, `stored` tells what
//! becomes of repetitions, `taken` of numbers and visits that belong to another; `reading` goes through what is stored.

mod reading;
mod statement;
mod stored;
mod taken;

pub use reading::{UNFOLDED, UnfoldedRow, responses_count, responses_each, unfolded_of};

use super::Conn;
use super::device_seqs::{device_seqs_add, device_seqs_holders};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::ids::ResponseId;
use crate::domain::receipt::{Receipt, Verdict};
use crate::domain::response::Response;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use statement::{insert, insert_with_receipt};
use std::collections::HashMap;
use stored::{Stored, stored};
use taken::{Taken, is_taken};

/// A response that the policy lets its sender store.
#[derive(Debug, Clone)]
pub struct Admitted(Response);

impl Admitted {
    /// Holds the response against the scope its sender was granted.
    ///
    /// # Errors
    /// [`ErrorCode::NotPermitted`] if the rated agency is outside.
    pub fn new(scope: &AgencyScope, response: Response) -> Result<Self> {
        if scope.allows(response.rated_agency) {
            Ok(Self(response))
        } else {
            Err(Error::new(ErrorCode::NotPermitted))
        }
    }

    /// The response.
    pub const fn response(&self) -> &Response {
        &self.0
    }
}

/// What became of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored now.
    Created,
    /// Was stored before with the same content.
    Replayed,
    /// The id is stored with other content; nothing was changed.
    Conflict,
    /// The device's number belongs to another response, or the response to another number; nothing was changed.
    SeqConflict,
    /// The visit has rated with another response; nothing was changed.
    VisitUsed,
}

impl Outcome {
    /// What the sender is told in a word.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Created => Verdict::Created,
            Self::Replayed => Verdict::Replayed,
            Self::Conflict | Self::SeqConflict | Self::VisitUsed => Verdict::Conflict,
        }
    }

    /// Why nothing was stored, unless the response is stored now or was before.
    pub fn refusal(self) -> Option<Error> {
        match self {
            Self::Created | Self::Replayed => None,
            Self::Conflict => Some(Error::new(ErrorCode::ResponseConflict)),
            Self::SeqConflict => Some(Error::new(ErrorCode::DeviceSeqConflict)),
            Self::VisitUsed => Some(Error::new(ErrorCode::VisitUsed)),
        }
    }
}

/// Times a batch is tried again without the responses whose numbers or visits turned out to be taken.
const TRIES: usize = 3;

/// Stores what is not stored yet with its comments, its number, its visit and its place in the unfolded tail, and tells
/// of each response what became of it, in order. One statement, and one before it that looks for used visits if any
/// are shown, unless ids, numbers or visits collide; durable when it returns. Only ids that collide are looked up.
pub async fn responses_insert_once(
    conn: &mut Conn,
    batch: &[Admitted],
    received_at: DateTime<Utc>,
) -> Result<Vec<Outcome>> {
    let mut outcomes = vec![Outcome::Conflict; batch.len()];
    let mut note = |place: usize, outcome: Outcome| {
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    };
    let mut waiting: Vec<(usize, &Response)> =
        batch.iter().map(|Admitted(response)| response).enumerate().collect();
    while !waiting.is_empty() {
        // Of two responses with the same number or visit the first comes first; what becomes of it decides on the other.
        let (mut numbers, mut visits) = (HashMap::new(), HashMap::new());
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, response)| {
            let number = response.device_seq.map(|seq| (response.client, seq));
            number.is_none_or(|number| *numbers.entry(number).or_insert(response.id) == response.id)
                && response
                    .visit
                    .is_none_or(|visit| *visits.entry(visit).or_insert(response.id) == response.id)
        });
        let responses: Vec<&Response> = now.iter().map(|(_, response)| *response).collect();
        for ((place, _), outcome) in now.iter().zip(store(conn, &responses, received_at).await?) {
            note(*place, outcome);
        }
        let responses: Vec<&Response> = later.iter().map(|(_, response)| *response).collect();
        let taken = Taken::fetch(conn, &responses).await?;
        waiting = Vec::new();
        for (place, response) in later {
            match taken.refusal(response) {
                Some(refusal) => note(place, refusal),
                None => waiting.push((place, response)),
            }
        }
    }
    Ok(outcomes)
}

/// Stores responses together with the receipt that says all of them are new, in one statement; durable when it returns.
/// `false` if something else is to be said of one of them, or can be only after a closer look: nothing is stored then,
/// and [`responses_insert_once`] tells.
pub async fn responses_insert_with_receipt(
    conn: &mut Conn,
    batch: &[Admitted],
    received_at: DateTime<Utc>,
    receipt: &Receipt,
) -> Result<bool> {
    let responses = batch.iter().map(|Admitted(response)| response).enumerate();
    let first = Firsts::of(responses.filter(|(_, response)| response.visit.is_none()));
    if first.0.len() < batch.len() {
        return Ok(false);
    }
    let responses: Vec<&Response> = first.responses().collect();
    match insert_with_receipt(conn, &responses, received_at, receipt).await {
        Err(error) if is_taken(&error) => Ok(false),
        stored => Ok(stored?),
    }
}

/// Stores responses among which no number and no visit is there twice, but for the same response.
async fn store(conn: &mut Conn, batch: &[&Response], received_at: DateTime<Utc>) -> Result<Vec<Outcome>> {
    let (mut taken, mut tries) = (Taken::visits(conn, batch).await?, 0);
    let (first, known) = loop {
        let free = |(_, response): &(usize, &Response)| taken.refusal(response).is_none();
        let first = Firsts::of(batch.iter().copied().enumerate().filter(free));
        match insert(conn, first.responses(), received_at).await {
            Err(error) if is_taken(&error) && tries < TRIES => {
                taken = Taken::fetch(conn, batch).await?;
                tries += 1;
            }
            result => break (first, result?),
        }
    };
    if known.is_empty() && first.0.len() == batch.len() {
        return Ok(vec![Outcome::Created; batch.len()]);
    }
    let stored = stored(conn, &known).await?;
    if batch.iter().any(|response| response.visit.is_some() && known.contains(&response.id.uuid())) {
        // Somebody may have stored the same response with the same visit since.
        taken = Taken::fetch(conn, batch).await?;
    }
    let mut late = Vec::new();
    let mut outcome = |(place, response): (usize, &&Response)| {
        let id = response.id.uuid();
        if let Some(refusal) = taken.refusal(response) {
            return refusal;
        }
        // The one of this id that was stored now.
        let twin = first.get(response.id).filter(|_| !known.contains(&id));
        if twin.is_some_and(|(first, _)| first == place) {
            return Outcome::Created;
        }
        // Stored before, or the same id again in this very batch.
        let same_visit = match twin {
            Some((_, twin)) => response.visit.is_none() || response.visit == twin.visit,
            None => taken.same_visit(response),
        };
        let twin = twin.map(|(_, twin)| Stored::from(twin));
        match twin.as_ref().or_else(|| stored.get(&id)) {
            Some(twin) if same_visit => twin.outcome(response, || late.push(place)),
            _ => Outcome::Conflict,
        }
    };
    let mut outcomes: Vec<Outcome> = batch.iter().enumerate().map(&mut outcome).collect();
    number_late(conn, batch, &late, &mut outcomes).await?;
    Ok(outcomes)
}

/// The responses of a batch with their places; of those with the same id the first. Sorted by id: two instances with the
/// same ids in their batches lock them in the same order.
struct Firsts<'r>(Vec<(usize, &'r Response)>);

impl<'r> Firsts<'r> {
    fn of(batch: impl Iterator<Item = (usize, &'r Response)>) -> Self {
        let mut batch: Vec<_> = batch.collect();
        batch.sort_unstable_by_key(|(place, response)| (response.id, *place));
        batch.dedup_by_key(|(_, response)| response.id);
        Self(batch)
    }

    fn responses(&self) -> impl Iterator<Item = &'r Response> {
        self.0.iter().map(|(_, response)| *response)
    }

    fn get(&self, id: ResponseId) -> Option<(usize, &'r Response)> {
        let found = self.0.binary_search_by_key(&id, |(_, response)| response.id).ok()?;
        self.0.get(found).copied()
    }
}

/// Gives numbers to responses that are stored without: sent before by another client, or without a number.
async fn number_late(
    conn: &mut Conn,
    batch: &[&Response],
    late: &[usize],
    outcomes: &mut [Outcome],
) -> Result<()> {
    if late.is_empty() {
        return Ok(());
    }
    let responses: Vec<&Response> = late.iter().filter_map(|place| batch.get(*place)).copied().collect();
    device_seqs_add(conn, &responses).await?;
    let holders = device_seqs_holders(conn, &responses).await?;
    for (place, response) in late.iter().zip(responses) {
        if let Some(outcome) = outcomes.get_mut(*place).filter(|_| !holders.itself(response)) {
            *outcome = Outcome::SeqConflict;
        }
    }
    Ok(())
}
