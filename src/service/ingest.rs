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
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};

/// How the intake is dimensioned.
#[derive(Debug, Clone, Copy)]
pub struct IntakeSettings {
    /// Writers, each with a connection of its own.
    pub writers: usize,
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
}

impl Intake {
    /// Starts the writers on the current runtime. They end when the intake is dropped and the queue is empty.
    pub fn start(db: &Db, clock: Clock, settings: IntakeSettings) -> Self {
        let (queue, waiting) = mpsc::channel(settings.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..settings.writers {
            tokio::spawn(write(db.clone(), clock, waiting.clone(), settings.batch));
        }
        Self { queue }
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
}

async fn write(db: Db, clock: Clock, waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>, most: usize) {
    let mut batch = Vec::with_capacity(most);
    loop {
        // The lock is held while waiting: of several idle writers one listens, the others queue behind it.
        if waiting.lock().await.recv_many(&mut batch, most).await == 0 {
            return;
        }
        let (admitted, senders): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|waiting| (waiting.admitted, waiting.sender)).unzip();
        match store_batch(&db, &admitted, clock).await {
            Ok(outcomes) => {
                for (sender, outcome) in senders.into_iter().zip(outcomes) {
                    // The sender may have hung up; its response is stored all the same.
                    let _ = sender.send(Ok(outcome));
                }
            }
            Err(error) => apart(&db, clock, &admitted, senders, &error).await,
        }
    }
}

/// A batch failed. If the database is away, everybody is told so; otherwise one response may be at fault, and
/// must not take the others with it.
async fn apart(
    db: &Db,
    clock: Clock,
    batch: &[Admitted],
    senders: Vec<oneshot::Sender<Result<Outcome>>>,
    error: &Error,
) {
    for (admitted, sender) in batch.iter().zip(senders) {
        let result = if error.code == ErrorCode::Unavailable {
            Err(Error::new(ErrorCode::Unavailable).because(error.chain()))
        } else {
            let alone = store_batch(db, std::slice::from_ref(admitted), clock).await;
            alone.and_then(|outcomes| {
                outcomes.into_iter().next().ok_or_else(|| Error::internal("a batch of one has one outcome"))
            })
        };
        let _ = sender.send(result);
    }
}

async fn store_batch(db: &Db, batch: &[Admitted], clock: Clock) -> Result<Vec<Outcome>> {
    db.within(SILENCE, async |conn| responses_insert_once(conn, batch, clock.now()).await).await
}
