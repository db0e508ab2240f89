//! How far imports of files have come.

use super::Conn;
use super::schema::imports;
use crate::domain::ids::ClientId;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// How far the import of a file has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = imports, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub struct ImportState {
    /// Bytes of the file.
    pub bytes_done: i64,
    /// Rows, without the head of a CSV file.
    pub rows_done: i64,
    /// Rows stored now.
    pub created: i64,
    /// Rows that were stored before.
    pub replayed: i64,
    /// Rows in the side file.
    pub rejected: i64,
    /// Length of the side file.
    pub rejects_bytes: i64,
    /// When it was done, if it is.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Begins the import of a file, or finds how far it has come before.
pub async fn import_begin(
    conn: &mut Conn,
    digest: &[u8],
    client: ClientId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<ImportState> {
    let nothing = (
        imports::bytes_done.eq(0),
        imports::rows_done.eq(0),
        imports::created.eq(0),
        imports::replayed.eq(0),
        imports::rejected.eq(0),
        imports::rejects_bytes.eq(0),
    );
    diesel::insert_into(imports::table)
        .values((
            imports::digest.eq(digest),
            imports::client_id.eq(client.0),
            imports::name.eq(name),
            imports::started_at.eq(now),
            nothing,
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(imports::table.find((digest, client.0)).select(ImportState::as_select()).first(conn).await?)
}

/// Notes how far the import of a file has come.
pub async fn import_update(
    conn: &mut Conn,
    digest: &[u8],
    client: ClientId,
    state: &ImportState,
) -> Result<()> {
    diesel::update(imports::table.find((digest, client.0))).set(state).execute(conn).await?;
    Ok(())
}
