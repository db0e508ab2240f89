//! Whose visit tokens this instance believes: keys that are trusted, issuers that are not revoked. Known as of one
//! revision of the catalogue, which every revocation and every withdrawal moves.

use crate::auth::visit::{SIGNING_LIFE, VisitSigner};
use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::error::Result;
use crate::service::Services;
use crate::service::catalogue::current;
use crate::store::SILENCE;
use crate::store::clients::client_find;
use crate::store::visit_keys::{visit_key_insert, visit_keys_trusted};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Least time between two looks at the database for the sake of tokens that name unknown keys: a flood of forged ones
/// must not become a flood of queries. Whoever comes in between waits for the next look.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// What this instance knows of keys and issuers.
#[derive(Default)]
pub struct Visits {
    own: RwLock<Option<Arc<OwnKey>>>,
    known: RwLock<Known>,
    /// Held by whoever looks at the database for keys; the others wait for what is found.
    looking: tokio::sync::Mutex<()>,
}

/// A key that signs here.
pub(super) struct OwnKey {
    /// The private half.
    pub(super) signer: VisitSigner,
    /// The number that the public half has.
    pub(super) number: i32,
    made_at: DateTime<Utc>,
}

/// As of one revision of the catalogue, which every revocation and withdrawal moves.
#[derive(Default)]
struct Known {
    revision: i64,
    looked: Option<Instant>,
    keys: HashMap<i32, Arc<[u8]>>,
    issuers: HashMap<ClientId, Option<Client>>,
}

/// The client that issued a visit. Only tokens that were signed here lead to this look.
pub(super) async fn issuer(services: &Services, revision: i64, id: ClientId) -> Result<Option<Client>> {
    let held =
        services.visits.known(|known| (known.revision == revision).then(|| known.issuers.get(&id).cloned()));
    if let Some(issuer) = held.flatten() {
        return Ok(issuer);
    }
    let found = services.db.within(SILENCE, async |conn| client_find(conn, id).await).await?;
    let issuer = found.map(|(client, _)| client);
    let mut known = services.visits.known.write().unwrap_or_else(PoisonError::into_inner);
    if known.revision == revision {
        known.issuers.insert(id, issuer.clone());
    }
    Ok(issuer)
}

/// The public key of this number, if it is trusted.
pub(super) async fn public_key(services: &Services, revision: i64, number: i32) -> Result<Option<Arc<[u8]>>> {
    let asked = Instant::now();
    let held = || {
        services.visits.known(|known| (known.revision == revision).then(|| known.keys.get(&number).cloned()))
    };
    if let Some(key) = held().flatten() {
        return Ok(Some(key));
    }
    let _looking = services.visits.looking.lock().await;
    let looked = services.visits.known(|known| known.looked.filter(|_| known.revision == revision));
    if looked.is_none_or(|looked| looked < asked) {
        if let Some(looked) = looked {
            tokio::time::sleep(BETWEEN_LOOKS.saturating_sub(looked.elapsed())).await;
        }
        let looked = Instant::now();
        let keys = services.db.within(SILENCE, async |conn| visit_keys_trusted(conn).await).await?;
        let mut known = services.visits.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.revision != revision {
            known.issuers.clear();
        }
        (known.revision, known.looked) = (revision, Some(looked));
        known.keys = keys.into_iter().map(|(number, public)| (number, public.into())).collect();
    }
    Ok(held().flatten())
}

impl Visits {
    fn known<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key that signs now, unless it is over or was withdrawn.
    fn own(&self, now: DateTime<Utc>) -> Option<Arc<OwnKey>> {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).clone();
        own.filter(|key| now < key.made_at + SIGNING_LIFE)
    }
}

/// The key that signs now; made if there is none.
pub(super) async fn own_key(services: &Services, now: DateTime<Utc>) -> Result<Arc<OwnKey>> {
    let revision = current(services).await?.revision();
    if let Some(key) = services.visits.own(now)
        && public_key(services, revision, key.number).await?.is_some()
    {
        return Ok(key);
    }
    let signer = VisitSigner::generate()?;
    let public = signer.public();
    let number = services.db.within(SILENCE, async |conn| visit_key_insert(conn, &public, now).await).await?;
    let key = Arc::new(OwnKey { signer, number, made_at: now });
    *services.visits.own.write().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
    tracing::info!(number, "a new key signs visits");
    Ok(key)
}
