//! Answers of any length: one JSON object a line (NDJSON), made while they are sent. A task makes the lines and
//! waits wherever the client does; at most two pieces are in memory. Knows nothing of what the lines say.

use crate::error::{Error, ErrorCode, Result};
use actix_web::web::Bytes;
use futures_util::stream::{Stream, unfold};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Media type.
pub const NDJSON: &str = "application/x-ndjson";

/// Longest time that a client may take nothing.
const STALL: Duration = Duration::from_secs(60);

/// Where the lines go.
pub struct Lines {
    send: Sender<Piece>,
    count: u64,
    digest: Sha256,
}

/// Some lines; the last ones are marked, so that an end without them is seen to be none.
struct Piece {
    bytes: Bytes,
    last: bool,
}

/// The body that `make` writes. If it fails, or the client stands still, the connection is broken off: an end in good
/// order would look whole. If the client hangs up, the making ends with the next piece.
pub fn lines(
    make: impl AsyncFnOnce(&mut Lines) -> Result<()> + 'static,
) -> impl Stream<Item = Result<Bytes>> {
    let (send, receive) = channel(1);
    actix_web::rt::spawn(async move {
        let mut lines = Lines { send, count: 0, digest: Sha256::new() };
        if let Err(error) = make(&mut lines).await {
            tracing::info!("an answer was broken off: {}", error.chain());
        }
    });
    unfold(Some(receive), next)
}

async fn next(receive: Option<Receiver<Piece>>) -> Option<(Result<Bytes>, Option<Receiver<Piece>>)> {
    let mut receive = receive?;
    match receive.recv().await {
        Some(Piece { bytes, last }) => Some((Ok(bytes), (!last).then_some(receive))),
        None => Some((Err(Error::new(ErrorCode::Unavailable).because("broken off")), None)),
    }
}

impl Lines {
    /// Sends a line for each item.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if nobody takes them any more.
    pub async fn items<T: Serialize>(&mut self, items: impl IntoIterator<Item = T>) -> Result<()> {
        let mut bytes = Vec::new();
        for item in items {
            line(&mut bytes, &item)?;
            self.count += 1;
        }
        self.digest.update(&bytes);
        self.send(bytes, false).await
    }

    /// Lines sent so far, and the digest of their bytes as `sha256:` and 64 hexadecimal digits.
    pub fn so_far(&self) -> (u64, String) {
        let digest = self.digest.clone().finalize();
        (self.count, digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}")))
    }

    /// Sends the last line.
    ///
    /// # Errors
    /// As [`Self::items`].
    pub async fn end(&mut self, end: &impl Serialize) -> Result<()> {
        let mut bytes = Vec::new();
        line(&mut bytes, end)?;
        self.send(bytes, true).await
    }

    async fn send(&mut self, bytes: Vec<u8>, last: bool) -> Result<()> {
        // An empty chunk would end the body.
        if bytes.is_empty() {
            return Ok(());
        }
        let piece = Piece { bytes: bytes.into(), last };
        let sent = tokio::time::timeout(STALL, self.send.send(piece)).await;
        let gone = |why: &str| Error::new(ErrorCode::Unavailable).because(why);
        sent.map_err(|_| gone("the client takes nothing"))?.map_err(|_| gone("the client hung up"))
    }
}

fn line(bytes: &mut Vec<u8>, item: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *bytes, item).map_err(Error::internal)?;
    bytes.push(b'\n');
    Ok(())
}
