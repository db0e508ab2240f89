//! The unfolded tail: what has been committed and is not in the tallies yet. Whatever is deleted from it enters the
//! log that [`super::feed`] reads, by a trigger in the same transaction.

mod packing;

pub use packing::pack;

use super::schema::ingest_batches;
use super::{Conn, corrupt};
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::period::day_of;
use crate::error::Result;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::CompactString;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::sync::Arc;

/// Any number will do, as long as no other program on the database takes it: "FOLD" in ASCII.
const FOLD_LOCK: i64 = 0x46_4f_4c_44;

/// Most batches taken out of the tail at once.
const MOST_BATCHES: i64 = 500;

diesel::define_sql_function! {
    /// Takes a lock that ends with the transaction; false if another session holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

/// What a tally needs of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfolded {
    /// The survey.
    pub survey: SurveyId,
    /// The rated agency.
    pub agency: AgencyId,
    /// The id, which tells the day.
    pub id: ResponseId,
    /// The answers' ordinals.
    pub answers: Bytes,
    /// What was told beside the answers, in the order of [`Facet::ALL`]; shared by those of a batch that tell the same.
    pub values: Arc<[Option<CompactString>; Facet::ALL.len()]>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

impl Unfolded {
    /// Its value of a facet; empty if not told.
    pub fn value(&self, facet: Facet) -> CompactString {
        let value = Facet::ALL.iter().zip(&*self.values).find(|(of, _)| **of == facet);
        value.and_then(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The day of answering.
    pub fn day(&self) -> NaiveDate {
        day_of(self.id.answered_at())
    }

    /// Whether it is counted wherever the other is.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.survey, self.agency) == (other.survey, other.agency)
            && self.values == other.values
            && self.day() == other.day()
    }
}

/// Makes this transaction the only one that folds, across all instances; false if another one is.
pub async fn fold_lock(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::select(pg_try_advisory_xact_lock(FOLD_LOCK)).get_result(conn).await?)
}

/// As [`fold_lock`], but waits for whoever folds; a fold takes a moment, the making of totals may take longer than a
/// statement has.
pub async fn fold_lock_wait(conn: &mut Conn) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot select nothing")]
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(FOLD_LOCK).execute(conn).await?;
    Ok(())
}

/// Keeps every instance from folding until [`fold_resume`], also between transactions; waits for a fold that is
/// under way.
pub async fn fold_suspend(conn: &mut Conn) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot select nothing")]
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(FOLD_LOCK).execute(conn).await?;
    Ok(())
}

/// Ends [`fold_suspend`]; closing the connection does too.
pub async fn fold_resume(conn: &mut Conn) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot select nothing")]
    diesel::sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(FOLD_LOCK).execute(conn).await?;
    Ok(())
}

/// Everything that is not folded yet.
pub async fn tail_all(conn: &mut Conn) -> Result<Vec<Unfolded>> {
    let batches: Vec<Batch> = ingest_batches::table.select(BATCH).load(conn).await?;
    unfolded_of(batches)
}

/// What was taken out of the tail.
#[derive(Debug)]
pub struct Taken {
    /// The responses.
    pub responses: Vec<Unfolded>,
    /// How many batches.
    pub batches: usize,
    /// Whether batches that were there are left.
    pub more: bool,
}

/// Takes the oldest batches out of the tail, to be folded in this transaction: about so many bytes of them, some 75 a
/// response, and at least one batch.
pub async fn batches_take(conn: &mut Conn, bytes: i32) -> Result<Taken> {
    let oldest: Vec<(i64, i32)> = ingest_batches::table
        // Known without reading what is so long.
        .select((ingest_batches::id, sql::<Integer>("octet_length(packed)")))
        .order(ingest_batches::id)
        .limit(MOST_BATCHES)
        .load(conn)
        .await?;
    let mut room = bytes;
    let seen = oldest.len();
    let fits = |(_, length): &(i64, i32)| {
        let fits = room > 0;
        room = room.saturating_sub(*length);
        fits
    };
    let ids: Vec<i64> = oldest.into_iter().take_while(fits).map(|(id, _)| id).collect();
    let more = ids.len() < seen || i64::try_from(seen).is_ok_and(|seen| seen >= MOST_BATCHES);
    let gone = diesel::delete(ingest_batches::table.filter(ingest_batches::id.eq_any(&ids)));
    let batches: Vec<Batch> = gone.returning(BATCH).get_results(conn).await?;
    Ok(Taken { responses: unfolded_of(batches)?, batches: ids.len(), more })
}

/// Gives the room of what was taken out back to the tail; outside of transactions. Every figure goes through the pages of
/// the tail, and autovacuum looks in once a minute: by then a busy hour's single responses are a hundred thousand rows
/// that are gone. Takes about a millisecond; the file keeps its size, since cutting it takes ten times as long.
pub async fn tail_sweep(conn: &mut Conn) -> Result<()> {
    Ok(conn.batch_execute("VACUUM (SKIP_LOCKED, TRUNCATE off) ingest_batches").await?)
}

/// Empties the tail, to be called in a transaction that counts it otherwise.
pub async fn tail_clear(conn: &mut Conn) -> Result<()> {
    diesel::delete(ingest_batches::table).execute(conn).await?;
    Ok(())
}

/// When the oldest batch of the tail was committed; `None` if everything is folded.
pub async fn tail_oldest(conn: &mut Conn) -> Result<Option<DateTime<Utc>>> {
    Ok(ingest_batches::table.select(diesel::dsl::min(ingest_batches::received_at)).first(conn).await?)
}

/// A batch as it waits.
type Batch = (Vec<u8>, DateTime<Utc>);

const BATCH: (ingest_batches::packed, ingest_batches::received_at) =
    (ingest_batches::packed, ingest_batches::received_at);

/// The responses of a batch, one by one.
pub fn unfolded(packed: Vec<u8>, received_at: DateTime<Utc>) -> impl Iterator<Item = Result<Unfolded>> {
    packing::unpack(packed.into(), received_at).map(|one| one.ok_or_else(|| corrupt("ingest_batches.packed")))
}

fn unfolded_of(batches: Vec<Batch>) -> Result<Vec<Unfolded>> {
    batches.into_iter().flat_map(|(packed, at)| unfolded(packed, at)).collect()
}
