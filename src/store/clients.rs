//! Clients and the hashes of their secrets.

use super::schema::clients;
use super::{Conn, corrupt};
use crate::domain::client::{Client, ClientKind};
use crate::domain::device::Posting;
use crate::domain::ids::{AgencyId, ClientId, ServicePointId};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Enters a client with the hash of its secret.
pub async fn client_insert(
    conn: &mut Conn,
    client: &Client,
    secret_hash: &str,
    created_at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(client.id.0),
            clients::kind.eq(client.kind.as_str()),
            clients::name.eq(&client.name),
            clients::agency_id.eq(client.agency.map(|id| id.0)),
            clients::service_point_id.eq(client.service_point.map(|id| id.0)),
            clients::secret_hash.eq(secret_hash),
            clients::created_at.eq(created_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Every client, the oldest first: their ids sort by the time they were made.
pub async fn clients_all(conn: &mut Conn) -> Result<Vec<Client>> {
    let ids: Vec<uuid::Uuid> = clients::table.select(clients::id).order(clients::id).load(conn).await?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(client_find(conn, ClientId(id)).await?.map(|(client, _)| client));
    }
    Ok(all)
}

/// A client and the hash of its secret, if it exists; without what narrows a device, see `store::devices`.
pub async fn client_find(conn: &mut Conn, id: ClientId) -> Result<Option<(Client, String)>> {
    type Row = (String, String, Option<i32>, Option<i32>, Option<DateTime<Utc>>, String);
    let row: Option<Row> = clients::table
        .find(id.0)
        .select((
            clients::kind,
            clients::name,
            clients::agency_id,
            clients::service_point_id,
            clients::revoked_at,
            clients::secret_hash,
        ))
        .first(conn)
        .await
        .optional()?;
    let Some((kind, name, agency, service_point, revoked_at, hash)) = row else { return Ok(None) };
    let client = Client {
        id,
        kind: ClientKind::parse(&kind).map_err(|_| corrupt("clients.kind"))?,
        name,
        agency: agency.map(AgencyId),
        service_point: service_point.map(ServicePointId),
        revoked_at,
        posting: Posting::default(),
    };
    Ok(Some((client, hash)))
}

/// Ends a client for good; false if there is none of this id. Ending it again changes nothing.
pub async fn client_revoke(conn: &mut Conn, id: ClientId, at: DateTime<Utc>) -> Result<bool> {
    let known = clients::table.find(id.0).select(clients::id).first::<uuid::Uuid>(conn).await.optional()?;
    diesel::update(clients::table.find(id.0).filter(clients::revoked_at.is_null()))
        .set(clients::revoked_at.eq(at))
        .execute(conn)
        .await?;
    Ok(known.is_some())
}
