//! Where events are sent, and where not: a webhook must not reach what stands beside the service (server-side request
//! forgery). Addresses are looked at after the name was resolved, and the connection goes to the very addresses that
//! were looked at, so that a name cannot change in between.

use crate::domain::webhook::is_public;
use crate::error::{Error, FaultKind, Result};
use chrono::TimeDelta;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::error::Error as StdError;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Longest address of a webhook, in characters.
const MAX_URL: usize = 500;

/// Longest time to look a name up when a webhook is made.
const LOOK_UP: Duration = Duration::from_secs(2);

/// What an operator may set.
#[derive(Debug, Clone, Copy)]
pub struct SenderRules {
    /// Whether internal addresses and plain HTTP are allowed: for tests and closed networks.
    pub allow_private: bool,
    /// Longest time of an attempt.
    pub timeout: TimeDelta,
}

/// Posts to webhooks.
pub struct Sender {
    pub(super) http: reqwest::Client,
    /// What an operator may set.
    pub rules: SenderRules,
}

/// Looks names up and keeps back internal addresses.
struct Checked {
    allow_private: bool,
}

/// Said where a name leads to an internal address.
#[derive(Debug, thiserror::Error)]
#[error("private_address")]
struct Internal;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One among several is enough to refuse the name: it is none of a public receiver's.
            if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
                return Err(Internal.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

impl Sender {
    /// Posts by these rules.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) if this machine has no trusted roots for TLS.
    pub fn new(rules: SenderRules) -> Result<Self> {
        let timeout = rules.timeout.to_std().map_err(Error::internal)?;
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            // A proxy would look the name up itself.
            .no_proxy()
            .timeout(timeout)
            .user_agent("SIPAS")
            .dns_resolver(std::sync::Arc::new(Checked { allow_private: rules.allow_private }))
            // A connection lives on the runtime of the worker that opened it, and the next event may be days away.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(Error::internal)?;
        Ok(Self { http, rules })
    }

    /// Reads the address of a webhook: HTTPS, with a host, without user, password and fragment, not an internal address.
    /// Every form of an address that browsers know is one (`127.1`, `0x7f000001`, `2130706433`). Names are looked
    /// at when they are looked up.
    ///
    /// # Errors
    /// [`FaultKind::TooLong`], [`FaultKind::BadFormat`], [`FaultKind::PrivateAddress`].
    pub fn target(&self, text: &str) -> std::result::Result<Url, FaultKind> {
        if text.chars().count() > MAX_URL {
            return Err(FaultKind::TooLong { max: MAX_URL });
        }
        let wrong = || FaultKind::BadFormat { expected: "https://receiver.example.vn/sipas" };
        // A URL would take blanks away silently, and nobody listens at port 0.
        if text.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        if url.port() == Some(0) {
            return Err(wrong());
        }
        let secure = url.scheme() == "https" || (self.rules.allow_private && url.scheme() == "http");
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|host| !host.is_empty());
        let Some(host) = host.filter(|_| secure && plain) else { return Err(wrong()) };
        let inside = literal(host).map_or_else(|| is_inside(host), |address| !is_public(address));
        if inside && !self.rules.allow_private { Err(FaultKind::PrivateAddress) } else { Ok(url) }
    }

    /// As [`Sender::target`], and looks the name up: one that cannot be found now may be found later and is taken.
    ///
    /// # Errors
    /// As [`Sender::target`].
    pub async fn target_now(&self, text: &str) -> std::result::Result<Url, FaultKind> {
        let url = self.target(text)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if self.rules.allow_private || literal(&host).is_some() {
            return Ok(url);
        }
        let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((host, 0))).await;
        match found {
            Ok(Ok(found)) => {
                let inside = found.into_iter().any(|address| !is_public(address.ip()));
                if inside { Err(FaultKind::PrivateAddress) } else { Ok(url) }
            }
            _ => Ok(url),
        }
    }
}

/// Whether a name is one of this machine or this network whatever it leads to (RFC 6761, RFC 6762, ICANN's `.internal`);
/// nor is a name without a dot a public one.
fn is_inside(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || ["localhost", "local", "internal"].iter().any(|top| name.rsplit('.').next() == Some(top))
}

/// The address that a host is, if it is one; the URL has brought every form of it into one.
fn literal(host: &str) -> Option<IpAddr> {
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match v6 {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
}

/// Why nothing came back, in a few words; never the address, which may be nobody's business.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut next = error.source();
    while let Some(source) = next {
        if source.is::<Internal>() {
            return FaultKind::PrivateAddress.name().to_owned();
        }
        next = source.source();
    }
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer that could be read"
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(allow_private: bool) -> Sender {
        Sender::new(SenderRules { allow_private, timeout: TimeDelta::seconds(1) }).unwrap()
    }

    #[test]
    fn internal_addresses_are_refused_in_every_form() {
        let sender = sender(false);
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://10.0.0.1:8443/x",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.1.1/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://0/",
            "https://192.168.1.1./",
            "https://①27.0.0.1/",
            "https://localhost./",
            "https://a.internal/",
            "https://a.local/",
            "https://metadata/",
        ] {
            assert_eq!(sender.target(url), Err(FaultKind::PrivateAddress), "{url}");
        }
        for url in [
            "http://8.8.8.8/",
            "ftp://a.example/",
            "https://u:p@a.example/",
            "https://a.example/#x",
            "https://",
            "https://a.example:0/",
            " https://a.example/",
            "https://a.example/x y",
            "a.example",
            "file:///etc/passwd",
        ] {
            assert!(matches!(sender.target(url), Err(FaultKind::BadFormat { .. })), "{url}");
        }
        for url in
            ["https://8.8.8.8/", "https://receiver.example.vn/sipas?x=1", "https://[2606:4700::1]:8443/"]
        {
            assert!(sender.target(url).is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_before_and_while_connecting() {
        let sender = sender(false);
        assert_eq!(sender.target_now("https://localhost/").await, Err(FaultKind::PrivateAddress));
        // What is resolved while connecting is held against the same rule: the name may have changed meanwhile.
        let error = sender.http.post("https://localhost:9/").send().await.unwrap_err();
        assert_eq!(cause(&error), "private_address");
    }
}
