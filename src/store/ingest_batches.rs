//! The unfolded tail: what has been committed and is not in the tallies yet. Whatever is deleted from it enters the
//! log that [`super::feed`] reads, by a trigger in the same transaction.

use super::schema::ingest_batches;
use super::{Conn, corrupt};
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::error::Result;
use chrono::{DateTime, Utc};
use compact_str::{CompactString, ToCompactString};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

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
    pub answers: Vec<u8>,
    /// What was told beside the answers, in the order of [`Facet::ALL`].
    pub values: [Option<CompactString>; Facet::ALL.len()],
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

impl Unfolded {
    /// Its value of a facet; empty if not told.
    pub fn value(&self, facet: Facet) -> CompactString {
        let value = Facet::ALL.iter().zip(&self.values).find(|(of, _)| **of == facet);
        value.and_then(|(_, value)| value.clone()).unwrap_or_default()
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
    let rows: Vec<BatchRow> = ingest_batches::table.select(BatchRow::as_select()).load(conn).await?;
    unfolded(rows)
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

/// Takes the oldest batches out of the tail, to be folded in this transaction: about so many responses, and at
/// least one batch.
pub async fn batches_take(conn: &mut Conn, responses: i32) -> Result<Taken> {
    let oldest: Vec<(i64, i32)> = ingest_batches::table
        .select((ingest_batches::id, sql::<Integer>("cardinality(response_ids)")))
        .order(ingest_batches::id)
        .limit(MOST_BATCHES)
        .load(conn)
        .await?;
    let mut room = responses;
    let seen = oldest.len();
    let fits = |(_, count): &(i64, i32)| {
        let fits = room > 0;
        room = room.saturating_sub(*count);
        fits
    };
    let ids: Vec<i64> = oldest.into_iter().take_while(fits).map(|(id, _)| id).collect();
    let more = ids.len() < seen || i64::try_from(seen).is_ok_and(|seen| seen >= MOST_BATCHES);
    let batches = ids.len();
    let rows: Vec<BatchRow> = diesel::delete(ingest_batches::table.filter(ingest_batches::id.eq_any(ids)))
        .returning(BatchRow::as_select())
        .get_results(conn)
        .await?;
    Ok(Taken { responses: unfolded(rows)?, batches, more })
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = ingest_batches, check_for_backend(diesel::pg::Pg))]
struct BatchRow {
    received_at: DateTime<Utc>,
    response_ids: Vec<Option<Uuid>>,
    survey_ids: Vec<Option<i32>>,
    agency_ids: Vec<Option<i32>>,
    answers: Vec<Option<Vec<u8>>>,
    desk_ids: Vec<Option<i32>>,
    channels: Vec<Option<String>>,
    procedures: Vec<Option<String>>,
    genders: Vec<Option<String>>,
    age_bands: Vec<Option<String>>,
}

/// The responses of batches, one by one.
fn unfolded(batches: Vec<BatchRow>) -> Result<Vec<Unfolded>> {
    let mut unfolded = Vec::new();
    for batch in batches {
        let BatchRow { received_at, channels, procedures, genders, age_bands, .. } = batch;
        // Batches stored before facets were counted have none.
        let mut desks = batch.desk_ids.into_iter();
        let mut words = [channels, procedures, genders, age_bands].map(Vec::into_iter);
        let of =
            batch.response_ids.into_iter().zip(batch.survey_ids).zip(batch.agency_ids).zip(batch.answers);
        for (((id, survey), agency), answers) in of {
            let desk = desks.next().flatten().map(|desk| desk.to_compact_string());
            let [channel, procedure, gender, age_band] =
                words.each_mut().map(|words| words.next().flatten().map(CompactString::from));
            let read = || {
                Some(Unfolded {
                    survey: SurveyId(survey?),
                    agency: AgencyId(agency?),
                    id: ResponseId::new(id?)?,
                    answers: answers?,
                    values: [channel, desk, procedure, gender, age_band],
                    received_at,
                })
            };
            unfolded.push(read().ok_or_else(|| corrupt("ingest_batches"))?);
        }
    }
    Ok(unfolded)
}
