//! Public halves of signing keys, and when each was good. Private halves are nowhere in the database.

use super::Conn;
use super::schema::signing_keys;
use crate::domain::signing_key::SigningKey;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Enters a key that is about to sign.
pub async fn signing_key_insert(conn: &mut Conn, key: &SigningKey) -> Result<()> {
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(&key.kid),
            signing_keys::public_key.eq(&key.public_key),
            signing_keys::created_at.eq(key.created_at),
            signing_keys::signs_until.eq(key.signs_until),
            signing_keys::token_seconds.eq(key.token_seconds),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

type Row = (String, Vec<u8>, DateTime<Utc>, DateTime<Utc>, i32, Option<DateTime<Utc>>);

fn key((kid, public_key, created_at, signs_until, token_seconds, withdrawn_at): Row) -> SigningKey {
    SigningKey { kid, public_key, created_at, signs_until, token_seconds, withdrawn_at }
}

/// The keys that signed at `since` or later, the newest first.
pub async fn signing_keys_list(conn: &mut Conn, since: DateTime<Utc>) -> Result<Vec<SigningKey>> {
    let rows: Vec<Row> = signing_keys::table
        .filter(signing_keys::signs_until.ge(since))
        .order((signing_keys::created_at.desc(), signing_keys::kid))
        .select(signing_keys::all_columns)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(key).collect())
}

/// The key of this name.
pub async fn signing_key_find(conn: &mut Conn, kid: &str) -> Result<Option<SigningKey>> {
    let row: Option<Row> = signing_keys::table.find(kid).first(conn).await.optional()?;
    Ok(row.map(key))
}

/// Lets every key that still signs stop; what it signed stays good. Gives their names.
pub async fn signing_keys_stop(conn: &mut Conn, at: DateTime<Utc>) -> Result<Vec<String>> {
    let signing = signing_keys::signs_until.gt(at).and(signing_keys::withdrawn_at.is_null());
    let stopped = diesel::update(signing_keys::table.filter(signing))
        .set(signing_keys::signs_until.eq(at))
        .returning(signing_keys::kid)
        .load(conn)
        .await?;
    Ok(stopped)
}

/// Withdraws a key for good.
pub async fn signing_key_withdraw(conn: &mut Conn, kid: &str, at: DateTime<Utc>) -> Result<()> {
    diesel::update(signing_keys::table.find(kid))
        .set(signing_keys::withdrawn_at.eq(at))
        .execute(conn)
        .await?;
    Ok(())
}
