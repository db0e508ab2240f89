//! Trusted issuers at work: their keys are fetched and followed, and whom they vouch for is enrolled.
//!
//! Keys are fetched when a token names one that is not held, at most once in the time the issuer is configured with,
//! and again every [`REFRESH_EVERY`] behind the requests' backs. An issuer that is away holds up nobody whose key is held, for
//! `KEPT` at most, and never our own tokens.
//!
//! Whoever an issuer vouches for becomes a client on first sight: what they do can be recorded under a client's id like
//! everybody's, and revoking that client ends them here whatever the issuer says. Kind and agency are the token's.

use super::Services;
use super::audit::record;
use super::catalogue::current;
use crate::auth::issuer::{Issuer, KeysAt, safe_url};
use crate::auth::secret::NOBODYS_HASH;
use crate::auth::visitor::{IssuerKeys, claimed_issuer, client_id, unmapped};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::{Client, Terms};
use crate::domain::device::Posting;
use crate::error::{Error, ErrorCode, Result};
use crate::store::clients::client_find;
use crate::store::issuers::{subject_enrol, subject_update};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use reqwest::redirect::Policy;
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How often [`refresh`] is due: a key that its issuer takes back is trusted that much longer, and
/// `RECHECKED_AFTER`.
pub const REFRESH_EVERY: Duration = Duration::from_secs(300);

/// Age up to which keys are used while their issuer is away.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Time after which a token is checked again from the beginning, with the keys held then.
const RECHECKED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Longest time an issuer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Largest document taken from an issuer, in bytes.
const MAX_BODY: usize = 262_144;

/// Longest name of a client, in characters.
const MAX_NAME: usize = 200;

/// The trusted issuers with what is held of them.
pub struct Issuers(Vec<Followed>);

/// An issuer whose keys are followed.
pub struct Followed {
    issuer: Issuer,
    http: reqwest::Client,
    held: RwLock<Held>,
    /// Held by whoever fetches; the others wait for what is found.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Held {
    keys: Option<(Instant, Arc<IssuerKeys>)>,
    /// When the last fetch ended, well or not.
    tried: Option<Instant>,
}

/// Somebody a trusted issuer vouches for, not yet known here.
pub struct Vouched {
    /// As a client of ours.
    pub client: Client,
    /// When the token has to be checked again or is over.
    pub expires_at: DateTime<Utc>,
    issuer: String,
    subject: String,
}

impl Issuers {
    /// Follows these issuers; nothing is fetched yet.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if this machine has no trusted roots for TLS.
    pub fn new(issuers: Vec<Issuer>) -> Result<Self> {
        let follow = |issuer| {
            let http = reqwest::Client::builder()
                .redirect(Policy::none())
                .timeout(TIMEOUT)
                // A connection lives on the runtime of the worker that opened it, and is needed every few minutes.
                .pool_max_idle_per_host(0)
                .build()
                .map_err(Error::internal)?;
            let fetching = tokio::sync::Mutex::new(());
            Ok(Followed { issuer, http, held: RwLock::default(), fetching })
        };
        Ok(Self(issuers.into_iter().map(follow).collect::<Result<_>>()?))
    }

    /// The trusted issuer that a token claims to be of, if any.
    pub fn of(&self, token: &str) -> Option<&Followed> {
        if self.0.is_empty() {
            return None;
        }
        let claimed = claimed_issuer(token)?;
        self.0.iter().find(|followed| followed.issuer.url == claimed)
    }
}

/// Checks a token of a trusted issuer and tells whom it vouches for.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`]; [`ErrorCode::Unavailable`] if the key is not held and the
/// issuer is away.
pub async fn vouched(services: &Services, followed: &Followed, token: &str) -> Result<Vouched> {
    let (issuer, now) = (&followed.issuer, services.clock.now());
    let (kid, _) = issuer.head_of(token)?;
    let keys = keys(followed, &kid).await?;
    let visitor = issuer.verify(&keys, token, now)?;
    let catalogue = current(services).await?;
    let unknown = || unmapped("the token names no agency known here");
    let agency = match &visitor.agency {
        None => None,
        Some(code) => Some(catalogue.tree.find(code).ok_or_else(unknown)?.id),
    };
    let client = Client {
        id: client_id(&issuer.url, &visitor.subject),
        kind: visitor.kind,
        name: format!("{}|{}", issuer.url, visitor.subject).chars().take(MAX_NAME).collect(),
        agency,
        service_point: None,
        revoked_at: None,
        terms: Terms::default(),
        posting: Posting::default(),
    };
    let expires_at = visitor.expires_at.min(now + RECHECKED_AFTER);
    Ok(Vouched { client, expires_at, issuer: issuer.url.clone(), subject: visitor.subject })
}

/// The client that somebody vouched for is here, entered on first sight.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn enrol(services: &Services, vouched: &Vouched) -> Result<Client> {
    let (new, now) = (&vouched.client, services.clock.now());
    let work = async |conn: &mut Conn| {
        let Some((known, _)) = client_find(conn, new.id).await? else {
            if subject_enrol(conn, new, (&vouched.issuer, &vouched.subject), NOBODYS_HASH, now).await? {
                record(conn, By::Client(new), &vouched.entry(Action::ClientCreated), now).await?;
            }
            return Ok(new.clone());
        };
        if (known.kind, known.agency) != (new.kind, new.agency) && known.revoked_at.is_none() {
            subject_update(conn, new).await?;
            record(conn, By::Client(new), &vouched.entry(Action::ClientChanged), now).await?;
        }
        // The rest is ours to say: whether it was ended here, and what it is called.
        Ok::<_, Error>(Client { kind: new.kind, agency: new.agency, ..known })
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

impl Vouched {
    fn entry(&self, action: Action) -> Entry {
        let details = vec![
            ("issuer", self.issuer.clone()),
            ("subject", self.subject.clone()),
            ("kind", self.client.kind.as_str().to_owned()),
        ];
        Entry { action, agency: self.client.agency, object: self.client.id.0.to_string(), details }
    }
}

/// Keys of the issuer; fetched if this one is not among them and it is time.
async fn keys(followed: &Followed, kid: &str) -> Result<Arc<IssuerKeys>> {
    let asked = Instant::now();
    if let Some(keys) = followed.kept().filter(|keys| keys.knows(kid)) {
        return Ok(keys);
    }
    let _fetching = followed.fetching.lock().await;
    if followed.may_fetch(asked) {
        followed.fetch().await;
    }
    // What was found last is the answer, also where this key is not in it. If nothing was found, nobody can tell.
    let held = followed.held();
    let found = held.keys.filter(|(fetched, _)| held.tried == Some(*fetched));
    found.map(|(_, keys)| keys).ok_or_else(|| Error::new(ErrorCode::Unavailable).because("issuer away"))
}

/// Fetches the keys that are held anew, one issuer after the other; those of issuers nobody came from are not held.
pub async fn refresh(services: &Services) {
    for followed in services.issuers.0.iter().filter(|followed| followed.kept().is_some()) {
        let _fetching = followed.fetching.lock().await;
        if followed.may_fetch(Instant::now()) {
            followed.fetch().await;
        }
    }
}

impl Followed {
    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn kept(&self) -> Option<Arc<IssuerKeys>> {
        self.held().keys.filter(|(fetched, _)| fetched.elapsed() < KEPT).map(|(_, keys)| keys)
    }

    /// Not if somebody fetched since this was asked for, nor too soon after.
    fn may_fetch(&self, asked: Instant) -> bool {
        self.held().tried.is_none_or(|tried| tried < asked && tried.elapsed() >= self.issuer.refetch_after)
    }

    async fn fetch(&self) {
        let found = fetch(&self.http, &self.issuer).await;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.tried = Some(now);
        match found {
            Ok(keys) => held.keys = Some((now, Arc::new(keys))),
            Err(error) => tracing::warn!(issuer = self.issuer.url, "no keys: {}", error.chain()),
        }
    }
}

/// What a discovery document has to say (OpenID Connect Discovery 1.0 section 3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

async fn fetch(http: &reqwest::Client, issuer: &Issuer) -> Result<IssuerKeys> {
    let away = |why: String| Error::new(ErrorCode::Unavailable).because(why);
    let at = match &issuer.keys_at {
        KeysAt::Known(at) => at.clone(),
        KeysAt::Discovered(at) => {
            let document = get(http, at.clone()).await?;
            let document: Discovery =
                serde_json::from_slice(&document).map_err(|error| away(error.to_string()))?;
            if document.issuer != issuer.url {
                return Err(away(format!("the discovery document is of {}", document.issuer)));
            }
            safe_url(&document.jwks_uri).map_err(away)?
        }
    };
    IssuerKeys::parse(&get(http, at).await?)
}

async fn get(http: &reqwest::Client, at: Url) -> Result<Vec<u8>> {
    let away = |error: reqwest::Error| Error::new(ErrorCode::Unavailable).because(error);
    let mut reply = http.get(at).send().await.map_err(away)?;
    if reply.status() != reqwest::StatusCode::OK {
        return Err(Error::new(ErrorCode::Unavailable).because(format!("answered {}", reply.status())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = reply.chunk().await.map_err(away)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err(Error::new(ErrorCode::Unavailable).because("answered without end"));
        }
    }
    Ok(body)
}
