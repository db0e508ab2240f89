//! Where anybody answered at all: what a mask of small cells is made from, and how to tell that it is out of date.

use super::Conn;
use super::schema::tally_shapes;
use super::tallies::{Tail, TailRow, tallies_of_leaves};
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::Grain;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::CompactString;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What one agency itself was told in one month.
#[derive(Debug)]
pub struct Leaf {
    /// The agency.
    pub agency: AgencyId,
    /// First day of the month.
    pub month: NaiveDate,
    /// Its numbers.
    pub tally: Arc<Tally>,
}

/// The shape of a survey's tallies at one moment.
#[derive(Debug)]
pub struct Shape {
    /// Grows with every first answer that is folded.
    pub revision: i64,
    /// Grows with everything that is taken in, anywhere; may run ahead of what can be seen yet.
    pub taken_in: i64,
    /// What is not folded yet.
    pub tail: Vec<Leaf>,
}

/// Notes that these surveys got first answers somewhere.
pub async fn shapes_changed(conn: &mut Conn, surveys: &BTreeSet<SurveyId>) -> Result<()> {
    use tally_shapes as s;
    let rows: Vec<_> = surveys.iter().map(|survey| (s::survey_id.eq(survey.0), s::revision.eq(1))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    diesel::insert_into(s::table)
        .values(rows)
        .on_conflict(s::survey_id)
        .do_update()
        .set(s::revision.eq(s::revision + 1))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    revision: i64,
    #[diesel(sql_type = BigInt)]
    taken_in: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    packed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    received_at: Option<DateTime<Utc>>,
}

/// The shape as it is now, in one statement.
pub async fn shape_fetch(conn: &mut Conn, survey: &Survey) -> Result<Shape> {
    #[expect(clippy::disallowed_methods, reason = "the query builder cannot put two tables below each other as one")]
    let mut rows = diesel::sql_query(
        "SELECT coalesce((SELECT revision FROM tally_shapes WHERE survey_id = $1), 0) AS revision,
                (SELECT last_value FROM ingest_batches_id_seq) AS taken_in, NULL::bytea AS packed, NULL::timestamptz AS received_at
         UNION ALL
         SELECT 0, 0, packed, received_at FROM ingest_batches WHERE $1 = ANY (survey_ids)",
    )
    .bind::<Integer, _>(survey.id.0)
    .load_stream::<Row>(conn)
    .await?;
    let (mut shape, mut tail) = (Shape { revision: 0, taken_in: 0, tail: Vec::new() }, Tail::new(survey));
    while let Some(row) = rows.try_next().await? {
        match row.packed.zip(row.received_at) {
            Some((packed, at)) => tail.add((packed, at), |_| Some(CompactString::default()))?,
            None => (shape.revision, shape.taken_in) = (row.revision, row.taken_in),
        }
    }
    let leaf = |TailRow { day, agency, tally, .. }| Leaf { agency, month: Grain::Month.start(day), tally };
    shape.tail = tail.rows().into_iter().map(leaf).collect();
    Ok(shape)
}

/// Every leaf of some years, the tail included, and the shape they belong to.
pub async fn leaves_fetch(
    conn: &mut Conn,
    survey: &Survey,
    years: (NaiveDate, NaiveDate),
) -> Result<(Shape, Vec<Leaf>)> {
    let mut read = conn.build_transaction().read_only().repeatable_read();
    read.run(async |conn| {
        let mut shape = shape_fetch(conn, survey).await?;
        let mut leaves = tallies_of_leaves(conn, survey, years).await?;
        let tail = std::mem::take(&mut shape.tail).into_iter();
        leaves.extend(tail.filter(|leaf| years.0 <= leaf.month && leaf.month < years.1));
        Ok((shape, leaves))
    })
    .await
}
