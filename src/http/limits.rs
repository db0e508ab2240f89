//! How often somebody may ask: clients with a good token by client, everybody else by address. Answers 429
//! (`rate_limited`) with `Retry-After` and the fields of draft-ietf-httpapi-ratelimit-headers. The algorithm is
//! the generic cell rate algorithm, by `governor`; here is only who is counted, and how.
//!
//! A request counts as one; in a bulk request each response counts as one more, since a leaked credential must not
//! store a thousand times as much that way. What is counted is kept in memory, for each instance by itself.

use super::peer::{network, peer_address};
use crate::auth::Actor;
use crate::domain::client::ClientKind;
use crate::domain::ids::ClientId;
use crate::error::{Error, Reached, Result};
use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage, HttpRequest, web};
use governor::clock::{Clock, DefaultClock};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::{Quota, RateLimiter};
use std::convert::Infallible;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Most keys of one limit; a few megabytes. Whoever has more addresses than that is not held by a limit for each,
/// so nothing is lost when all are forgotten then.
const MOST_KEYS: usize = 100_000;

/// What a failed token request counts as: for the address, and for the pair of address and client id.
const FAILED: (u32, u32) = (10, 5);

/// Quotas; `None` is without limit.
#[derive(Debug, Clone, Copy)]
pub struct Quotas {
    /// Of a device.
    pub device: Option<Quota>,
    /// Of a system.
    pub system: Option<Quota>,
    /// Of an administrator or a viewer.
    pub admin: Option<Quota>,
    /// Of an address without a token.
    pub anonymous: Option<Quota>,
    /// Of an address at the token endpoint.
    pub tokens: Option<Quota>,
    /// Of an address for one client id at the token endpoint.
    pub secrets: Option<Quota>,
}

/// Who has asked how often.
pub struct Limits {
    device: Limit<ClientId>,
    system: Limit<ClientId>,
    admin: Limit<ClientId>,
    anonymous: Limit<IpAddr>,
    tokens: Limit<IpAddr>,
    secrets: Limit<(Option<Uuid>, IpAddr)>,
}

/// Marks a request that was counted by its client.
struct Counted;

impl Limits {
    /// Nobody has asked yet.
    pub fn new(quotas: Quotas) -> Self {
        Self {
            device: Limit::new("device", quotas.device),
            system: Limit::new("system", quotas.system),
            admin: Limit::new("admin", quotas.admin),
            anonymous: Limit::new("anonymous", quotas.anonymous),
            tokens: Limit::new("tokens", quotas.tokens),
            secrets: Limit::new("secrets", quotas.secrets),
        }
    }

    /// Forgets those whose limit is as if they had never asked; to be called about once a second.
    pub fn forget(&self) {
        self.device.forget();
        self.system.forget();
        self.admin.forget();
        self.anonymous.forget();
        self.tokens.forget();
        self.secrets.forget();
    }

    fn client(&self, actor: &Actor, cost: u32) -> Result<()> {
        let Actor::Client(client) = actor else { return Ok(()) };
        let limit = match client.kind {
            ClientKind::Device => &self.device,
            ClientKind::System => &self.system,
            ClientKind::Admin | ClientKind::Viewer => &self.admin,
        };
        limit.take(&client.id, cost)
    }
}

/// Counts a request before it is read. One with a token is left to [`count`], which knows whose it is.
///
/// # Errors
/// [`ErrorCode::RateLimited`](crate::error::ErrorCode::RateLimited).
pub fn admit(limits: &Limits, request: &ServiceRequest, has_token: bool) -> Result<()> {
    match request.path() {
        // Asked by what decides whether this instance gets any requests at all.
        "/health/live" | "/health/ready" => Ok(()),
        "/oauth/token" => limits.tokens.take(&address(request.request()), 1),
        _ if has_token => Ok(()),
        _ => limits.anonymous.take(&address(request.request()), 1),
    }
}

/// Counts a request that came with a token which nobody looked at, or which was no good, by its address: words after
/// `Authorization:` must not be a way past the limit.
///
/// # Errors
/// As [`admit`].
pub fn settle(limits: &Limits, request: &HttpRequest) -> Result<()> {
    if request.extensions().contains::<Counted>() || request.path() == "/oauth/token" {
        return Ok(());
    }
    limits.anonymous.take(&address(request), 1)
}

/// Counts a request of a client that is known now.
///
/// # Errors
/// As [`admit`].
pub fn count(request: &HttpRequest, actor: &Actor) -> Result<()> {
    if *actor != Actor::Anonymous {
        request.extensions_mut().insert(Counted);
    }
    match request.app_data::<web::Data<Limits>>() {
        Some(limits) => limits.client(actor, 1),
        None => Ok(()),
    }
}

/// Counts further responses of a bulk request that may have up to `most`: the wait that is told lets all of it
/// and the request through, since it has to be sent again whole.
///
/// # Errors
/// As [`admit`].
pub fn more(request: &HttpRequest, actor: &Actor, responses: usize, most: usize) -> Result<()> {
    let Some(limits) = request.app_data::<web::Data<Limits>>() else { return Ok(()) };
    let counted = limits.client(actor, u32::try_from(responses).unwrap_or(u32::MAX));
    counted.map_err(|mut error| {
        if let Some(reached) = &mut error.reached {
            let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            let whole =
                most.saturating_mul(reached.window_seconds).div_ceil(u64::from(reached.at_once).max(1));
            reached.wait_seconds = reached.wait_seconds.max(whole);
        }
        error
    })
}

/// Counts an attempt at the secret of a client.
///
/// # Errors
/// As [`admit`].
pub fn attempt(request: &HttpRequest, id: &str) -> Result<()> {
    match request.app_data::<web::Data<Limits>>() {
        // Whatever is no id shares one key: made-up words must not take memory.
        Some(limits) => limits.secrets.take(&(Uuid::parse_str(id).ok(), address(request)), 1),
        None => Ok(()),
    }
}

/// Counts an attempt that failed as several.
pub fn failed(request: &HttpRequest, id: &str) {
    if let Some(limits) = request.app_data::<web::Data<Limits>>() {
        let (address, (by_address, by_pair)) = (address(request), FAILED);
        limits.tokens.owe(&address, by_address - 1);
        limits.secrets.owe(&(Uuid::parse_str(id).ok(), address), by_pair - 1);
    }
}

fn address(request: &HttpRequest) -> IpAddr {
    network(peer_address(request))
}

/// One limit for each key.
struct Limit<K: Hash + Eq + Clone> {
    name: &'static str,
    limiter: Option<RateLimiter<K, Bounded<K>, DefaultClock>>,
    /// Quota, table and beginning of the limiter, to write debts into it.
    debts: Option<(Quota, Bounded<K>, Instant)>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(name: &'static str, quota: Option<Quota>) -> Self {
        let table = Bounded(Arc::new(DashMapStateStore::default()));
        let limiter = quota.map(|quota| RateLimiter::new(quota, table.clone(), DefaultClock::default()));
        Self { name, limiter, debts: quota.map(|quota| (quota, table, Instant::now())) }
    }

    fn take(&self, key: &K, cost: u32) -> Result<()> {
        let (Some(limiter), Some(cost)) = (&self.limiter, NonZeroU32::new(cost)) else { return Ok(()) };
        let refused = match limiter.check_key_n(key, cost) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(refused)) => refused,
            Err(_) => {
                return Err(Error::internal(format!(
                    "{cost} are more than the limit {} ever lets through",
                    self.name
                )));
            }
        };
        let (quota, wait) = (refused.quota(), refused.wait_time_from(DefaultClock::default().now()));
        Err(Error::too_often(Reached {
            policy: self.name,
            at_once: quota.burst_size().get(),
            window_seconds: whole_seconds(quota.burst_size_replenished_in()),
            wait_seconds: whole_seconds(wait),
        }))
    }

    /// Takes the cost also where there is not so much: what comes next waits for longer.
    fn owe(&self, key: &K, cost: u32) {
        let Some((quota, table, begun)) = &self.debts else { return };
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (now, debt) = (nanos(begun.elapsed()), nanos(quota.replenish_interval().saturating_mul(cost)));
        // The state is the time, in nanoseconds, from which on the key is as if it had never asked. Checking the
        // secret may have taken longer than that.
        let later = |time: Option<Nanos>| {
            let time = time.map_or(now, |time| time.as_u64().max(now));
            Ok::<_, Infallible>(((), Nanos::from(time.saturating_add(debt))))
        };
        let Ok(()) = table.measure_and_replace(key, later);
    }

    fn forget(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

/// Rounded up, at least 1.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0).max(u64::from(duration.as_secs() == 0))
}

/// The table of governor, which would grow with the number of addresses an attacker has.
#[derive(Clone)]
struct Bounded<K: Hash + Eq + Clone>(Arc<DashMapStateStore<K>>);

impl<K: Hash + Eq + Clone> StateStore for Bounded<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> std::result::Result<T, E>
    where
        F: Fn(Option<Nanos>) -> std::result::Result<(T, Nanos), E>,
    {
        if !self.0.contains_key(key) && self.0.len() >= MOST_KEYS {
            self.0.clear();
        }
        self.0.measure_and_replace(key, f)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Bounded<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain_recent(drop_below);
    }

    fn shrink_to_fit(&self) {
        self.0.as_ref().shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn limit<K: Hash + Eq + Clone>(rate: u32, burst: u32) -> Limit<K> {
        let number = |number| NonZeroU32::new(number).unwrap();
        Limit::new("test", Some(Quota::per_second(number(rate)).allow_burst(number(burst))))
    }

    #[test]
    fn a_burst_passes_and_then_the_wait_is_told() {
        let limit: Limit<&str> = limit(1, 5);
        for _ in 0..5 {
            limit.take(&"a", 1).unwrap();
        }
        let refused = limit.take(&"a", 3).unwrap_err();
        let reached = *refused.reached.unwrap();
        assert_eq!((refused.code, reached.policy), (ErrorCode::RateLimited, "test"));
        assert_eq!((reached.at_once, reached.window_seconds, reached.wait_seconds), (5, 5, 3));
        limit.take(&"b", 5).unwrap();
        limit.take(&"c", 1).unwrap();
        limit.owe(&"c", 24);
        assert_eq!(limit.take(&"c", 1).unwrap_err().reached.unwrap().wait_seconds, 21);
        assert!(Limit::new("off", None).take(&"a", u32::MAX).is_ok());
    }

    #[test]
    fn the_table_forgets_who_is_done_and_never_grows_without_end() {
        let limit: Limit<u32> = limit(1_000_000, 1);
        let count = |limit: &Limit<u32>| limit.limiter.as_ref().map_or(0, RateLimiter::len);
        for key in 0..250_000 {
            let _ = limit.take(&key, 1);
            assert!(count(&limit) <= MOST_KEYS);
        }
        assert!(count(&limit) > 0);
        std::thread::sleep(Duration::from_millis(5));
        limit.forget();
        assert_eq!(count(&limit), 0);
    }

    #[test]
    fn seconds_are_rounded_up_and_never_none() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis}");
        }
    }
}
