//! Which responses do not count, and single responses as their tallies need them.

use super::Conn;
use super::schema::{ingest_batches, response_flags, response_voids, responses};
use crate::domain::ids::ResponseId;
use crate::domain::period::start_of;
use crate::domain::standing::{FlagState, Standing, VoidState};
use crate::error::Result;
use crate::store::ingest_batches::Unfolded;
use crate::store::responses::{UNFOLDED, UnfoldedRow, unfolded_of};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The standing of those responses that do not count; every other one is counted.
pub type Standings = BTreeMap<Uuid, Standing>;

/// The standings of all responses answered on the days `from..to`.
pub async fn standings_of_days(conn: &mut Conn, (from, to): (NaiveDate, NaiveDate)) -> Result<Standings> {
    let first = ResponseId::floor(start_of(from).to_utc());
    let end = ResponseId::floor(start_of(to).to_utc());
    let flagged = response_flags::table
        .filter(response_flags::state.ne(FlagState::Lifted.as_str()))
        .filter(response_flags::response_id.ge(first).and(response_flags::response_id.lt(end)))
        .select(response_flags::response_id)
        .distinct();
    let void = response_voids::table
        .filter(response_voids::state.eq(VoidState::Confirmed.as_str()))
        .filter(response_voids::response_id.ge(first).and(response_voids::response_id.lt(end)))
        .select(response_voids::response_id);
    Ok(standings(flagged.load(conn).await?, void.load(conn).await?))
}

/// The standings of these responses.
pub async fn standings_of(conn: &mut Conn, ids: &[Uuid]) -> Result<Standings> {
    if ids.is_empty() {
        return Ok(Standings::new());
    }
    let flagged = response_flags::table
        .filter(response_flags::state.ne(FlagState::Lifted.as_str()))
        .filter(response_flags::response_id.eq_any(ids))
        .select(response_flags::response_id)
        .distinct();
    let void = response_voids::table
        .filter(response_voids::state.eq(VoidState::Confirmed.as_str()))
        .filter(response_voids::response_id.eq_any(ids))
        .select(response_voids::response_id);
    Ok(standings(flagged.load(conn).await?, void.load(conn).await?))
}

fn standings(flagged: Vec<Uuid>, void: Vec<Uuid>) -> Standings {
    let void: BTreeSet<Uuid> = void.into_iter().collect();
    let mut standings: Standings = flagged.into_iter().map(|id| (id, Standing::Flagged)).collect();
    standings.extend(void.into_iter().map(|id| (id, Standing::Void)));
    standings
}

/// These responses as their tallies need them, as far as they are stored.
pub async fn responses_unfolded(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<Unfolded>> {
    let (Some(first), Some(last)) = (ids.iter().min().copied(), ids.iter().max().copied()) else {
        return Ok(Vec::new());
    };
    let rows: Vec<UnfoldedRow> = responses::table
        .filter(responses::id.eq_any(ids))
        // Says nothing new, but tells a kept plan which months to leave alone.
        .filter(responses::id.between(first, last))
        .select(UNFOLDED)
        .load(conn)
        .await?;
    rows.into_iter().map(unfolded_of).collect()
}

/// Whether a response waits in the tail.
pub async fn tail_holds(conn: &mut Conn, id: ResponseId) -> Result<bool> {
    let held = ingest_batches::table.filter(ingest_batches::response_ids.contains(vec![id.uuid()]));
    Ok(diesel::select(diesel::dsl::exists(held)).get_result(conn).await?)
}
