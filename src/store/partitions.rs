//! Months of the responses: made, held, dropped.

use super::Conn;
use crate::error::Result;
use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::Date;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

diesel::define_sql_function! {
    /// Makes the partition of the month that holds the day; see the migration.
    fn ensure_response_partition(day: Date) -> Bool;
}

diesel::define_sql_function! {
    /// Drops the partitions of months that are not kept; see the migration.
    fn drop_response_partitions() -> Integer;
}

/// Makes the partitions of the months that hold these days, to be called in a transaction. Gives up at once if
/// somebody reads the table for long: the intake would have to wait behind it.
pub async fn partitions_ensure(conn: &mut Conn, days: &[NaiveDate]) -> Result<()> {
    conn.batch_execute("SET LOCAL lock_timeout = '2s'").await?;
    for day in days {
        diesel::select(ensure_response_partition(*day)).get_result::<bool>(conn).await?;
    }
    Ok(())
}

/// Lets nobody drop or make months until the transaction ends; its first statement, so that no snapshot is older.
pub async fn partitions_hold(conn: &mut Conn) -> Result<()> {
    Ok(conn.batch_execute("LOCK TABLE responses IN ACCESS SHARE MODE").await?)
}

/// First days of the months that responses are held for.
pub async fn partitions_months(conn: &mut Conn) -> Result<Vec<NaiveDate>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Date)]
        month: NaiveDate,
    }
    #[expect(clippy::disallowed_methods, reason = "the system's own tables have no schema here")]
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT to_date(substr(c.relname, 11), 'YYYY_MM') AS month
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'responses'::regclass AND c.relname ~ '^responses_[0-9]{4}_[0-9]{2}$'",
    )
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.month).collect())
}

/// Drops the months of responses before `installation.kept_from`; gives how many. Gives up at once if somebody
/// uses the table for long, rather than make the intake wait behind it.
pub async fn partitions_drop(conn: &mut Conn) -> Result<i32> {
    conn.batch_execute("SET LOCAL lock_timeout = '2s'").await?;
    Ok(diesel::select(drop_response_partitions()).get_result(conn).await?)
}
