//! Reading tallies for figures.

use super::packing::unpack_into;
use super::tail::{Tail, TailRow};
use super::{Reach, Tallied, facet_number, reach_of};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::facet::Facet;
use crate::domain::ids::AgencyId;
use crate::domain::period::{Grain, Unit};
use crate::domain::questionnaire::QuestionnaireVersion;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::error::Result;
use crate::store::ingest_batches::Unfolded;
use crate::store::{Conn, corrupt};
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::CompactString;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{
    Array, Binary, Bool, Date, Integer, Nullable, SmallInt, Text, Timestamptz, Untyped, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use std::collections::{HashMap, HashSet};
use std::future::ready;
use std::sync::Arc;
use uuid::Uuid;

/// Which rows are wanted: those of every unit and every agency, of the agencies themselves and of kept totals.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The survey.
    pub survey: &'a Survey,
    /// By which facet; `None`: everything.
    pub facet: Option<Facet>,
    /// Days, months and years.
    pub units: &'a [Unit],
    /// Agencies whose own rows are wanted; all in the scope.
    pub agencies: &'a [AgencyId],
    /// Roots whose kept totals are wanted.
    pub roots: &'a [i32],
    /// Of which responses.
    pub of: Of,
}

/// Of which responses rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those that count.
    Counted,
    /// Those that count and those that are flagged, in rows of their own.
    Both,
}

/// One row.
#[derive(Debug, Clone)]
pub struct TallyRow {
    /// The span of time.
    pub unit: Unit,
    /// The agency itself or a kept total.
    pub reach: Reach,
    /// Of responses that count or of flagged ones.
    pub tallied: Tallied,
    /// The agency, or the root of the total.
    pub agency: i32,
    /// Value of the facet; empty if not told, or without facet.
    pub value: CompactString,
    /// Its numbers.
    pub tally: Arc<Tally>,
}

/// What was found, all of one moment.
#[derive(Debug, Default)]
pub struct Fetched {
    /// The state that the tallies are in: as long as it is the same, so are all rows.
    pub state: Option<Uuid>,
    /// The rows.
    pub rows: Vec<TallyRow>,
    /// What is not folded yet, whenever it was answered, of all agencies in the scope.
    pub tail: Vec<TailRow>,
    /// Digests of the members of the roots that are kept.
    pub digests: HashMap<i32, Vec<u8>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SmallInt)]
    what: i16,
    #[diesel(sql_type = SmallInt)]
    grain: i16,
    #[diesel(sql_type = Nullable<Date>)]
    starts_on: Option<NaiveDate>,
    #[diesel(sql_type = Integer)]
    agency: i32,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
}

/// Fewest agencies that may be read by a walk along all between them.
const MANY: i64 = 200;

/// In [`Row::what`] beside the numbers of `tallies.reach`.
const DIGEST: i16 = -1;
const TAIL: i16 = -2;
const STATE: i16 = -3;
/// Rows of agencies themselves; [`Reach::Itself`] of those that count.
const OWN: i16 = 0;

/// What is not in the rows, for whoever holds those: the unfolded tail, the digests of kept totals and the state of the
/// tallies. `$1` to `$9` are the fields of [`Fetch`] in order.
const TAIL_AND_STATE: &str = "
    SELECT (-3)::smallint AS what, 0::smallint AS grain, NULL::date AS starts_on, 0 AS agency, '' AS value, ''::bytea AS bytes,
           NULL::timestamptz AS at, state AS id
    FROM tally_states
    UNION ALL
    SELECT (-1)::smallint, 0::smallint, NULL, root_id, '', digest, NULL, NULL FROM kept_totals WHERE root_id = ANY ($7)
    UNION ALL
    SELECT (-2)::smallint, 0::smallint, NULL, 0, '', packed, received_at, NULL
    FROM ingest_batches
    WHERE $1 = ANY (survey_ids)
      AND ($8 OR EXISTS (SELECT FROM unnest(agency_ids) AS agency WHERE agency = ANY ($9)))";

/// What follows [`TAIL_AND_STATE`] for the rows that are wanted, in one statement: one round trip, and all of it of one
/// moment. Each branch names its grain and reach, so that each is one short walk down the key.
macro_rules! rows_of {
    ($agencies:literal) => {
        concat!(
            "
    UNION ALL
    SELECT 0::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 1 AND reach = 0 AND starts_on = ANY ($3) AND ", $agencies, "
    UNION ALL
    SELECT 0::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 2 AND reach = 0 AND starts_on = ANY ($4) AND ", $agencies, "
    UNION ALL
    SELECT 0::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 3 AND reach = 0 AND starts_on = ANY ($5) AND ", $agencies, "
    UNION ALL
    SELECT 1::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 1 AND reach = 1 AND starts_on = ANY ($3) AND agency_id = ANY ($7)
    UNION ALL
    SELECT 1::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 2 AND reach = 1 AND starts_on = ANY ($4) AND agency_id = ANY ($7)
    UNION ALL
    SELECT 1::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 3 AND reach = 1 AND starts_on = ANY ($5) AND agency_id = ANY ($7)"
        )
    };
}

/// Rows of agencies, each found by itself.
const FETCH_ROWS: &str = rows_of!("agency_id = ANY ($6)");

/// The same rows and those of whoever is in between, where that are few: one walk along the key. Thousands of numbers are
/// not sent for it; to weigh those against the index takes the planner longer than the walk.
const FETCH_DENSE_ROWS: &str = rows_of!("agency_id BETWEEN $x AND $y");

/// What follows [`FETCH_ROWS`] where the flagged are wanted too; in the same statement, or a response that is flagged in
/// between would be on both sides or on neither.
const FETCH_FLAGGED: &str = "
    UNION ALL
    SELECT 2::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 1 AND reach = 2 AND starts_on = ANY ($3) AND agency_id = ANY ($6)
    UNION ALL
    SELECT 2::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 2 AND reach = 2 AND starts_on = ANY ($4) AND agency_id = ANY ($6)
    UNION ALL
    SELECT 2::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 3 AND reach = 2 AND starts_on = ANY ($5) AND agency_id = ANY ($6)
    UNION ALL
    SELECT 3::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 1 AND reach = 3 AND starts_on = ANY ($3) AND agency_id = ANY ($7)
    UNION ALL
    SELECT 3::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 2 AND reach = 3 AND starts_on = ANY ($4) AND agency_id = ANY ($7)
    UNION ALL
    SELECT 3::smallint, grain, starts_on, agency_id, value, numbers, last_received_at, NULL
    FROM tallies WHERE survey_id = $1 AND facet = $2 AND grain = 3 AND reach = 3 AND starts_on = ANY ($5) AND agency_id = ANY ($7)";

/// Rows, tail and state, with their parameters. A query of its own and not `sql_query`, which would be parsed and planned again each
/// time: that takes longer than running it.
#[derive(QueryId)]
struct Fetch {
    survey: i32,
    facet: i16,
    days: Vec<NaiveDate>,
    months: Vec<NaiveDate>,
    years: Vec<NaiveDate>,
    agencies: Vec<i32>,
    roots: Vec<i32>,
    everywhere: bool,
    tail_of: Vec<i32>,
    /// The first and the last of the agencies.
    between: (i32, i32),
}

/// The same with [`FETCH_FLAGGED`]; a type of its own, since diesel keeps one statement for a type.
#[derive(QueryId)]
struct FetchBoth(Fetch);

/// The same with [`FETCH_DENSE_ROWS`].
#[derive(QueryId)]
struct FetchDense(Fetch);

/// The same without the rows.
#[derive(QueryId)]
struct FetchTail(Fetch);

impl QueryFragment<Pg> for Fetch {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk(TAIL_AND_STATE, out.reborrow())?;
        self.walk(FETCH_ROWS, out)
    }
}

impl QueryFragment<Pg> for FetchBoth {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk(TAIL_AND_STATE, out.reborrow())?;
        self.0.walk(FETCH_ROWS, out.reborrow())?;
        self.0.walk(FETCH_FLAGGED, out)
    }
}

impl QueryFragment<Pg> for FetchDense {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk(TAIL_AND_STATE, out.reborrow())?;
        self.0.walk(FETCH_DENSE_ROWS, out)
    }
}

impl QueryFragment<Pg> for FetchTail {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk(TAIL_AND_STATE, out)
    }
}

impl Fetch {
    fn walk<'b>(&'b self, text: &'static str, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (place, piece) in text.split('$').enumerate() {
            let (number, text) = if place == 0 { ("", piece) } else { piece.split_at(1) };
            match number {
                "1" => out.push_bind_param::<Integer, _>(&self.survey)?,
                "2" => out.push_bind_param::<SmallInt, _>(&self.facet)?,
                "3" => out.push_bind_param::<Array<Date>, _>(&self.days)?,
                "4" => out.push_bind_param::<Array<Date>, _>(&self.months)?,
                "5" => out.push_bind_param::<Array<Date>, _>(&self.years)?,
                "6" => out.push_bind_param::<Array<Integer>, _>(&self.agencies)?,
                "7" => out.push_bind_param::<Array<Integer>, _>(&self.roots)?,
                "8" => out.push_bind_param::<Bool, _>(&self.everywhere)?,
                "9" => out.push_bind_param::<Array<Integer>, _>(&self.tail_of)?,
                "x" => out.push_bind_param::<Integer, _>(&self.between.0)?,
                "y" => out.push_bind_param::<Integer, _>(&self.between.1)?,
                _ => {}
            }
            out.push_sql(text);
        }
        Ok(())
    }
}

impl Query for Fetch {
    type SqlType = Untyped;
}

impl Query for FetchBoth {
    type SqlType = Untyped;
}

impl Query for FetchDense {
    type SqlType = Untyped;
}

impl Query for FetchTail {
    type SqlType = Untyped;
}

/// Fetches rows for figures. The scope says whose.
pub async fn tallies_fetch(conn: &mut Conn, scope: &AgencyScope, wanted: &Wanted<'_>) -> Result<Fetched> {
    let fetch = Fetch::new(scope, wanted);
    let rows = match wanted.of {
        Of::Counted if fetch.is_dense() => {
            let among: HashSet<i32> = fetch.agencies.iter().copied().collect();
            let rows = FetchDense(fetch).load_stream::<Row>(conn).await?;
            rows.try_filter(move |row| ready(row.what != OWN || among.contains(&row.agency))).boxed()
        }
        Of::Counted => fetch.load_stream::<Row>(conn).await?.boxed(),
        Of::Both => FetchBoth(fetch).load_stream::<Row>(conn).await?.boxed(),
    };
    Fetched::read(scope, wanted, rows).await
}

/// The same without the rows, for whoever holds those of some state.
pub async fn tallies_tail_fetch(
    conn: &mut Conn,
    scope: &AgencyScope,
    wanted: &Wanted<'_>,
) -> Result<Fetched> {
    let rows = FetchTail(Fetch::new(scope, wanted)).load_stream::<Row>(conn).await?;
    Fetched::read(scope, wanted, rows.boxed()).await
}

impl Fetch {
    fn new(scope: &AgencyScope, wanted: &Wanted<'_>) -> Self {
        let starts = |grain: Grain| -> Vec<NaiveDate> {
            wanted.units.iter().filter(|unit| unit.grain == grain).map(|unit| unit.starts_on).collect()
        };
        let everywhere = scope.is_whole_country();
        let agencies = || wanted.agencies.iter().filter(|id| scope.allows(**id)).map(|id| id.0);
        Self {
            survey: wanted.survey.id.0,
            facet: facet_number(wanted.facet),
            days: starts(Grain::Day),
            months: starts(Grain::Month),
            years: starts(Grain::Year),
            between: agencies().min().zip(agencies().max()).unwrap_or_default(),
            agencies: agencies().collect(),
            roots: wanted.roots.to_vec(),
            everywhere,
            tail_of: if everywhere { Vec::new() } else { scope.agencies().iter().map(|id| id.0).collect() },
        }
    }
}

impl Fetch {
    /// Whether the agencies are so many, and so close together, that a walk along all of them is shorter.
    fn is_dense(&self) -> bool {
        let apart = i64::from(self.between.1) - i64::from(self.between.0);
        let count = i64::try_from(self.agencies.len()).unwrap_or(i64::MAX);
        count >= MANY && apart < 2 * count
    }
}

impl Fetched {
    async fn read(
        scope: &AgencyScope,
        wanted: &Wanted<'_>,
        mut rows: BoxStream<'_, QueryResult<Row>>,
    ) -> Result<Self> {
        let (mut fetched, mut tail) = (Self::default(), Tail::new(wanted.survey));
        let value = |response: &Unfolded| {
            let value = || wanted.facet.map(|facet| response.value(facet)).unwrap_or_default();
            scope.allows(response.agency).then(value)
        };
        while let Some(row) = rows.try_next().await? {
            match row.what {
                STATE => fetched.state = row.id,
                DIGEST => {
                    fetched.digests.insert(row.agency, row.bytes);
                }
                TAIL => {
                    let at = row.at.ok_or_else(|| corrupt("ingest_batches.received_at"))?;
                    tail.add((row.bytes, at), value)?;
                }
                _ => fetched.rows.push(row.tally(&wanted.survey.questionnaire)?),
            }
        }
        fetched.tail = tail.rows();
        Ok(fetched)
    }
}

impl Row {
    fn tally(self, version: &QuestionnaireVersion) -> Result<TallyRow> {
        let mut tally = Tally { watermark: self.at, ..Tally::empty(version) };
        let unit = Grain::of(self.grain).zip(self.starts_on);
        let (grain, starts_on) = unit.ok_or_else(|| corrupt("tallies.grain"))?;
        unpack_into(&mut tally, &self.bytes).ok_or_else(|| corrupt("tallies.numbers"))?;
        let (reach, tallied) = reach_of(self.what);
        let (unit, value) = (Unit { grain, starts_on }, self.value.into());
        Ok(TallyRow { unit, reach, tallied, agency: self.agency, value, tally: Arc::new(tally) })
    }
}
