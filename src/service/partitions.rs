//! Partitions of the responses are made ahead of time: there is no catch-all that a gap could fall into.

use crate::error::Result;
use crate::store::Db;
use crate::store::responses::partitions_ensure;
use chrono::{Days, Months, NaiveDate};

/// Months made ahead.
const MONTHS_AHEAD: u32 = 3;

/// Makes the partitions that responses of the next months and of the past `max_offline_days` go to.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn make(db: &Db, today: NaiveDate, max_offline_days: i64) -> Result<()> {
    let days = u64::try_from(max_offline_days).unwrap_or(0);
    let oldest = today.checked_sub_days(Days::new(days + 1)).unwrap_or(today);
    let newest = today.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(today);
    let months = (0..).map_while(|month| oldest.checked_add_months(Months::new(month)));
    let mut days: Vec<NaiveDate> = months.take_while(|day| *day < newest).collect();
    days.push(newest);
    partitions_ensure(&mut *db.conn().await?, &days).await
}
