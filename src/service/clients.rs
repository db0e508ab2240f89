//! Credentials: making a client on the command line, exchanging a secret for a token, telling who a token belongs to.
//! What administrators do with clients over the API is in [`super::credentials`].

use super::Services;
use super::catalogue::current;
use super::credentials::writing;
use super::uses::Uses;
use super::{issuers, signing_keys};
use crate::auth::token::{self, Issued};
use crate::auth::{Actor, policy, secret};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::By;
use crate::domain::client::{Client, ClientKind, Terms};
use crate::domain::device::Posting;
use crate::domain::ids::{ClientId, uuid_v7};
use crate::domain::permission::Permission;
use crate::domain::text;
use crate::error::{Error, ErrorCode, Lang, Result};
use crate::store::clients::{client_find, clients_all};
use crate::store::credentials::{Hashes, hashes_find};
use crate::store::devices::posting_find;
use crate::store::{AsyncConnection, Conn, Db, SILENCE, agencies};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
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
    create_with(db, new, Terms::default(), now).await
}

/// Makes a client that terms narrow; gives it with its secret, which is shown this once.
///
/// # Errors
/// As [`create`].
pub async fn create_with(
    db: &Db,
    new: NewClient,
    terms: Terms,
    now: DateTime<Utc>,
) -> Result<(Client, String)> {
    let refuse = |detail: String| Error::new(ErrorCode::ValidationFailed).detail(detail);
    let name =
        text::line(&new.name, 200).map_err(|fault| refuse(format!("name: {}", fault.detail(Lang::En))))?;
    let name = name.ok_or_else(|| refuse("name: must not be empty".into()))?;
    if new.kind == ClientKind::Device && new.agency.is_none() {
        return Err(refuse("agency: a device needs one".into()));
    }
    if let Some((field, kind)) = writing::faults_of(new.kind, &terms, now).into_iter().next() {
        return Err(refuse(format!("{field}: {}", kind.detail(Lang::En))));
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
    let id = ClientId(uuid_v7(now));
    let client = Client {
        id,
        kind: new.kind,
        name,
        agency,
        service_point,
        revoked_at: None,
        terms,
        posting: Posting::default(),
    };
    let secret = secret::generate();
    let hash = secret::hash(&secret)?;
    let made = conn
        .transaction(async |conn| writing::enter(conn, By::CommandLine, &client, &hash, now).await)
        .await?;
    if made { Ok((client, secret)) } else { Err(Error::internal("a new id is in use")) }
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

/// Ends a client for good; its tokens end with it. Ending it again changes nothing.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] if there is no such client.
pub async fn revoke(db: &Db, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let mut conn = db.conn().await?;
    let known =
        conn.transaction(async |conn| writing::end(conn, By::CommandLine, ClientId(id), now).await).await?;
    known
        .then_some(())
        .ok_or_else(|| Error::new(ErrorCode::ValidationFailed).detail(format!("there is no client {id}")))
}

/// Gives a client another secret, which is shown this once; the present one goes on for `overlap`.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] if there is no such client or it was ended.
pub async fn rotate(db: &Db, id: Uuid, overlap: TimeDelta, now: DateTime<Utc>) -> Result<String> {
    let secret = secret::generate();
    let fresh = (secret.as_str(), secret::hash(&secret)?);
    let mut conn = db.conn().await?;
    let known = conn
        .transaction(async |conn| {
            writing::replace_secret(conn, By::CommandLine, ClientId(id), &fresh, overlap, now).await
        })
        .await?;
    known.ok_or_else(|| {
        Error::new(ErrorCode::ValidationFailed).detail(format!("there is no client {id}, or it was ended"))
    })?;
    Ok(secret)
}

/// A credential that is exchanged for a token.
pub struct Exchange<'a> {
    /// Id of the client.
    pub id: &'a str,
    /// Its secret.
    pub secret: String,
    /// What the token is to be narrowed to: words with spaces between (RFC 6749 section 3.3).
    pub scope: Option<&'a str>,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Exchanges id and secret for a token (RFC 6749 section 4.4). Blocks for the time of one hash: to be
/// called off the event loop's hot path only by way of [`tokio::task::spawn_blocking`], as it does.
///
/// # Errors
/// [`ErrorCode::InvalidClient`], whatever of the two was wrong, and for a client that is over. To whoever knows the
/// secret: [`ErrorCode::AddressNotAllowed`], [`ErrorCode::InvalidScope`].
pub async fn token(services: &Services, exchange: Exchange<'_>) -> Result<Issued> {
    let refused = || Error::new(ErrorCode::InvalidClient);
    let found = match Uuid::parse_str(exchange.id) {
        Ok(id) => services.db.within(SILENCE, async |conn| hashes_find(conn, ClientId(id)).await).await?,
        Err(_) => None,
    };
    // An unknown id costs the same hash as a known one, so that time does not tell which ids exist.
    let now = services.clock.now();
    let (client, hash) = found.map_or((None, secret::NOBODYS_HASH.to_owned()), |(client, hashes)| {
        (Some(client), hash_for(&exchange.secret, hashes, now))
    });
    let (sent, turn) = (exchange.secret, hashing_turn(services).await?);
    let right = tokio::task::spawn_blocking(move || secret::verify(&sent, &hash));
    if !right.await.map_err(Error::internal)? {
        return Err(refused());
    }
    drop(turn);
    let over = |client: &Client| client.revoked_at.is_some() || client.terms.are_over(now);
    let client = client.filter(|client| !over(client)).ok_or_else(refused)?;
    if !client.terms.admit(exchange.address) {
        return Err(Error::new(ErrorCode::AddressNotAllowed));
    }
    let scope = scope_of(&client, exchange.scope)?;
    services.tokens.uses.note(client.id, now.timestamp());
    signing_keys::issue(services, &client, scope.as_ref()).await
}

/// A turn at hashing: a hash takes 19 MiB, so only so many at once, and nobody waits for long.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if there was none in time.
pub async fn hashing_turn(services: &Services) -> Result<tokio::sync::SemaphorePermit<'_>> {
    let turn = tokio::time::timeout(HASHING_WAIT, services.hashing.acquire()).await;
    turn.map_err(|_| Error::new(ErrorCode::Unavailable))?.map_err(Error::internal)
}

/// The one hash that the secret is held against: that of the secret before the present one while it goes on and the
/// secret does not begin like the present one. Never both, so that time does not tell whether there are two.
fn hash_for(secret: &str, hashes: Hashes, now: DateTime<Utc>) -> String {
    match hashes.previous {
        Some((previous, until)) if now < until && secret::hint(secret) != hashes.hint.as_deref() => previous,
        _ => hashes.present,
    }
}

/// What a token is narrowed to: what was asked for, otherwise what the client is, if it is.
fn scope_of(client: &Client, asked: Option<&str>) -> Result<Option<BTreeSet<Permission>>> {
    let permitted = policy::permissions_of(client);
    let Some(asked) = asked else { return Ok(client.terms.permissions.as_ref().map(|_| permitted)) };
    let words = asked.split(' ').map(Permission::parse);
    let asked = words.collect::<std::result::Result<BTreeSet<_>, _>>();
    let asked = asked.ok().filter(|asked| asked.is_subset(&permitted));
    asked.map(Some).ok_or_else(|| Error::new(ErrorCode::InvalidScope))
}

/// Tokens that were checked, by their full text. A token is trusted again without a look at signature and
/// client until it expires or anything changes in the catalogue's revision, which a revocation does. Instances hear of
/// that at once; one that cannot hear looks once a second.
pub struct TokenCache {
    checked: RwLock<HashMap<String, Checked>>,
    /// Uses of clients that are not written down yet, besides those in `checked`.
    uses: Uses,
    /// Turns at checking a token that is not held: a fleet that comes back at once must not take every
    /// connection there is.
    turns: Semaphore,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self { checked: RwLock::default(), uses: Uses::default(), turns: Semaphore::new(CHECKING_AT_ONCE) }
    }
}

/// Tokens checked at the same time.
const CHECKING_AT_ONCE: usize = 4;

#[derive(Clone)]
struct Checked {
    actor: Actor,
    expires_at: DateTime<Utc>,
    revision: i64,
    /// Second of the last use that is not written down yet; 0: none.
    used: Arc<AtomicI64>,
}

/// Most tokens held; a device fleet of the whole country has fewer. Beyond it all are forgotten.
const MOST_TOKENS: usize = 20_000;

impl TokenCache {
    fn find(&self, token: &str, now: DateTime<Utc>, revision: i64) -> Option<Actor> {
        let held = self.checked.read().unwrap_or_else(PoisonError::into_inner);
        let checked = held.get(token)?;
        let good = checked.revision == revision && now < checked.expires_at;
        good.then(|| {
            checked.used.store(now.timestamp(), Ordering::Relaxed);
            checked.actor.clone()
        })
    }

    fn keep(&self, token: &str, checked: Checked) {
        let mut held = self.checked.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST_TOKENS {
            held.drain().for_each(|(_, checked)| self.collect(&checked));
        }
        if let Some(before) = held.insert(token.to_owned(), checked) {
            self.collect(&before);
        }
    }

    fn collect(&self, checked: &Checked) {
        if let (Actor::Client(client), used @ 1..) = (&checked.actor, checked.used.swap(0, Ordering::Relaxed))
        {
            self.uses.note(client.id, used);
        }
    }

    /// Uses of clients that are not written down yet; they count as written from now on.
    pub(super) fn take_uses(&self) -> HashMap<ClientId, DateTime<Utc>> {
        let held = self.checked.read().unwrap_or_else(PoisonError::into_inner);
        held.values().for_each(|checked| self.collect(checked));
        self.uses.take()
    }

    /// Gives uses back that could not be written down.
    pub(super) fn return_uses(&self, uses: HashMap<ClientId, DateTime<Utc>>) {
        uses.into_iter().for_each(|(id, at)| self.uses.note(id, at.timestamp()));
    }
}

/// The actor a bearer token belongs to. `address` is where the request comes from, asked for only if the client is bound
/// to networks.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`], [`ErrorCode::ClientRevoked`], [`ErrorCode::ClientExpired`],
/// [`ErrorCode::ClientSuspended`], [`ErrorCode::AddressNotAllowed`].
pub async fn authenticate(
    services: &Services,
    token: &str,
    address: impl FnOnce() -> IpAddr,
) -> Result<Actor> {
    let actor = known(services, token).await?;
    match &actor {
        Actor::Client(client) if !client.terms.networks.is_empty() && !client.terms.admit(address()) => {
            Err(Error::new(ErrorCode::AddressNotAllowed))
        }
        Actor::Client(_) | Actor::Anonymous => Ok(actor),
    }
}

async fn known(services: &Services, token: &str) -> Result<Actor> {
    // Read before the client: a revocation in between makes the entry look older than it is, never newer.
    let revision = current(services).await?.revision();
    let now = services.clock.now();
    if let Some(actor) = services.tokens.find(token, now, revision) {
        return Ok(actor);
    }
    // Before the turn: an issuer that does not answer must not hold up anybody else's token.
    let vouched = match services.issuers.of(token) {
        Some(issuer) => Some(issuers::vouched(services, issuer, token).await?),
        None => None,
    };
    let verified = match &vouched {
        Some(vouched) => {
            token::Checked { client: vouched.client.id, expires_at: vouched.expires_at, scope: None }
        }
        None => signing_keys::verify(services, token).await?,
    };
    let _turn = services.tokens.turns.acquire().await.map_err(Error::internal)?;
    if let Some(actor) = services.tokens.find(token, now, revision) {
        return Ok(actor);
    }
    let mut client = match &vouched {
        Some(vouched) => issuers::enrol(services, vouched).await?,
        None => {
            let find = async |conn: &mut Conn| known_here(conn, verified.client).await;
            services.db.within(SILENCE, find).await?
        }
    };
    if client.revoked_at.is_some() {
        return Err(Error::new(ErrorCode::ClientRevoked));
    }
    if client.terms.are_over(now) {
        return Err(Error::new(ErrorCode::ClientExpired));
    }
    if client.posting.suspended_at.is_some() {
        return Err(Error::new(ErrorCode::ClientSuspended));
    }
    let expires_at = client.terms.expires_at.map_or(verified.expires_at, |end| end.min(verified.expires_at));
    // The same client may hold a wide and a narrow token at the same time: each is kept with what it is narrowed to.
    client.terms = client.terms.narrowed(verified.scope);
    let actor = Actor::Client(client);
    let used = Arc::new(AtomicI64::new(now.timestamp()));
    services.tokens.keep(token, Checked { actor: actor.clone(), expires_at, revision, used });
    Ok(actor)
}

/// The client of a token of ours, with what narrows it.
async fn known_here(conn: &mut Conn, id: ClientId) -> Result<Client> {
    let found = client_find(conn, id).await?;
    let mut client = found.ok_or_else(|| Error::new(ErrorCode::TokenInvalid))?.0;
    if client.kind == ClientKind::Device {
        client.posting = posting_find(conn, id).await?;
    }
    Ok(client)
}
