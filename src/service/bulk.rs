//! Many responses in one request: each is checked and stored as if it had come alone, valid ones also where
//! others are not. Responses are stored a few hundred at a time while the rest is still arriving, so that
//! memory does not grow with the request.

use super::Services;
use super::admission::Admission;
use super::catalogue::{Catalogue, current};
use super::{receipts, visits};
use crate::auth::{Actor, policy};
use crate::domain::client::Client;
use crate::domain::receipt::{Receipt, Verdict};
use crate::domain::response::ResponseDraft;
use crate::domain::visit::Visit;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Result};
use crate::store::responses::Admitted;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use uuid::Uuid;

/// Responses stored in one commit.
const CHUNK: usize = 500;

/// Longest time to wait for one's turn.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// Most faults told of one response; the first few show what is wrong with the sender.
const MOST_FAULTS: usize = 20;

/// What became of one response.
#[derive(Debug)]
pub struct Item {
    /// Its id, if one could be read.
    pub id: Option<Uuid>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why it was not stored.
    pub problem: Option<Box<Error>>,
}

/// A bulk request under way.
pub struct Bulk<'a> {
    services: &'a Services,
    client: &'a Client,
    catalogue: Arc<Catalogue>,
    /// When the chunk began that is being read.
    now: DateTime<Utc>,
    items: Vec<Item>,
    /// Responses whose visits nobody has looked at yet, and what came after them, with their places among the items.
    unseen: Vec<(usize, ResponseDraft, Faults)>,
    /// Admitted and not stored yet, with their places among the items.
    waiting: Vec<Admitted>,
    places: Vec<usize>,
    _turn: SemaphorePermit<'a>,
}

/// Begins a bulk request.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`] for a wrong actor; [`ErrorCode::Unavailable`] if
/// too many are under way or the database is away.
pub async fn begin<'a>(services: &'a Services, actor: &'a Actor) -> Result<Bulk<'a>> {
    let client = policy::submitter(actor)?;
    let turn = tokio::time::timeout(TURN_WAIT, services.bulk.acquire()).await;
    let turn = turn.map_err(|_| Error::new(ErrorCode::Unavailable).because("too many bulk requests"))?;
    Ok(Bulk {
        services,
        client,
        catalogue: current(services).await?,
        now: services.clock.now(),
        items: Vec::new(),
        unseen: Vec::new(),
        waiting: Vec::new(),
        places: Vec::new(),
        _turn: turn.map_err(Error::internal)?,
    })
}

impl Bulk<'_> {
    /// How many responses were taken or rejected so far.
    pub const fn taken(&self) -> usize {
        self.items.len()
    }

    /// Takes the next response; `faults` are those its reader found. Nothing is stored before [`Self::settle`].
    pub fn take(&mut self, draft: ResponseDraft, mut faults: Faults) {
        let (id, place) = (draft.id, self.items.len());
        // The whole request may have to be repeated: an id made by the service would count people twice.
        if id.is_none() && !faults.any_at("/id") {
            faults.at("/id", FaultKind::Missing);
        }
        self.items.push(Item { id, verdict: Verdict::Created, problem: None });
        // Of two of the same id the first one counts: they stay in order.
        if draft.visit.is_some() || !self.unseen.is_empty() {
            self.unseen.push((place, draft, faults));
        } else {
            self.admit(place, draft, None, faults);
        }
    }

    /// Takes note of a response that could not be read.
    pub fn reject(&mut self, problem: Error) {
        self.items.push(Item { id: None, verdict: Verdict::Rejected, problem: None });
        self.refuse(self.items.len() - 1, problem);
    }

    fn admit(&mut self, place: usize, draft: ResponseDraft, visit: Option<Visit>, faults: Faults) {
        let admission = Admission {
            catalogue: &self.catalogue,
            client: self.client,
            now: self.now,
            max_days: Some(self.services.rules.max_offline_days),
        };
        match admission.admit(draft, visit, faults) {
            Ok(admitted) => {
                self.waiting.push(admitted);
                self.places.push(place);
            }
            Err(problem) => self.refuse(place, problem),
        }
    }

    fn refuse(&mut self, place: usize, mut problem: Error) {
        let more = problem.faults.len().saturating_sub(MOST_FAULTS);
        if more > 0 {
            problem.faults.truncate(MOST_FAULTS);
            problem.detail = Some(format!("{more} more faults"));
        }
        self.count(Verdict::Rejected, 1);
        if let Some(item) = self.items.get_mut(place) {
            (item.verdict, item.problem) = (Verdict::Rejected, Some(Box::new(problem)));
        }
    }

    /// Stores what was taken, but for the last few hundred: those are stored with their receipt.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn settle(&mut self) -> Result<()> {
        for (place, draft, mut faults) in std::mem::take(&mut self.unseen) {
            let visit = visits::shown(self.services, &draft, &mut faults).await?;
            self.admit(place, draft, visit, faults);
        }
        while self.waiting.len() > CHUNK {
            self.store().await?;
        }
        Ok(())
    }

    fn count(&self, verdict: Verdict, responses: usize) {
        if responses == 0 {
            return;
        }
        let responses = u64::try_from(responses).unwrap_or(u64::MAX);
        self.services.metrics.responses.with_label_values(&[verdict.as_str()]).inc_by(responses);
    }

    async fn store(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (batch, places) = (first(&mut self.waiting), first(&mut self.places));
        let mut told = Vec::with_capacity(batch.len());
        let mut failed = None;
        for (place, outcome) in places.into_iter().zip(self.services.intake.store_bulk(&batch).await) {
            match outcome {
                Ok(outcome) => {
                    told.push(outcome.verdict());
                    if let Some(item) = self.items.get_mut(place) {
                        (item.verdict, item.problem) = (outcome.verdict(), outcome.refusal().map(Box::new));
                    }
                }
                // Of a failure it is not known whether it is stored: the whole request has to be repeated.
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        self.told(&told);
        self.now = self.services.clock.now();
        failed.map_or(Ok(()), Err)
    }

    /// Takes note of what became of responses.
    fn told(&self, told: &[Verdict]) {
        let how_many = |verdict| told.iter().filter(|told| **told == verdict).count();
        for verdict in Verdict::ALL {
            self.count(verdict, how_many(verdict));
        }
        self.services.activity.note(self.client, how_many(Verdict::Created), self.services.clock.now());
    }

    /// Stores the rest and gives a receipt for all of it, with the `problems` of the items as they are told; everything is
    /// durable when this returns.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn finish(mut self, problems: impl Fn(&[Item]) -> String) -> Result<Receipt> {
        self.settle().await?;
        // Nearly always all that waits is new, as its items say already.
        let receipt = self.receipt(&problems);
        if self.services.intake.store_with_receipt(&self.waiting, &receipt).await? {
            self.told(&vec![Verdict::Created; self.waiting.len()]);
            return Ok(receipt);
        }
        self.store().await?;
        let receipt = self.receipt(&problems);
        receipts::keep(self.services, &receipt).await?;
        Ok(receipt)
    }

    fn receipt(&self, problems: impl Fn(&[Item]) -> String) -> Receipt {
        let verdicts = self.items.iter().map(|item| (item.id, item.verdict)).collect();
        receipts::of(self.services, self.client, verdicts, problems(&self.items))
    }
}

/// Takes a chunk from the front.
fn first<T>(waiting: &mut Vec<T>) -> Vec<T> {
    let rest = waiting.split_off(waiting.len().min(CHUNK));
    std::mem::replace(waiting, rest)
}
