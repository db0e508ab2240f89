//! What this database is for, and whether it answers.

use super::Conn;
use super::schema::{catalogue_revision, installation};
use crate::error::Result;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Whether this database belongs to a demonstration.
pub async fn installation_is_demonstration(conn: &mut Conn) -> Result<bool> {
    Ok(installation::table.select(installation::demonstration).first(conn).await?)
}

/// Marks this database as a demonstration, for good.
pub async fn installation_mark_demonstration(conn: &mut Conn) -> Result<()> {
    diesel::update(installation::table).set(installation::demonstration.eq(true)).execute(conn).await?;
    Ok(())
}

/// The number that grows with every change of the catalogue; also the cheapest proof of life.
pub async fn catalogue_revision_fetch(conn: &mut Conn) -> Result<i64> {
    Ok(catalogue_revision::table.select(catalogue_revision::revision).first(conn).await?)
}

/// Lets no other transaction change the catalogue until this one ends.
pub async fn catalogue_lock(conn: &mut Conn) -> Result<()> {
    catalogue_revision::table.select(catalogue_revision::revision).for_update().first::<i64>(conn).await?;
    Ok(())
}

/// First day whose raw responses are kept, if any were ever dropped.
pub async fn kept_from_find(conn: &mut Conn) -> Result<Option<NaiveDate>> {
    Ok(installation::table.select(installation::kept_from).first(conn).await?)
}

/// Moves the first day whose raw responses are kept ahead; never back. Whether it moved.
pub async fn kept_from_raise(conn: &mut Conn, day: NaiveDate) -> Result<bool> {
    let behind = installation::kept_from.is_null().or(installation::kept_from.lt(day));
    let moved = diesel::update(installation::table.filter(behind))
        .set(installation::kept_from.eq(day))
        .execute(conn)
        .await?;
    Ok(moved > 0)
}
