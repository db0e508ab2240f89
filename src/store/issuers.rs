//! Clients that another issuer vouches for: rows of `clients` without a secret, with the issuer's name for them.

use super::Conn;
use super::schema::{clients, foreign_subjects};
use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Enters a subject of another issuer as a client; false if somebody else just did. `secret_hash` has to be one that
/// no secret opens.
pub async fn subject_enrol(
    conn: &mut Conn,
    client: &Client,
    (issuer, subject): (&str, &str),
    secret_hash: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = (
        clients::id.eq(client.id.0),
        clients::kind.eq(client.kind.as_str()),
        clients::name.eq(&client.name),
        clients::agency_id.eq(client.agency.map(|id| id.0)),
        clients::secret_hash.eq(secret_hash),
        clients::created_at.eq(now),
    );
    let named = (
        foreign_subjects::client_id.eq(client.id.0),
        foreign_subjects::issuer.eq(issuer),
        foreign_subjects::subject.eq(subject),
    );
    let client = diesel::insert_into(clients::table).values(row).on_conflict_do_nothing();
    if client.execute(conn).await? == 0 {
        return Ok(false);
    }
    diesel::insert_into(foreign_subjects::table).values(named).execute(conn).await?;
    Ok(true)
}

/// Whether another issuer vouches for this client.
pub async fn subject_exists(conn: &mut Conn, id: ClientId) -> Result<bool> {
    let found = foreign_subjects::table.find(id.0).select(foreign_subjects::client_id);
    Ok(found.first::<uuid::Uuid>(conn).await.optional()?.is_some())
}

/// Keeps what the issuer says of its subject now, so that the list of clients shows it where it belongs.
pub async fn subject_update(conn: &mut Conn, client: &Client) -> Result<()> {
    diesel::update(clients::table.find(client.id.0))
        .set((clients::kind.eq(client.kind.as_str()), clients::agency_id.eq(client.agency.map(|id| id.0))))
        .execute(conn)
        .await?;
    Ok(())
}
