//! What a client proves itself by, and when it last did. Only hashes of secrets are kept.

use super::Conn;
use super::clients::Row;
use super::schema::{client_uses, clients};
use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::define_sql_function;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Hashes of the secrets of a client: one, or two while one replaces the other.
#[derive(Debug)]
pub struct Hashes {
    /// Of the present secret.
    pub present: String,
    /// The beginning of the present secret; `None` for a client's first one.
    pub hint: Option<String>,
    /// Of the secret before it, and until when that goes on.
    pub previous: Option<(String, DateTime<Utc>)>,
}

/// A client and the hashes of its secrets, if it exists.
pub async fn hashes_find(conn: &mut Conn, id: ClientId) -> Result<Option<(Client, Hashes)>> {
    type Secrets = (String, Option<String>, Option<String>, Option<DateTime<Utc>>);
    let row: Option<(Row, Secrets)> = clients::table
        .find(id.0)
        .select((
            Row::as_select(),
            (
                clients::secret_hash,
                clients::secret_hint,
                clients::previous_secret_hash,
                clients::previous_secret_until,
            ),
        ))
        .first(conn)
        .await
        .optional()?;
    let Some((row, (present, hint, previous, until))) = row else { return Ok(None) };
    Ok(Some((row.client()?, Hashes { present, hint, previous: previous.zip(until) })))
}

/// Gives a client another secret; the present one goes on until `previous_until`, or ends at once. Whatever was before
/// the present one ends.
pub async fn secret_replace(
    conn: &mut Conn,
    id: ClientId,
    (hash, hint): (&str, Option<&str>),
    previous_until: Option<DateTime<Utc>>,
) -> Result<()> {
    let client = diesel::update(clients::table.find(id.0));
    let fresh = (clients::secret_hash.eq(hash), clients::secret_hint.eq(hint));
    match previous_until {
        // On the right-hand side a column still has its old value.
        Some(until) => {
            let previous = (
                clients::previous_secret_hash.eq(clients::secret_hash.nullable()),
                clients::previous_secret_until.eq(until),
            );
            client.set((fresh, previous)).execute(conn).await?
        }
        None => {
            let none = (
                clients::previous_secret_hash.eq(None::<String>),
                clients::previous_secret_until.eq(None::<DateTime<Utc>>),
            );
            client.set((fresh, none)).execute(conn).await?
        }
    };
    Ok(())
}

define_sql_function! {
    /// The later of two instants.
    fn greatest(one: Timestamptz, other: Timestamptz) -> Timestamptz;
}

/// Most uses of one statement: two parameters each, and PostgreSQL takes 65,535.
const USES_AT_ONCE: usize = 10_000;

/// Notes when clients were last used; an older time than is noted changes nothing. What is no client is passed over.
pub async fn uses_note(conn: &mut Conn, uses: &HashMap<ClientId, DateTime<Utc>>) -> Result<()> {
    let ids: Vec<Uuid> = uses.keys().map(|id| id.0).collect();
    let known: Vec<Uuid> =
        clients::table.filter(clients::id.eq_any(ids)).select(clients::id).load(conn).await?;
    let known: HashSet<Uuid> = known.into_iter().collect();
    let mut rows: Vec<(Uuid, DateTime<Utc>)> =
        uses.iter().map(|(id, at)| (id.0, *at)).filter(|(id, _)| known.contains(id)).collect();
    // In one order on every instance: two that took the same rows in different orders would wait for each other.
    rows.sort_unstable();
    for rows in rows.chunks(USES_AT_ONCE) {
        let values: Vec<_> = rows
            .iter()
            .map(|(id, at)| (client_uses::client_id.eq(*id), client_uses::last_used_at.eq(*at)))
            .collect();
        diesel::insert_into(client_uses::table)
            .values(values)
            .on_conflict(client_uses::client_id)
            .do_update()
            .set(
                client_uses::last_used_at
                    .eq(greatest(client_uses::last_used_at, excluded(client_uses::last_used_at))),
            )
            .execute(conn)
            .await?;
    }
    Ok(())
}
