//! The write path: responses go into a bounded queue, whoever finds nobody writing stores what is waiting in one
//! statement and one commit, and each sender is told its own outcome after that.
//!
//! Nobody waits for company: a lone response is committed at once, and while one commit is under way the next
//! batch gathers by itself. A full queue refuses (503) instead of growing; what is in the queue is stored also
//! if its sender has gone. The tallies follow behind, see [`super::folding`].
//!
//! The writer is a task on the thread of the request that found none, with a connection that lives on the same
//! thread: a lone response is stored without waking another thread. A writer on a thread of its own was tried
//! before and cost a lone response two wake-ups, some 50 microseconds of 450.

use super::clock::Clock;
use crate::domain::receipt::Receipt;
use crate::error::{Error, ErrorCode, Result};
use crate::store::responses::{Admitted, Outcome, responses_insert_once, responses_insert_with_receipt};
use crate::store::{Conn, Db, SILENCE};
use prometheus::Histogram;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, oneshot};

/// How the intake is dimensioned.
#[derive(Debug, Clone, Copy)]
pub struct IntakeSettings {
    /// HTTP workers.
    pub workers: usize,
    /// Batches under way at the same time.
    pub writers: usize,
    /// Bulk requests that store at the same time.
    pub bulk_writers: usize,
    /// Most responses of one commit.
    pub batch: usize,
    /// Most responses waiting.
    pub queue: usize,
}

/// Longest time a sender waits for its outcome; a little more than a statement may take. Behind many batches, or
/// at a database that says nothing, it is told to come back with the same id.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a sender waits for a place in a full queue before it is refused.
const HELD_BACK: Duration = Duration::from_millis(250);

/// A response and the one who waits for its outcome.
struct Waiting {
    admitted: Admitted,
    sender: oneshot::Sender<Result<Outcome>>,
}

/// Where a thread stores.
#[derive(Clone)]
struct Connections {
    /// Of its writers.
    writers: Db,
    /// Of bulk.
    bulk: Db,
}

/// The way in.
pub struct Intake(Arc<Shared>);

struct Shared {
    queue: Mutex<VecDeque<Waiting>>,
    /// One for each batch that may be under way.
    writers: Arc<Semaphore>,
    /// Connections by the thread they live on.
    connections: Mutex<HashMap<ThreadId, Connections>>,
    bulk: Semaphore,
    db: Db,
    /// The runtime that outlives the HTTP workers.
    home: tokio::runtime::Handle,
    clock: Clock,
    settings: IntakeSettings,
    batches: Histogram,
}

impl Intake {
    /// An intake at `db`; the writers, and bulk on few processors, open connections of their own there. `batches` counts
    /// the responses of each commit.
    pub fn new(db: Db, clock: Clock, settings: IntakeSettings, batches: Histogram) -> Self {
        Self(Arc::new(Shared {
            queue: Mutex::default(),
            writers: Arc::new(Semaphore::new(settings.writers)),
            connections: Mutex::default(),
            bulk: Semaphore::new(settings.bulk_writers),
            db,
            home: tokio::runtime::Handle::current(),
            clock,
            settings,
            batches,
        }))
    }

    /// Stores a response; it is durable when this returns.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the queue is full or the database away.
    pub async fn store(&self, admitted: Admitted) -> Result<Outcome> {
        let (sender, outcome) = oneshot::channel();
        self.enter(Waiting { admitted, sender }).await?;
        let unavailable = |why: String| Error::new(ErrorCode::Unavailable).because(why);
        let outcome = tokio::time::timeout(PATIENCE, outcome).await;
        // Without an answer if the writer's thread was stopped.
        outcome
            .map_err(|late| unavailable(late.to_string()))?
            .map_err(|gone| unavailable(gone.to_string()))?
    }

    /// Takes a place in the queue. Where there is none a sender is held back for a moment: there may be one then,
    /// and senders that come again at once must not take the time away from what is accepted.
    async fn enter(&self, waiting: Waiting) -> Result<()> {
        let left = self.0.push(waiting);
        self.lead();
        let Some(waiting) = left else { return Ok(()) };
        tokio::time::sleep(HELD_BACK).await;
        let left = self.0.push(waiting);
        self.lead();
        match left {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorCode::Unavailable).because("the queue is full")),
        }
    }

    /// Becomes a writer if there is none. A task of its own: it goes on if its sender leaves.
    fn lead(&self) {
        if let Ok(turn) = self.0.writers.clone().try_acquire_owned() {
            tokio::spawn(write(self.0.clone(), turn));
        }
    }

    /// Responses that wait for a commit.
    pub fn waiting(&self) -> usize {
        self.0.queue().len()
    }

    /// Stores what is left in the queue, of senders that have gone, before the program ends.
    pub async fn drain(&self) {
        while self.waiting() > 0 {
            let Ok(turn) = self.0.writers.clone().acquire_owned().await else { return };
            write(self.0.clone(), turn).await;
        }
    }

    /// Stores what came together; each is durable, or told why not, when this returns. Bulk does not go through
    /// the queue, where it would push single responses out, but takes its turn on connections of its own.
    pub async fn store_bulk(&self, batch: &[Admitted]) -> Vec<Result<Outcome>> {
        match self.bulk_turn().await {
            Ok((_turn, db)) => store(&db, batch, self.0.clock).await,
            Err(error) => unavailable(batch, &error.chain()),
        }
    }

    /// Stores what came together with the receipt that says all of it is new; `false`, and nothing stored, if it has to be
    /// stored by [`Self::store_bulk`], which tells what is not.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn store_with_receipt(&self, batch: &[Admitted], receipt: &Receipt) -> Result<bool> {
        if batch.is_empty() {
            return Ok(false);
        }
        let (_turn, db) = self.bulk_turn().await?;
        let now = self.0.clock.now();
        let work = async |conn: &mut Conn| responses_insert_with_receipt(conn, batch, now, receipt).await;
        match db.within(SILENCE, work).await {
            Err(error) if error.code != ErrorCode::Unavailable => {
                tracing::warn!(
                    "a batch of {} is not stored with its receipt: {}",
                    batch.len(),
                    error.chain()
                );
                Ok(false)
            }
            stored => stored,
        }
    }

    async fn bulk_turn(&self) -> Result<(SemaphorePermit<'_>, Db)> {
        let late = |late| Error::new(ErrorCode::Unavailable).because(late);
        let turn = tokio::time::timeout(PATIENCE, self.0.bulk.acquire()).await.map_err(late)?;
        Ok((turn.map_err(Error::internal)?, self.0.connections()?.bulk))
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back what finds no place.
    fn push(&self, waiting: Waiting) -> Option<Waiting> {
        let mut queue = self.queue();
        if queue.len() >= self.settings.queue {
            return Some(waiting);
        }
        queue.push_back(waiting);
        None
    }

    fn next_batch(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        let count = queue.len().min(self.settings.batch);
        queue.drain(..count).collect()
    }

    /// The connections that live on this thread. Those of bulk are all workers' where there are not enough for each to have
    /// its own: on few processors the way to another thread costs a fortieth of the rate, on many it is the connections.
    fn connections(&self) -> Result<Connections> {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = connections.get(&thread::current().id()) {
            return Ok(here.clone());
        }
        let writers = self.db.sibling(self.settings.writers)?;
        let bulk = match self.settings.bulk_writers / self.settings.workers.max(1) {
            0 => self.db.clone(),
            share => self.db.sibling(share)?,
        };
        let here = Connections { writers, bulk };
        connections.insert(thread::current().id(), here.clone());
        Ok(here)
    }
}

/// Hands the queue over if its writer comes to a sudden end: its thread is stopped, or it panics.
struct Handover(Arc<Shared>);

impl Drop for Handover {
    fn drop(&mut self) {
        if self.0.queue().is_empty() {
            return;
        }
        if let Ok(turn) = self.0.writers.clone().try_acquire_owned() {
            self.0.home.spawn(write_on(self.0.clone(), turn));
        }
    }
}

/// As [`write()`], in a box: the one may begin the other.
fn write_on(shared: Arc<Shared>, turn: OwnedSemaphorePermit) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(write(shared, turn))
}

/// Stores batch after batch until nothing waits. The turn is given back before the last look into the queue:
/// whoever enters after that look finds it free.
async fn write(shared: Arc<Shared>, turn: OwnedSemaphorePermit) {
    // Declared before the turn, so that it goes after it.
    let _handover = Handover(shared.clone());
    let mut turn = Some(turn);
    while turn.is_some() {
        loop {
            let batch = shared.next_batch();
            if batch.is_empty() {
                break;
            }
            shared.batches.observe(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
            write_batch(&shared, batch).await;
        }
        drop(turn.take());
        if !shared.queue().is_empty() {
            turn = shared.writers.clone().try_acquire_owned().ok();
        }
    }
}

async fn write_batch(shared: &Shared, batch: Vec<Waiting>) {
    let (admitted, senders): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|waiting| (waiting.admitted, waiting.sender)).unzip();
    let outcomes = match shared.connections() {
        Ok(here) => store(&here.writers, &admitted, shared.clock).await,
        Err(error) => unavailable(&admitted, &error.chain()),
    };
    for (sender, outcome) in senders.into_iter().zip(outcomes) {
        // The sender may have hung up; its response is stored all the same.
        let _ = sender.send(outcome);
    }
}

/// Stores a batch together. If that fails and the database is there, one response may be at fault and must not
/// take the others with it: each is then stored alone.
async fn store(db: &Db, batch: &[Admitted], clock: Clock) -> Vec<Result<Outcome>> {
    match together(db, batch, clock).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) if error.code == ErrorCode::Unavailable => unavailable(batch, &error.chain()),
        Err(error) => {
            tracing::warn!("a batch of {} is stored one by one: {}", batch.len(), error.chain());
            let mut outcomes = Vec::with_capacity(batch.len());
            for admitted in batch {
                let alone = together(db, std::slice::from_ref(admitted), clock).await;
                outcomes.push(alone.and_then(|outcomes| {
                    let first = outcomes.into_iter().next();
                    first.ok_or_else(|| Error::internal("a batch of one has one outcome"))
                }));
            }
            outcomes
        }
    }
}

/// Everybody is told to come back.
fn unavailable(batch: &[Admitted], why: &str) -> Vec<Result<Outcome>> {
    batch.iter().map(|_| Err(Error::new(ErrorCode::Unavailable).because(why))).collect()
}

async fn together(db: &Db, batch: &[Admitted], clock: Clock) -> Result<Vec<Outcome>> {
    db.within(SILENCE, async |conn| responses_insert_once(conn, batch, clock.now()).await).await
}
