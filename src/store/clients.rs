//! Clients: what they are and what narrows them. Their secrets and uses are in [`super::credentials`].

use super::paging::Page;
use super::schema::{client_uses, clients};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::client::{Client, ClientKind, ClientRecord, Terms, parse_network};
use crate::domain::device::Posting;
use crate::domain::ids::{AgencyId, ClientId, ServicePointId};
use crate::domain::permission::Permission;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// What is read of a client; never its secrets.
#[derive(Queryable, Selectable)]
#[diesel(table_name = clients, check_for_backend(diesel::pg::Pg))]
pub(super) struct Row {
    id: Uuid,
    kind: String,
    name: String,
    agency_id: Option<i32>,
    service_point_id: Option<i32>,
    revoked_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    permissions: Option<Vec<Option<String>>>,
    networks: Vec<Option<String>>,
}

impl Row {
    pub(super) fn client(self) -> Result<Client> {
        // A word that only a newer program knows permits nothing; a network that cannot be read must not be left out,
        // since without any the client could come from anywhere.
        let words = |words: Vec<Option<String>>| {
            words.into_iter().flatten().filter_map(|word| Permission::parse(&word).ok()).collect()
        };
        let network = |text: Option<String>| {
            parse_network(&text.unwrap_or_default()).map_err(|_| corrupt("clients.networks"))
        };
        Ok(Client {
            id: ClientId(self.id),
            kind: ClientKind::parse(&self.kind).map_err(|_| corrupt("clients.kind"))?,
            name: self.name,
            agency: self.agency_id.map(AgencyId),
            service_point: self.service_point_id.map(ServicePointId),
            revoked_at: self.revoked_at,
            terms: Terms {
                expires_at: self.expires_at,
                permissions: self.permissions.map(words),
                networks: self.networks.into_iter().map(network).collect::<Result<_>>()?,
            },
            // Read apart, for devices only: `store::devices`.
            posting: Posting::default(),
        })
    }
}

fn words(terms: &Terms) -> Option<Vec<&'static str>> {
    terms.permissions.as_ref().map(|set| set.iter().map(|permission| permission.as_str()).collect())
}

fn networks(terms: &Terms) -> Vec<String> {
    terms.networks.iter().map(ToString::to_string).collect()
}

/// Enters a client with the hash of its secret; false if the id is in use.
pub async fn client_insert(
    conn: &mut Conn,
    client: &Client,
    secret_hash: &str,
    created_at: DateTime<Utc>,
) -> Result<bool> {
    let entered = diesel::insert_into(clients::table)
        .values((
            clients::id.eq(client.id.0),
            clients::kind.eq(client.kind.as_str()),
            clients::name.eq(&client.name),
            clients::agency_id.eq(client.agency.map(|id| id.0)),
            clients::service_point_id.eq(client.service_point.map(|id| id.0)),
            clients::secret_hash.eq(secret_hash),
            clients::created_at.eq(created_at),
            clients::expires_at.eq(client.terms.expires_at),
            clients::permissions.eq(words(&client.terms)),
            clients::networks.eq(networks(&client.terms)),
        ))
        .on_conflict(clients::id)
        .do_nothing()
        .execute(conn)
        .await?;
    Ok(entered > 0)
}

/// Every client, the oldest first: their ids sort by the time they were made.
pub async fn clients_all(conn: &mut Conn) -> Result<Vec<Client>> {
    let rows: Vec<Row> = clients::table.select(Row::as_select()).order(clients::id).load(conn).await?;
    rows.into_iter().map(Row::client).collect()
}

/// A client and the hash of its secret, if it exists.
pub async fn client_find(conn: &mut Conn, id: ClientId) -> Result<Option<(Client, String)>> {
    let row: Option<(Row, String)> = clients::table
        .find(id.0)
        .select((Row::as_select(), clients::secret_hash))
        .first(conn)
        .await
        .optional()?;
    row.map(|(row, hash)| Ok((row.client()?, hash))).transpose()
}

/// A client with its record, if it exists.
pub async fn client_record_find(conn: &mut Conn, id: ClientId) -> Result<Option<ClientRecord>> {
    let row: Option<RecordRow> = clients::table
        .left_join(client_uses::table)
        .filter(clients::id.eq(id.0))
        .select((
            Row::as_select(),
            clients::created_at,
            clients::previous_secret_until,
            client_uses::last_used_at.nullable(),
        ))
        .first(conn)
        .await
        .optional()?;
    row.map(record).transpose()
}

type RecordRow = (Row, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn record((row, created_at, previous_secret_until, last_used_at): RecordRow) -> Result<ClientRecord> {
    Ok(ClientRecord { client: row.client()?, created_at, previous_secret_until, last_used_at })
}

/// What a list of clients is narrowed to.
#[derive(Debug, Clone, Copy)]
pub struct ClientFilter {
    /// Clients of this kind only.
    pub kind: Option<ClientKind>,
    /// Only those that were ended, or only the others.
    pub revoked: Option<bool>,
}

/// One page of the scope's clients by id; those of the whole country in the scope of the whole country only.
pub async fn clients_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    filter: ClientFilter,
    page: &Page,
) -> Result<Vec<ClientRecord>> {
    let mut query = clients::table
        .left_join(client_uses::table)
        .select((
            Row::as_select(),
            clients::created_at,
            clients::previous_secret_until,
            client_uses::last_used_at.nullable(),
        ))
        .order(clients::id)
        .limit(page.limit_and_one())
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(clients::agency_id.eq_any(agencies));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(clients::kind.eq(kind.as_str()));
    }
    query = match filter.revoked {
        Some(true) => query.filter(clients::revoked_at.is_not_null()),
        Some(false) => query.filter(clients::revoked_at.is_null()),
        None => query,
    };
    if let Some(after) = &page.after {
        let after: Uuid = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(clients::id.gt(after));
    }
    let rows: Vec<RecordRow> = query.load(conn).await?;
    rows.into_iter().map(record).collect()
}

/// Lets nobody else change the client until the transaction ends; `None` if there is none of this id.
pub async fn client_lock(conn: &mut Conn, id: ClientId) -> Result<Option<Client>> {
    let row: Option<Row> =
        clients::table.find(id.0).select(Row::as_select()).for_update().first(conn).await.optional()?;
    row.map(Row::client).transpose()
}

/// Changes name and terms to those of `client`.
pub async fn client_update(conn: &mut Conn, client: &Client) -> Result<()> {
    diesel::update(clients::table.find(client.id.0))
        .set((
            clients::name.eq(&client.name),
            clients::expires_at.eq(client.terms.expires_at),
            clients::permissions.eq(words(&client.terms)),
            clients::networks.eq(networks(&client.terms)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a client for good; false if it is over already or there is none of this id.
pub async fn client_revoke(conn: &mut Conn, id: ClientId, at: DateTime<Utc>) -> Result<bool> {
    let ended = diesel::update(clients::table.find(id.0).filter(clients::revoked_at.is_null()))
        .set(clients::revoked_at.eq(at))
        .execute(conn)
        .await?;
    Ok(ended > 0)
}
