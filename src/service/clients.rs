//! Credentials: making a client, exchanging its secret for a token, telling who a token belongs to.

use super::Services;
use super::audit::record;
use super::catalogue::current;
use crate::auth::{Actor, secret};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::{Client, ClientKind};
use crate::domain::ids::{ClientId, uuid_v7};
use crate::domain::text;
use crate::error::{Error, ErrorCode, Lang, Result};
use crate::store::clients::{client_find, client_insert, client_revoke, clients_all};
use crate::store::{AsyncConnection, Db, SILENCE, agencies};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Secrets checked at the same time.
pub const HASHING_AT_ONCE: usize = 4;

/// Longest time to wait for one's turn.
const HASHING_WAIT: Duration = Duration::from_secs(5);

/// A client to be made.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// What it is.
    pub kind: ClientKind,
    /// What people call it.
    pub name: String,
    /// Root of its subtree; `None` is the whole country, which no device may have.
    pub agency: Option<AgencyCode>,
    /// The desk a device stands at.
    pub service_point: Option<String>,
}

/// Makes a client; gives it with its secret, which is shown this once.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail for people.
pub async fn create(db: &Db, new: NewClient, now: DateTime<Utc>) -> Result<(Client, String)> {
    let refuse = |detail: String| Error::new(ErrorCode::ValidationFailed).detail(detail);
    let name =
        text::clean(&new.name, 200).map_err(|fault| refuse(format!("name: {}", fault.detail(Lang::En))))?;
    let name = name.ok_or_else(|| refuse("name: must not be empty".into()))?;
    if new.kind == ClientKind::Device && new.agency.is_none() {
        return Err(refuse("agency: a device needs one".into()));
    }
    if new.kind != ClientKind::Device && new.service_point.is_some() {
        return Err(refuse("service-point: only a device stands at one".into()));
    }
    let mut conn = db.conn().await?;
    let agency = match &new.agency {
        None => None,
        Some(code) => {
            let all = agencies::agencies_all(&mut conn).await?;
            let found = all.into_iter().find(|agency| agency.code == *code);
            Some(found.ok_or_else(|| refuse(format!("agency: there is no {code}")))?.id)
        }
    };
    let service_point = match &new.service_point {
        None => None,
        Some(code) => {
            let all = agencies::service_points_all(&mut conn).await?;
            let found = all.into_iter().find(|desk| desk.code == *code && Some(desk.agency) == agency);
            Some(found.ok_or_else(|| refuse(format!("service-point: the agency has no {code}")))?.id)
        }
    };
    let client =
        Client { id: ClientId(uuid_v7(now)), kind: new.kind, name, agency, service_point, revoked_at: None };
    let secret = secret::generate();
    let hash = secret::hash(&secret)?;
    let entry = Entry {
        action: Action::ClientCreated,
        agency: client.agency,
        object: client.id.0.to_string(),
        details: vec![("kind", client.kind.as_str().to_owned())],
    };
    conn.transaction(async |conn| {
        client_insert(conn, &client, &hash, now).await?;
        record(conn, By::CommandLine, &entry, now).await
    })
    .await?;
    Ok((client, secret))
}

/// Every client, the oldest first, with the code of its agency.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn list(db: &Db) -> Result<Vec<(Client, Option<AgencyCode>)>> {
    let mut conn = db.conn().await?;
    let codes: HashMap<_, _> =
        agencies::agencies_all(&mut conn).await?.into_iter().map(|agency| (agency.id, agency.code)).collect();
    let clients = clients_all(&mut conn).await?;
    let place = |client: Client| (client.agency.and_then(|id| codes.get(&id).cloned()), client);
    Ok(clients.into_iter().map(place).map(|(code, client)| (client, code)).collect())
}

/// Ends a client for good; its tokens end with it.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] if there is no such client.
pub async fn revoke(db: &Db, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let unknown = || Error::new(ErrorCode::ValidationFailed).detail(format!("there is no client {id}"));
    let mut conn = db.conn().await?;
    conn.transaction(async |conn| {
        let (client, _) = client_find(conn, ClientId(id)).await?.ok_or_else(unknown)?;
        client_revoke(conn, ClientId(id), now).await?;
        let entry = Entry {
            action: Action::ClientRevoked,
            agency: client.agency,
            object: id.to_string(),
            details: vec![("kind", client.kind.as_str().to_owned())],
        };
        record(conn, By::CommandLine, &entry, now).await
    })
    .await
}

/// Exchanges id and secret for a token (RFC 6749 section 4.4). Blocks for the time of one hash: to be
/// called off the event loop's hot path only by way of [`tokio::task::spawn_blocking`], as it does.
///
/// # Errors
/// [`ErrorCode::InvalidClient`], whatever of the two was wrong.
pub async fn token(services: &Services, id: &str, secret: String) -> Result<String> {
    let refused = || Error::new(ErrorCode::InvalidClient);
    let found = match Uuid::parse_str(id) {
        Ok(id) => services.db.within(SILENCE, async |conn| client_find(conn, ClientId(id)).await).await?,
        Err(_) => None,
    };
    // A hash takes 19 MiB: only so many at once, and nobody waits for long.
    let turn = tokio::time::timeout(HASHING_WAIT, services.hashing.acquire()).await;
    let _turn = turn.map_err(|_| Error::new(ErrorCode::Unavailable))?.map_err(Error::internal)?;
    // An unknown id costs the same hash as a known one, so that time does not tell which ids exist.
    let (client, hash) =
        found.map_or((None, secret::NOBODYS_HASH.to_owned()), |(client, hash)| (Some(client), hash));
    let right = tokio::task::spawn_blocking(move || secret::verify(&secret, &hash));
    if !right.await.map_err(Error::internal)? {
        return Err(refused());
    }
    let client = client.filter(|client| client.revoked_at.is_none()).ok_or_else(refused)?;
    services.keys.issue(&client, services.clock.now())
}

/// Tokens that were checked, by their full text. A token is trusted again without a look at signature and
/// client until it expires or anything changes in the catalogue's revision, which a revocation does; so a
/// revoked client is refused everywhere within the time a catalogue may be old, one second.
pub struct TokenCache {
    checked: RwLock<HashMap<String, Checked>>,
    /// Turns at checking a token that is not held: a fleet that comes back at once must not take every
    /// connection there is.
    turns: Semaphore,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self { checked: RwLock::default(), turns: Semaphore::new(CHECKING_AT_ONCE) }
    }
}

/// Tokens checked at the same time.
const CHECKING_AT_ONCE: usize = 4;

#[derive(Clone)]
struct Checked {
    actor: Actor,
    expires_at: DateTime<Utc>,
    revision: i64,
}

/// Most tokens held; a device fleet of the whole country has fewer. Beyond it all are forgotten.
const MOST_TOKENS: usize = 20_000;

impl TokenCache {
    fn find(&self, token: &str, now: DateTime<Utc>, revision: i64) -> Option<Actor> {
        let held = self.checked.read().unwrap_or_else(PoisonError::into_inner);
        let checked = held.get(token)?;
        (checked.revision == revision && now < checked.expires_at).then(|| checked.actor.clone())
    }

    fn keep(&self, token: &str, checked: Checked) {
        let mut held = self.checked.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST_TOKENS {
            held.clear();
        }
        held.insert(token.to_owned(), checked);
    }
}

/// The actor a bearer token belongs to.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`], [`ErrorCode::ClientRevoked`].
pub async fn authenticate(services: &Services, token: &str) -> Result<Actor> {
    // Read before the client: a revocation in between makes the entry look older than it is, never newer.
    let revision = current(services).await?.revision();
    let now = services.clock.now();
    if let Some(actor) = services.tokens.find(token, now, revision) {
        return Ok(actor);
    }
    let (id, expires_at) = services.keys.verify(token, now)?;
    let _turn = services.tokens.turns.acquire().await.map_err(Error::internal)?;
    if let Some(actor) = services.tokens.find(token, now, revision) {
        return Ok(actor);
    }
    let found = services.db.within(SILENCE, async |conn| client_find(conn, id).await).await?;
    let (client, _) = found.ok_or_else(|| Error::new(ErrorCode::TokenInvalid))?;
    if client.revoked_at.is_some() {
        return Err(Error::new(ErrorCode::ClientRevoked));
    }
    let actor = Actor::Client(client);
    services.tokens.keep(token, Checked { actor: actor.clone(), expires_at, revision });
    Ok(actor)
}
