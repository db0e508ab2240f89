//! Writing tallies: by the folder, and by who verifies and repairs. Whoever calls these holds the folder's lock, so
//! rows can be read, added to and written back.

use super::packing::{pack, unpack_into};
use super::{Reach, THEMSELVES, TOTALS, TallyKey, facet_number, reach_number, reach_of};
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::Grain;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::error::Result;
use crate::store::kept_totals::KeptTotals;
use crate::store::schema::tallies as t;
use crate::store::tally_shapes::shapes_changed;
use crate::store::{Conn, corrupt};
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::CompactString;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Date, Integer, Nullable, SmallInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The surveys, by number.
type Surveys = HashMap<SurveyId, Arc<Survey>>;

/// Rows written in one statement.
const ROWS: usize = 2000;

/// A grain and the days its spans may begin on.
#[derive(Debug, Clone, Copy)]
pub struct TallySpan {
    /// Days, months or years.
    pub grain: Grain,
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub to: NaiveDate,
}

/// Adds to the tallies, to be called in the transaction that takes the responses out of the tail.
pub async fn tallies_add(conn: &mut Conn, more: &BTreeMap<TallyKey, Tally>) -> Result<()> {
    let rows: Vec<(&TallyKey, &Tally)> = more.iter().collect();
    let mut shapes = BTreeSet::new();
    for rows in rows.chunks(ROWS) {
        let held = numbers_of(conn, rows).await?;
        let mut sums = Vec::with_capacity(rows.len());
        for ((key, tally), held) in rows.iter().zip(held) {
            let mut sum = (*tally).clone();
            let known = held.is_some();
            if let Some((numbers, at)) = held {
                unpack_into(&mut sum, &numbers).ok_or_else(|| corrupt("tallies.numbers"))?;
                sum.watermark = sum.watermark.max(Some(at));
            }
            if key.is_leaf() && (!known || has_first_answers(&sum, tally)) {
                shapes.insert(key.survey);
            }
            sums.push((*key, sum));
        }
        write(conn, &sums).await?;
    }
    shapes_changed(conn, &shapes).await
}

/// Takes away from the tallies what was added to them before, to be called in the transaction that gives the responses
/// another standing. Rows of which nothing is left are deleted. Every mask of small cells is out of date then: cells
/// that were large enough may be small now.
///
/// # Errors
/// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) if there is less than that: the tallies are wrong, and
/// nothing is changed.
pub async fn tallies_take(conn: &mut Conn, less: &BTreeMap<TallyKey, Tally>) -> Result<()> {
    let rows: Vec<(&TallyKey, &Tally)> = less.iter().collect();
    for rows in rows.chunks(ROWS) {
        let held = numbers_of(conn, rows).await?;
        let (mut sums, mut gone) = (Vec::with_capacity(rows.len()), Vec::new());
        for ((key, tally), held) in rows.iter().zip(held) {
            let (numbers, at) = held.ok_or_else(|| corrupt("tallies lack what is taken away"))?;
            let mut rest = Tally {
                counts: vec![Distribution::default(); tally.counts.len()],
                moments: vec![Moments::default(); tally.moments.len()],
                watermark: tally.watermark,
            };
            unpack_into(&mut rest, &numbers).ok_or_else(|| corrupt("tallies.numbers"))?;
            rest.watermark = rest.watermark.max(Some(at));
            rest.take(tally).ok_or_else(|| corrupt("tallies hold less than is taken away"))?;
            if rest.is_empty() {
                gone.push(*key);
            } else {
                sums.push((*key, rest));
            }
        }
        write(conn, &sums).await?;
        delete(conn, &gone).await?;
    }
    let shapes = less.keys().filter(|key| key.is_leaf()).map(|key| key.survey).collect();
    shapes_changed(conn, &shapes).await
}

/// Whether all there is of somebody or of a criterion is what was added just now.
fn has_first_answers(sum: &Tally, added: &Tally) -> bool {
    let first = |sum: u64, added: u64| added > 0 && sum == added;
    let mut criteria = sum.counts.iter().zip(&added.counts);
    first(sum.people(), added.people())
        || criteria.any(|(sum, added)| first(sum.answered(), added.answered()))
}

/// The keys of rows as columns, for `unnest`.
#[derive(Default)]
struct Keys {
    surveys: Vec<i32>,
    facets: Vec<i16>,
    grains: Vec<i16>,
    reaches: Vec<i16>,
    starts: Vec<NaiveDate>,
    agencies: Vec<i32>,
    values: Vec<String>,
}

impl Keys {
    fn of<'k>(keys: impl Iterator<Item = &'k TallyKey>) -> Self {
        let mut columns = Self::default();
        for key in keys {
            columns.surveys.push(key.survey.0);
            columns.facets.push(facet_number(key.facet));
            columns.grains.push(key.grain.number());
            columns.reaches.push(reach_number(key.reach, key.tallied));
            columns.starts.push(key.starts_on);
            columns.agencies.push(key.agency);
            columns.values.push(key.value.to_string());
        }
        columns
    }
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Nullable<Binary>)]
    numbers: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_received_at: Option<DateTime<Utc>>,
}

/// What is held for each key, in order. Looked up one by one: a join would be planned anew as the table grows.
async fn numbers_of(
    conn: &mut Conn,
    rows: &[(&TallyKey, &Tally)],
) -> Result<Vec<Option<(Vec<u8>, DateTime<Utc>)>>> {
    let keys = Keys::of(rows.iter().map(|(key, _)| *key));
    #[expect(
        clippy::disallowed_methods,
        reason = "the query builder cannot unnest several arrays side by side"
    )]
    let held: Vec<Held> = diesel::sql_query(
        "SELECT h.numbers, h.last_received_at
         FROM unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY
              AS k (survey, facet, grain, reach, starts_on, agency, value, place)
         LEFT JOIN LATERAL (
             SELECT t.numbers, t.last_received_at FROM tallies t
             WHERE t.survey_id = k.survey AND t.facet = k.facet AND t.grain = k.grain AND t.reach = k.reach
               AND t.starts_on = k.starts_on AND t.agency_id = k.agency AND t.value = k.value
             LIMIT 1
         ) h ON true
         ORDER BY k.place",
    )
    .bind::<Array<Integer>, _>(keys.surveys)
    .bind::<Array<SmallInt>, _>(keys.facets)
    .bind::<Array<SmallInt>, _>(keys.grains)
    .bind::<Array<SmallInt>, _>(keys.reaches)
    .bind::<Array<Date>, _>(keys.starts)
    .bind::<Array<Integer>, _>(keys.agencies)
    .bind::<Array<Text>, _>(keys.values)
    .load(conn)
    .await?;
    Ok(held.into_iter().map(|held| held.numbers.zip(held.last_received_at)).collect())
}

/// Writes rows as they are, in place of what is held.
async fn write<T: Borrow<Tally>>(conn: &mut Conn, rows: &[(&TallyKey, T)]) -> Result<()> {
    let keys = Keys::of(rows.iter().map(|(key, _)| *key));
    let people = |(_, tally): &(&TallyKey, T)| i64::try_from(tally.borrow().people()).unwrap_or(i64::MAX);
    #[expect(clippy::disallowed_methods, reason = "one array for each column instead of one parameter for each value")]
    diesel::sql_query(
        "INSERT INTO tallies (survey_id, facet, grain, reach, starts_on, agency_id, value, people, numbers,
                              last_received_at)
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (survey_id, facet, grain, reach, starts_on, agency_id, value) DO UPDATE
         SET people = excluded.people, numbers = excluded.numbers, last_received_at = excluded.last_received_at",
    )
    .bind::<Array<Integer>, _>(keys.surveys)
    .bind::<Array<SmallInt>, _>(keys.facets)
    .bind::<Array<SmallInt>, _>(keys.grains)
    .bind::<Array<SmallInt>, _>(keys.reaches)
    .bind::<Array<Date>, _>(keys.starts)
    .bind::<Array<Integer>, _>(keys.agencies)
    .bind::<Array<Text>, _>(keys.values)
    .bind::<Array<BigInt>, _>(rows.iter().map(people).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(rows.iter().map(|(_, tally)| pack(tally.borrow())).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(
        rows.iter().map(|(_, tally)| tally.borrow().watermark.unwrap_or_default()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes rows.
async fn delete(conn: &mut Conn, rows: &[&TallyKey]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys = Keys::of(rows.iter().copied());
    #[expect(
        clippy::disallowed_methods,
        reason = "the query builder cannot unnest several arrays side by side"
    )]
    diesel::sql_query(
        "DELETE FROM tallies t
         USING unnest($1, $2, $3, $4, $5, $6, $7) AS k (survey, facet, grain, reach, starts_on, agency, value)
         WHERE t.survey_id = k.survey AND t.facet = k.facet AND t.grain = k.grain AND t.reach = k.reach
           AND t.starts_on = k.starts_on AND t.agency_id = k.agency AND t.value = k.value",
    )
    .bind::<Array<Integer>, _>(keys.surveys)
    .bind::<Array<SmallInt>, _>(keys.facets)
    .bind::<Array<SmallInt>, _>(keys.grains)
    .bind::<Array<SmallInt>, _>(keys.reaches)
    .bind::<Array<Date>, _>(keys.starts)
    .bind::<Array<Integer>, _>(keys.agencies)
    .bind::<Array<Text>, _>(keys.values)
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts rows in the place of all rows of some spans.
pub async fn tallies_replace(
    conn: &mut Conn,
    spans: &[TallySpan],
    rows: &BTreeMap<TallyKey, Tally>,
) -> Result<()> {
    for span in spans {
        let of_span =
            t::grain.eq(span.grain.number()).and(t::starts_on.ge(span.from)).and(t::starts_on.lt(span.to));
        diesel::delete(t::table.filter(of_span)).execute(conn).await?;
    }
    let surveys = rows.keys().map(|key| key.survey).collect();
    write_all(conn, rows).await?;
    shapes_changed(conn, &surveys).await
}

type Row = (i32, i16, i16, i16, NaiveDate, i32, String, Vec<u8>, DateTime<Utc>);

fn read(surveys: &Surveys, row: Row) -> Result<(TallyKey, Tally)> {
    let (survey, facet, grain, reach, starts_on, agency, value, numbers, at) = row;
    let survey = SurveyId(survey);
    let version = &surveys.get(&survey).ok_or_else(|| corrupt("tallies.survey_id"))?.questionnaire;
    let mut tally = Tally { watermark: Some(at), ..Tally::empty(version) };
    unpack_into(&mut tally, &numbers).ok_or_else(|| corrupt("tallies.numbers"))?;
    let (reach, tallied) = reach_of(reach);
    let key = TallyKey {
        survey,
        facet: Facet::ALL.into_iter().find(|known| known.number() == facet),
        grain: Grain::of(grain).ok_or_else(|| corrupt("tallies.grain"))?,
        reach,
        tallied,
        starts_on,
        agency,
        value: CompactString::from(value),
    };
    Ok((key, tally))
}

const COLUMNS: (
    t::survey_id,
    t::facet,
    t::grain,
    t::reach,
    t::starts_on,
    t::agency_id,
    t::value,
    t::numbers,
    t::last_received_at,
) = (
    t::survey_id,
    t::facet,
    t::grain,
    t::reach,
    t::starts_on,
    t::agency_id,
    t::value,
    t::numbers,
    t::last_received_at,
);

/// Every row of a span.
pub async fn tallies_of_span(
    conn: &mut Conn,
    surveys: &Surveys,
    span: TallySpan,
) -> Result<BTreeMap<TallyKey, Tally>> {
    let of_span =
        t::grain.eq(span.grain.number()).and(t::starts_on.ge(span.from)).and(t::starts_on.lt(span.to));
    let mut rows = t::table.select(COLUMNS).filter(of_span).load_stream::<Row>(conn).await?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let (key, tally) = read(surveys, row)?;
        found.insert(key, tally);
    }
    Ok(found)
}

/// What the rows of years have to be: the sums of the months `from..to`.
pub async fn tallies_of_months(
    conn: &mut Conn,
    surveys: &Surveys,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<BTreeMap<TallyKey, Tally>> {
    let months = t::grain.eq(Grain::Month.number()).and(t::starts_on.ge(from)).and(t::starts_on.lt(to));
    let mut rows = t::table
        .select(COLUMNS)
        .filter(months.and(t::facet.eq(facet_number(None))))
        .load_stream::<Row>(conn)
        .await?;
    let mut sums: BTreeMap<TallyKey, Tally> = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let (key, tally) = read(surveys, row)?;
        let key = TallyKey { grain: Grain::Year, starts_on: Grain::Year.start(key.starts_on), ..key };
        sums.entry(key).and_modify(|sum| sum.add(&tally)).or_insert(tally);
    }
    Ok(sums)
}

/// First days of the months that tallies are held for.
pub async fn tallies_months(conn: &mut Conn) -> Result<Vec<NaiveDate>> {
    let months = t::table.filter(t::grain.eq(Grain::Month.number()).and(t::facet.eq(facet_number(None))));
    Ok(months.select(t::starts_on).distinct().order(t::starts_on).load(conn).await?)
}

/// Makes the rows of some roots anew from those of their members. One span of time after the other, so that the
/// agencies' rows are read once for all roots and few sums are in memory.
pub async fn kept_rows_make(conn: &mut Conn, surveys: &Surveys, totals: &KeptTotals) -> Result<()> {
    for root in totals.members().keys() {
        kept_rows_remove(conn, *root).await?;
    }
    let itself = t::reach.eq_any(THEMSELVES);
    let spans = t::table.select((t::survey_id, t::facet, t::grain, t::starts_on)).filter(itself).distinct();
    let mut sums: BTreeMap<TallyKey, Tally> = BTreeMap::new();
    for (survey, facet, grain, starts_on) in spans.load::<(i32, i16, i16, NaiveDate)>(conn).await? {
        let of_kind = t::survey_id.eq(survey).and(t::facet.eq(facet)).and(t::grain.eq(grain));
        let of_span = of_kind.and(t::reach.eq_any(THEMSELVES)).and(t::starts_on.eq(starts_on));
        let mut rows = t::table.select(COLUMNS).filter(of_span).load_stream::<Row>(conn).await?;
        while let Some(row) = rows.try_next().await? {
            let (key, tally) = read(surveys, row)?;
            for root in totals.roots_of(AgencyId(key.agency)) {
                let key = TallyKey { reach: Reach::Kept, agency: *root, ..key.clone() };
                sums.entry(key).and_modify(|sum| sum.add(&tally)).or_insert_with(|| tally.clone());
            }
        }
        drop(rows);
        if sums.len() >= ROWS {
            write_all(conn, &std::mem::take(&mut sums)).await?;
        }
    }
    write_all(conn, &sums).await
}

async fn write_all(conn: &mut Conn, rows: &BTreeMap<TallyKey, Tally>) -> Result<()> {
    let rows: Vec<(&TallyKey, &Tally)> = rows.iter().collect();
    for rows in rows.chunks(ROWS) {
        write(conn, rows).await?;
    }
    Ok(())
}

/// Removes the rows of a root.
pub async fn kept_rows_remove(conn: &mut Conn, root: i32) -> Result<()> {
    let of_root = t::reach.eq_any(TOTALS).and(t::agency_id.eq(root));
    diesel::delete(t::table.filter(of_root)).execute(conn).await?;
    Ok(())
}
