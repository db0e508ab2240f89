//! How many responses were received from each device today, and when the last: counted in memory as they are
//! acknowledged and added to the database about once a second, one statement for all devices.
//!
//! So the intake pays a lock and an addition for a response and the fleet view reads one row a device; nothing ever
//! goes through the responses. The price: a killed instance forgets what it counted in its last second. It is a sign of
//! life, no figure; figures are counted from what is stored.

use super::Services;
use crate::auth::policy;
use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::domain::period::day_of;
use crate::error::Result;
use crate::store::SILENCE;
use crate::store::device_signs::{Received, received_add};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What was received and not yet written down.
#[derive(Debug, Default)]
pub struct Activity(Mutex<HashMap<ClientId, Received>>);

impl Activity {
    /// Counts responses that were stored now.
    pub fn note(&self, client: &Client, responses: usize, now: DateTime<Utc>) {
        let responses = i64::try_from(responses).unwrap_or(i64::MAX);
        if responses == 0 || !policy::may_number(client) {
            return;
        }
        let (device, day) = (client.id, day_of(now));
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = counted.entry(device).or_insert(Received { device, day, count: 0, last: now });
        if one.day != day {
            // What came in the last second of the day before is nobody's today.
            (one.day, one.count) = (day, 0);
        }
        (one.count, one.last) = (one.count + responses, now);
    }

    fn take(&self) -> Vec<Received> {
        let counted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut counted: Vec<Received> = counted.into_values().collect();
        counted.sort_unstable_by_key(|one| one.device.0);
        counted
    }
}

/// Writes down what was counted. What cannot be written is lost.
///
/// # Errors
/// [`crate::error::ErrorCode::Unavailable`] if the database is away.
pub async fn flush(services: &Services) -> Result<()> {
    let counted = services.activity.take();
    if counted.is_empty() {
        return Ok(());
    }
    services.db.within(SILENCE, async |conn| received_add(conn, &counted).await).await
}
