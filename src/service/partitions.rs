//! Months of responses: made ahead of time, since there is no catch-all that a gap could fall into, and dropped
//! as a whole where the operator keeps them for a time only. Tallies stay.

use super::audit::record;
use crate::domain::audit::{Action, By, Entry};
use crate::error::{Error, ErrorCode, Result};
use crate::store::installation::kept_from_raise;
use crate::store::partitions::{partitions_drop, partitions_ensure};
use crate::store::{AsyncConnection, Conn, Db, SILENCE};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use std::time::Duration;

/// Months made ahead.
const MONTHS_AHEAD: u32 = 3;

/// Times the making of months is tried again.
const TRIES: u32 = 10;

/// Time between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Makes the partitions that responses of the next months and of the past `max_offline_days` go to.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn make(db: &Db, today: NaiveDate, max_offline_days: i64) -> Result<()> {
    let days = u64::try_from(max_offline_days).unwrap_or(0);
    let oldest = today.checked_sub_days(Days::new(days + 1)).unwrap_or(today);
    let newest = today.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(today);
    let months = (0..).map_while(|month| oldest.checked_add_months(Months::new(month)));
    let mut days: Vec<NaiveDate> = months.take_while(|day| *day < newest).collect();
    days.push(newest);
    ensure(db, &days).await
}

/// Tries for some time: the table may be in use.
async fn ensure(db: &Db, days: &[NaiveDate]) -> Result<()> {
    let mut tries = 0;
    loop {
        let make =
            async |conn: &mut Conn| conn.transaction(async |conn| partitions_ensure(conn, days).await).await;
        match db.within(SILENCE, make).await {
            Err(error) if error.code == ErrorCode::Unavailable && tries < TRIES => tries += 1,
            result => return result,
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

/// Decides that raw responses from before the last `months` whole months are not kept: from now on they are
/// refused. [`drop_old`] drops them, some seconds later, when every instance knows.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn retire(db: &Db, today: NaiveDate, now: DateTime<Utc>, months: u32) -> Result<()> {
    let month = today.with_day(1).unwrap_or(today);
    let Some(kept_from) = month.checked_sub_months(Months::new(months)) else { return Ok(()) };
    let work = async |conn: &mut Conn| {
        let raised = kept_from_raise(conn, kept_from).await?;
        if raised {
            let details = vec![("kept_from", kept_from.to_string())];
            record(conn, By::Service, &entry(Action::ResponsesRetired, details), now).await?;
        }
        Ok::<_, Error>(raised)
    };
    if db.within(SILENCE, async |conn| conn.transaction(work).await).await? {
        tracing::info!(%kept_from, "raw responses from before are not kept any more");
    }
    Ok(())
}

/// Drops the months that [`retire`] decided on; gives how many.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away, or the table in use
/// for long.
pub async fn drop_old(db: &Db, now: DateTime<Utc>) -> Result<i32> {
    let work = async |conn: &mut Conn| {
        let dropped = partitions_drop(conn).await?;
        if dropped > 0 {
            let details = vec![("months", dropped.to_string())];
            record(conn, By::Service, &entry(Action::ResponseMonthsDropped, details), now).await?;
        }
        Ok::<_, Error>(dropped)
    };
    let dropped = db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    if dropped > 0 {
        tracing::info!(months = dropped, "months of raw responses dropped; their tallies stay");
    }
    Ok(dropped)
}

fn entry(action: Action, details: Vec<(&'static str, String)>) -> Entry {
    Entry { action, agency: None, object: "responses".into(), details }
}

/// Makes the months that these days belong to.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn make_past(db: &Db, days: &[NaiveDate]) -> Result<()> {
    ensure(db, days).await
}
