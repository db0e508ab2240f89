//! When clients were last used: remembered in memory, written down now and then for all of them at once.

use super::Services;
use crate::domain::ids::ClientId;
use crate::error::Result;
use crate::store::SILENCE;
use crate::store::credentials::uses_note;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Uses that are not written down yet: the last second of each client.
#[derive(Debug, Default)]
pub struct Uses(Mutex<HashMap<ClientId, i64>>);

impl Uses {
    /// Notes a use at a second.
    pub fn note(&self, client: ClientId, second: i64) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = held.entry(client).or_insert(second);
        *last = second.max(*last);
    }

    /// Takes all of them.
    pub fn take(&self) -> HashMap<ClientId, DateTime<Utc>> {
        let held = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        held.into_iter().filter_map(|(id, second)| Some((id, DateTime::from_timestamp(second, 0)?))).collect()
    }
}

/// Writes down when clients were last used. What cannot be written waits for the next time.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn write_down(services: &Services) -> Result<()> {
    let uses = services.tokens.take_uses();
    if uses.is_empty() {
        return Ok(());
    }
    let written = services.db.within(SILENCE, async |conn| uses_note(conn, &uses).await).await;
    if written.is_err() {
        services.tokens.return_uses(uses);
    }
    written
}
