//! Signing keys: making them when they are needed, trusting those of all instances, rotating, withdrawing.
//!
//! `auth::token` says where keys live and why. A rotation lets all keys stop; what they signed stays good until it is
//! over, and each instance makes itself a new one when it signs next. A withdrawal ends a key with everything it
//! signed: like a revocation it moves the catalogue's revision, so every instance refuses within a second.

use super::Services;
use super::audit::record;
use super::catalogue::{current, look_again};
use crate::auth::token::{Checked, Issued, KeyRing, PrivateKey, TokenRules, kid_of};
use crate::auth::{Actor, policy};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::permission::Permission;
use crate::domain::signing_key::SigningKey;
use crate::error::{Error, ErrorCode, Result};
use crate::store::signing_keys::{
    signing_key_find, signing_key_insert, signing_key_withdraw, signing_keys_list, signing_keys_stop,
};
use crate::store::{AsyncConnection, Conn, Db, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Keys are shown, and their tokens called expired instead of unknown, for so long after they stopped signing. Longer
/// than any token lives.
const REMEMBERED: TimeDelta = TimeDelta::days(31);

/// Least time between two looks at the database for the sake of tokens that name unknown keys: a flood of them must
/// not become a flood of queries. Whoever comes in between waits for the next look.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The signing keys as this instance holds them.
pub struct Signing {
    rules: TokenRules,
    own: RwLock<Option<Arc<PrivateKey>>>,
    held: RwLock<Option<Held>>,
    /// Held by whoever looks at the database; the others wait for what is found.
    looking: tokio::sync::Mutex<()>,
    /// Held by whoever makes a key.
    making: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Held {
    revision: i64,
    looked: Instant,
    ring: Arc<KeyRing>,
}

impl Signing {
    /// No key yet: it is made with the first token.
    pub const fn new(rules: TokenRules) -> Self {
        Self {
            rules,
            own: RwLock::new(None),
            held: RwLock::new(None),
            looking: tokio::sync::Mutex::const_new(()),
            making: tokio::sync::Mutex::const_new(()),
        }
    }

    /// How long a token is valid, in seconds.
    pub fn lifetime_seconds(&self) -> i64 {
        self.rules.lifetime_seconds.into()
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn own(&self, ring: &KeyRing, now: DateTime<Utc>) -> Option<Arc<PrivateKey>> {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).clone();
        own.filter(|key| ring.signs(key.kid(), now))
    }
}

/// Signs a token for a client, narrowed to `scope` if there is one; with a new key if this instance has none or was
/// told to stop using it.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn issue(
    services: &Services,
    client: &Client,
    scope: Option<&BTreeSet<Permission>>,
) -> Result<Issued> {
    let now = services.clock.now();
    own(services, now).await?.issue(&services.keys.rules, client, scope, now)
}

async fn own(services: &Services, now: DateTime<Utc>) -> Result<Arc<PrivateKey>> {
    let keys = &services.keys;
    if let Some(key) = keys.own(&*ring(services, None).await?, now) {
        return Ok(key);
    }
    let _making = keys.making.lock().await;
    if let Some(key) = keys.own(&*ring(services, None).await?, now) {
        return Ok(key);
    }
    let key = Arc::new(PrivateKey::generate()?);
    let public = key.public(&keys.rules, now);
    services.db.within(SILENCE, async |conn| signing_key_insert(conn, &public).await).await?;
    *keys.own.write().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
    ring(services, Some(key.kid())).await?;
    tracing::info!(kid = key.kid(), "a new signing key");
    Ok(key)
}

/// What a token of ours says.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`], [`ErrorCode::Unavailable`].
pub async fn verify(services: &Services, token: &str) -> Result<Checked> {
    let kid = kid_of(token)?;
    let ring = ring(services, Some(&kid)).await?;
    ring.verify(&services.keys.rules, token, services.clock.now())
}

/// The trusted keys of all instances as a JSON Web Key Set, this one's own among them.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away and was never there.
pub async fn published(services: &Services) -> Result<serde_json::Value> {
    let now = services.clock.now();
    let fresh = async {
        own(services, now).await?;
        let revision = current(services).await?.revision();
        look(services, revision, Instant::now()).await
    };
    let ring = match (fresh.await, services.keys.held()) {
        (Ok(ring), _) => ring,
        (Err(_), Some(held)) => held.ring,
        (Err(error), None) => return Err(error),
    };
    ring.public_json(now)
}

/// The keys as of the catalogue's present revision; looked for anew if `kid` is not among them.
async fn ring(services: &Services, kid: Option<&str>) -> Result<Arc<KeyRing>> {
    let asked = Instant::now();
    let revision = current(services).await?.revision();
    match services.keys.held() {
        Some(held) if held.revision == revision && kid.is_none_or(|kid| held.ring.knows(kid)) => {
            Ok(held.ring)
        }
        _ => look(services, revision, asked).await,
    }
}

/// Keys as they are in the database at `asked` or later. One look at a time; it serves all who wait.
async fn look(services: &Services, revision: i64, asked: Instant) -> Result<Arc<KeyRing>> {
    let keys = &services.keys;
    let _looking = keys.looking.lock().await;
    if let Some(held) = keys.held().filter(|held| held.revision == revision) {
        if held.looked >= asked {
            return Ok(held.ring);
        }
        tokio::time::sleep(BETWEEN_LOOKS.saturating_sub(held.looked.elapsed())).await;
    }
    let (looked, since) = (Instant::now(), services.clock.now() - REMEMBERED);
    let read = async |conn: &mut Conn| signing_keys_list(conn, since).await;
    let ring = Arc::new(KeyRing::new(services.db.within(SILENCE, read).await?)?);
    let held = Held { revision, looked, ring: ring.clone() };
    *keys.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
    Ok(ring)
}

/// The keys of the last month, the newest first.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`].
pub async fn list_as(services: &Services, actor: &Actor) -> Result<Vec<SigningKey>> {
    policy::key_keeper(actor)?;
    list(&services.db, services.clock.now()).await
}

/// [`rotate`] for an administrator.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`].
pub async fn rotate_as(services: &Services, actor: &Actor) -> Result<Vec<String>> {
    let keeper = policy::key_keeper(actor)?;
    let stopped = rotate(&services.db, By::Client(keeper), services.clock.now()).await?;
    look_again(services);
    Ok(stopped)
}

/// [`withdraw`] for an administrator.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`], [`ErrorCode::SigningKeyNotFound`].
pub async fn withdraw_as(services: &Services, actor: &Actor, kid: &str) -> Result<SigningKey> {
    let keeper = policy::key_keeper(actor)?;
    let key = withdraw(&services.db, kid, By::Client(keeper), services.clock.now()).await?;
    look_again(services);
    Ok(key)
}

/// The keys of the last month, the newest first, for whoever holds the database.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn list(db: &Db, now: DateTime<Utc>) -> Result<Vec<SigningKey>> {
    db.within(SILENCE, async |conn| signing_keys_list(conn, now - REMEMBERED).await).await
}

/// Lets every key stop signing; gives the names of those that did. What they signed stays good.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn rotate(db: &Db, by: By<'_>, now: DateTime<Utc>) -> Result<Vec<String>> {
    let stop = async |conn: &mut Conn| {
        let stopped = signing_keys_stop(conn, now).await?;
        for kid in &stopped {
            record(conn, by, &entry(Action::KeyRotated, kid), now).await?;
        }
        Ok::<_, Error>(stopped)
    };
    db.within(SILENCE, async |conn| conn.transaction(stop).await).await
}

/// Withdraws a key with everything it signed. Doing so again changes nothing.
///
/// # Errors
/// [`ErrorCode::SigningKeyNotFound`].
pub async fn withdraw(db: &Db, kid: &str, by: By<'_>, now: DateTime<Utc>) -> Result<SigningKey> {
    let end = async |conn: &mut Conn| {
        let known = signing_key_find(conn, kid).await?;
        let known = known.ok_or_else(|| Error::new(ErrorCode::SigningKeyNotFound))?;
        if known.withdrawn_at.is_some() {
            return Ok(known);
        }
        signing_key_withdraw(conn, kid, now).await?;
        record(conn, by, &entry(Action::KeyWithdrawn, kid), now).await?;
        Ok::<_, Error>(SigningKey { withdrawn_at: Some(now), ..known })
    };
    db.within(SILENCE, async |conn| conn.transaction(end).await).await
}

fn entry(action: Action, kid: &str) -> Entry {
    Entry { action, agency: None, object: kid.to_owned(), details: Vec::new() }
}
