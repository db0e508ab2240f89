//! The seam of the write path: responses go in here, outcomes come out after the commit.
//!
//! Today one response is one transaction with its tallies. A group-commit writer takes this place by calling
//! [`store_batch`] with what is waiting; nothing above or below has to change.

use super::Services;
use crate::error::{Error, Result};
use crate::store::responses::{Admitted, Outcome, partitions_ensure, responses_insert_once};
use crate::store::tallies::{TallyDelta, tallies_add};
use crate::store::{AsyncConnection, Db};
use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use std::sync::Arc;

/// Months of partitions made ahead.
const MONTHS_AHEAD: u32 = 3;

/// Stores one response; it is durable when this returns. Runs to its end also if the caller goes away: a
/// client that hangs up must not leave a transaction half done.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn store(services: &Arc<Services>, admitted: Admitted) -> Result<Outcome> {
    let (db, now) = (services.db.clone(), services.clock.now());
    let outcomes = services.db.detached(async move { store_batch(&db, &[admitted], now).await }).await?;
    outcomes.into_iter().next().ok_or_else(|| Error::internal("a batch of one has one outcome"))
}

/// Stores a batch with its tallies in one transaction; outcomes in order.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn store_batch(db: &Db, batch: &[Admitted], now: DateTime<Utc>) -> Result<Vec<Outcome>> {
    let mut conn = db.conn().await?;
    conn.transaction(async |conn| {
        let outcomes = responses_insert_once(conn, batch, now).await?;
        let mut delta = TallyDelta::default();
        for (admitted, _) in batch.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Created)
        {
            delta.count(admitted.response());
        }
        if outcomes.contains(&Outcome::Created) {
            tallies_add(conn, &delta, now).await?;
        }
        Ok(outcomes)
    })
    .await
}

/// Makes the partitions that responses of the next months and of the past `max_offline_days` go to.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn make_partitions(db: &Db, today: NaiveDate, max_offline_days: i64) -> Result<()> {
    let days = u64::try_from(max_offline_days).unwrap_or(0);
    let oldest = today.checked_sub_days(Days::new(days + 1)).unwrap_or(today);
    let newest = today.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(today);
    let months = (0..).map_while(|month| oldest.checked_add_months(Months::new(month)));
    let mut days: Vec<NaiveDate> = months.take_while(|day| *day < newest).collect();
    days.push(newest);
    partitions_ensure(&mut *db.conn().await?, &days).await
}
