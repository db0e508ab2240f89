//! The unfolded tail: what has been committed and is not in the tallies yet. Whatever is deleted from it enters the
//! log that [`super::feed`] reads, by a trigger in the same transaction.

use super::schema::ingest_batches;
use super::{Conn, corrupt};
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
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
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

/// Makes this transaction the only one that folds, across all instances; false if another one is.
pub async fn fold_lock(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::select(pg_try_advisory_xact_lock(FOLD_LOCK)).get_result(conn).await?)
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
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot unnest several arrays side by side")]
    let rows: Vec<TailRow> = diesel::sql_query(
        "SELECT t.id, t.survey, t.agency, t.answers, b.received_at
         FROM ingest_batches b,
              unnest(b.response_ids, b.survey_ids, b.agency_ids, b.answers) AS t (id, survey, agency, answers)",
    )
    .load(conn)
    .await?;
    rows.into_iter().map(Unfolded::try_from).collect()
}

/// Takes the oldest batches out of the tail, to be folded in this transaction: about so many responses, and at
/// least one batch.
pub async fn batches_take(conn: &mut Conn, responses: i32) -> Result<Vec<Unfolded>> {
    type Row = (DateTime<Utc>, Vec<Option<Uuid>>, Vec<Option<i32>>, Vec<Option<i32>>, Vec<Option<Vec<u8>>>);
    let oldest: Vec<(i64, i32)> = ingest_batches::table
        .select((ingest_batches::id, sql::<Integer>("cardinality(response_ids)")))
        .order(ingest_batches::id)
        .limit(MOST_BATCHES)
        .load(conn)
        .await?;
    let mut room = responses;
    let fits = |(_, count): &(i64, i32)| {
        let fits = room > 0;
        room = room.saturating_sub(*count);
        fits
    };
    let ids: Vec<i64> = oldest.into_iter().take_while(fits).map(|(id, _)| id).collect();
    let rows: Vec<Row> = diesel::delete(ingest_batches::table.filter(ingest_batches::id.eq_any(ids)))
        .returning((
            ingest_batches::received_at,
            ingest_batches::response_ids,
            ingest_batches::survey_ids,
            ingest_batches::agency_ids,
            ingest_batches::answers,
        ))
        .get_results(conn)
        .await?;
    let mut unfolded = Vec::new();
    for (received_at, ids, surveys, agencies, answers) in rows {
        for (((id, survey), agency), answers) in ids.into_iter().zip(surveys).zip(agencies).zip(answers) {
            let row = TailRow { id, survey, agency, answers, received_at };
            unfolded.push(Unfolded::try_from(row)?);
        }
    }
    Ok(unfolded)
}

/// The part of the tail that belongs to a survey at some agencies.
pub async fn tail_fetch(conn: &mut Conn, survey: SurveyId, agencies: &[i32]) -> Result<Vec<Unfolded>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the query builder cannot unnest several arrays side by side"
    )]
    let rows: Vec<TailRow> = diesel::sql_query(
        "SELECT t.id, t.survey, t.agency, t.answers, b.received_at
         FROM ingest_batches b,
              unnest(b.response_ids, b.survey_ids, b.agency_ids, b.answers) AS t (id, survey, agency, answers)
         WHERE t.survey = $1 AND t.agency = ANY ($2)",
    )
    .bind::<Integer, _>(survey.0)
    .bind::<Array<Integer>, _>(agencies)
    .load(conn)
    .await?;
    rows.into_iter().map(Unfolded::try_from).collect()
}

/// When the oldest batch of the tail was committed; `None` if everything is folded.
pub async fn tail_oldest(conn: &mut Conn) -> Result<Option<DateTime<Utc>>> {
    Ok(ingest_batches::table.select(diesel::dsl::min(ingest_batches::received_at)).first(conn).await?)
}

#[derive(QueryableByName)]
struct TailRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    survey: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    agency: Option<i32>,
    #[diesel(sql_type = Nullable<Binary>)]
    answers: Option<Vec<u8>>,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
}

impl TryFrom<TailRow> for Unfolded {
    type Error = crate::error::Error;

    fn try_from(row: TailRow) -> Result<Self> {
        let read = || {
            Some(Self {
                survey: SurveyId(row.survey?),
                agency: AgencyId(row.agency?),
                id: ResponseId::new(row.id?)?,
                answers: row.answers?,
                received_at: row.received_at,
            })
        };
        read().ok_or_else(|| corrupt("ingest_batches"))
    }
}
