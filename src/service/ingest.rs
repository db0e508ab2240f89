//! The write path: responses go into a bounded queue, a writer stores what is waiting in one statement and
//! one commit, and each sender is told its own outcome after that.
//!
//! Nobody waits for company: a lone response is committed at once, and while one commit is under way the next
//! batch gathers by itself. A full queue refuses (503) instead of growing; what is in the queue is stored also
//! if its sender has gone. The tallies follow behind, see [`super::folding`].

use super::clock::Clock;
use crate::error::{Error, ErrorCode, Result};
use crate::store::responses::{Admitted, Outcome, responses_insert_once};
use crate::store::{Db, SILENCE};
use prometheus::Histogram;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

/// How the intake is dimensioned.
#[derive(Debug, Clone, Copy)]
pub struct IntakeSettings {
    /// Writers, each with a connection of its own.
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

/// A response and the one who waits for its outcome.
struct Waiting {
    admitted: Admitted,
    sender: oneshot::Sender<Result<Outcome>>,
}

/// The way in.
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
    bulk: Semaphore,
    db: Db,
    clock: Clock,
}

impl Intake {
    /// Starts the writers. They end when the intake is dropped and the queue is empty. `open` makes them
    /// connections of their own; `db` is for bulk. `batches` counts the responses of each commit.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if the system gives no thread, or as `open`.
    pub fn start(
        db: &Db,
        open: impl FnOnce(usize) -> Result<Db> + Send + 'static,
        clock: Clock,
        settings: IntakeSettings,
        batches: Histogram,
    ) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(settings.queue);
        // One thread for the writers and their connections: a lone response is stored without waking any other
        // thread than this one, which halves its latency (measured).
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let writers = async move {
            let db = open(settings.writers)?;
            let waiting = Arc::new(Mutex::new(waiting));
            let write = |_| write(db.clone(), clock, waiting.clone(), settings.batch, batches.clone());
            futures_util::future::join_all((0..settings.writers).map(write)).await;
            Ok::<_, Error>(())
        };
        let run = move || {
            if let Err(error) = runtime.block_on(writers) {
                tracing::error!("the intake has no connections: {}", error.chain());
            }
        };
        std::thread::Builder::new().name("sipas-intake".into()).spawn(run).map_err(Error::internal)?;
        Ok(Self { queue, bulk: Semaphore::new(settings.bulk_writers), db: db.clone(), clock })
    }

    /// Stores a response; it is durable when this returns.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the queue is full or the database away.
    pub async fn store(&self, admitted: Admitted) -> Result<Outcome> {
        let (sender, outcome) = oneshot::channel();
        self.queue
            .try_send(Waiting { admitted, sender })
            .map_err(|error| Error::new(ErrorCode::Unavailable).because(error.to_string()))?;
        let outcome = tokio::time::timeout(PATIENCE, outcome).await;
        outcome.map_err(|late| Error::new(ErrorCode::Unavailable).because(late))?.map_err(Error::internal)?
    }

    /// Responses that wait for a commit.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Stores what came together; each is durable, or told why not, when this returns. Bulk does not go through
    /// the queue, where it would push single responses out, but takes its turn on connections of its own.
    pub async fn store_bulk(&self, batch: &[Admitted]) -> Vec<Result<Outcome>> {
        match tokio::time::timeout(PATIENCE, self.bulk.acquire()).await {
            Ok(_turn) => store(&self.db, batch, self.clock).await,
            Err(late) => unavailable(batch, &late.to_string()),
        }
    }
}

async fn write(
    db: Db,
    clock: Clock,
    waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>,
    most: usize,
    batches: Histogram,
) {
    let mut batch = Vec::with_capacity(most);
    loop {
        // The lock is held while waiting: of several idle writers one listens, the others queue behind it.
        let count = waiting.lock().await.recv_many(&mut batch, most).await;
        if count == 0 {
            return;
        }
        batches.observe(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        let (admitted, senders): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|waiting| (waiting.admitted, waiting.sender)).unzip();
        for (sender, outcome) in senders.into_iter().zip(store(&db, &admitted, clock).await) {
            // The sender may have hung up; its response is stored all the same.
            let _ = sender.send(outcome);
        }
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
