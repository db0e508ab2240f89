//! Public halves of the keys that sign visit tokens.

use super::Conn;
use super::schema::visit_keys;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Enters a key; gives its number.
pub async fn visit_key_insert(conn: &mut Conn, public: &[u8], at: DateTime<Utc>) -> Result<i32> {
    let row = (visit_keys::public_key.eq(public), visit_keys::created_at.eq(at));
    Ok(diesel::insert_into(visit_keys::table).values(row).returning(visit_keys::id).get_result(conn).await?)
}

/// The keys that are trusted, by number.
pub async fn visit_keys_trusted(conn: &mut Conn) -> Result<Vec<(i32, Vec<u8>)>> {
    let trusted = visit_keys::table.filter(visit_keys::withdrawn_at.is_null());
    Ok(trusted.select((visit_keys::id, visit_keys::public_key)).load(conn).await?)
}

/// Forgets the keys made before an instant; gives how many.
pub async fn visit_keys_delete_before(conn: &mut Conn, limit: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::delete(visit_keys::table.filter(visit_keys::created_at.lt(limit))).execute(conn).await?)
}
