//! Issuers besides ourselves whose tokens are taken: how each is configured. `super::visitor` checks their tokens.
//!
//! The operator says for each issuer, in a file, what is pinned (its URL, where its keys are, our name in `aud`, the
//! algorithms, asymmetric ones only) and what its words mean (which claim holds the role and which values mean which
//! kind of client; which claim holds the agency). A token that has no mapped role, several that differ, or no agency
//! is refused. No issuer can vouch for a device: those are enrolled here.

use crate::domain::client::ClientKind;
use crate::error::{Error, ErrorCode, Lang, Result};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use reqwest::Url;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysAt {
    /// At this address.
    Known(Url),
    /// At the address that this document names (OpenID Connect Discovery 1.0 section 4).
    Discovered(Url),
}

/// An issuer as the operator configured it.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// What `iss` says, to the letter.
    pub url: String,
    /// Where its keys are.
    pub keys_at: KeysAt,
    /// Least time between two fetches of its keys.
    pub refetch_after: Duration,
    pub(super) audience: String,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) longest: TimeDelta,
    pub(super) role_claim: String,
    pub(super) roles: BTreeMap<String, ClientKind>,
    pub(super) agency_claim: String,
    pub(super) whole_country: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    issuer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    url: String,
    jwks: Option<String>,
    audience: String,
    algorithms: Vec<String>,
    #[serde(default = "an_hour")]
    longest_token_seconds: u32,
    #[serde(default = "ten_seconds")]
    refetch_seconds: u32,
    role_claim: String,
    roles: BTreeMap<String, Vec<String>>,
    agency_claim: String,
    whole_country: Option<String>,
}

const fn an_hour() -> u32 {
    3600
}

const fn ten_seconds() -> u32 {
    10
}

/// Reads the file of trusted issuers. `own` is the issuer of our own tokens, which nobody else may claim to be.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail that has a line for each broken rule.
pub fn parse(text: &str, own: &str) -> Result<Vec<Issuer>> {
    let refuse = |lines: String| Error::new(ErrorCode::ValidationFailed).detail(lines);
    let file: File =
        toml::from_str(text).map_err(|error| refuse(format!("trusted issuers: {}", error.message())))?;
    let (mut issuers, mut broken, mut seen) = (Vec::new(), Vec::new(), BTreeSet::from([own.to_owned()]));
    for entry in file.issuer {
        let url = entry.url.clone();
        if !seen.insert(url.clone()) {
            broken.push(format!("trusted issuer {url}: named twice, or our own"));
        }
        match entry.check() {
            Ok(issuer) => issuers.push(issuer),
            Err(faults) => {
                broken.extend(faults.into_iter().map(|fault| format!("trusted issuer {url}: {fault}")));
            }
        }
    }
    if broken.is_empty() { Ok(issuers) } else { Err(refuse(broken.join("\n"))) }
}

impl Entry {
    fn check(self) -> std::result::Result<Issuer, Vec<String>> {
        let mut faults = Vec::new();
        let mut fault = |text: String| faults.push(text);
        let discovery = format!("{}/.well-known/openid-configuration", self.url.trim_end_matches('/'));
        let keys_at = match &self.jwks {
            Some(jwks) => safe_url(jwks).map(KeysAt::Known),
            None => safe_url(&discovery).map(KeysAt::Discovered),
        };
        if let Err(text) = &keys_at {
            fault(text.clone());
        }
        let mut algorithms = Vec::new();
        for name in &self.algorithms {
            match name.parse::<Algorithm>() {
                Ok(algorithm) if !AlgorithmFamily::Hmac.algorithms().contains(&algorithm) => {
                    algorithms.push(algorithm)
                }
                _ => fault(format!("algorithms: {name} is no asymmetric algorithm known here")),
            }
        }
        let mut roles = BTreeMap::new();
        for (word, values) in self.roles {
            match ClientKind::parse(&word) {
                Ok(ClientKind::Device) => fault("roles: no issuer vouches for devices".into()),
                Ok(kind) => {
                    for value in values {
                        if roles.insert(value.clone(), kind).is_some_and(|other| other != kind) {
                            fault(format!("roles: {value} means two things"));
                        }
                    }
                }
                Err(kind) => fault(format!("roles: {word}: {}", kind.detail(Lang::En))),
            }
        }
        for (name, missing) in [
            ("audience", self.audience.is_empty()),
            ("algorithms", self.algorithms.is_empty()),
            ("role_claim", self.role_claim.is_empty()),
            ("roles", roles.is_empty()),
            ("agency_claim", self.agency_claim.is_empty()),
            ("whole_country", self.whole_country.as_deref() == Some("")),
        ] {
            if missing {
                fault(format!("{name}: must not be empty"));
            }
        }
        if !(60..=86_400).contains(&self.longest_token_seconds) {
            fault("longest_token_seconds: from 60 to 86400".into());
        }
        if !(1..=3600).contains(&self.refetch_seconds) {
            fault("refetch_seconds: from 1 to 3600".into());
        }
        match keys_at {
            Ok(keys_at) if faults.is_empty() => Ok(Issuer {
                url: self.url,
                keys_at,
                refetch_after: Duration::from_secs(self.refetch_seconds.into()),
                audience: self.audience,
                algorithms,
                longest: TimeDelta::seconds(self.longest_token_seconds.into()),
                role_claim: self.role_claim,
                roles,
                agency_claim: self.agency_claim,
                whole_country: self.whole_country,
            }),
            _ => Err(faults),
        }
    }
}

/// An address keys may be fetched from: HTTPS, or HTTP on this machine.
///
/// # Errors
/// A sentence for people.
pub fn safe_url(text: &str) -> std::result::Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text}: {error}"))?;
    let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let plain = url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "https" if plain => Ok(url),
        "http" if plain && here => Ok(url),
        _ => Err(format!("{text}: has to begin with https:// and have no password")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const FILE: &str = r#"
        [[issuer]]
        url = "https://sso.example/realms/x"
        audience = "sipas"
        algorithms = ["ES256", "RS256"]
        role_claim = "/realm_access/roles"
        roles = { admin = ["sipas-admin"], system = ["sipas-system", "reports"] }
        agency_claim = "agency"
        whole_country = "VN"
    "#;

    pub fn issuer() -> Issuer {
        parse(FILE, "sipas").unwrap().remove(0)
    }

    fn faults(text: &str) -> String {
        parse(text, "sipas").map(drop).unwrap_err().detail.unwrap()
    }

    #[test]
    fn keys_are_discovered_unless_their_place_is_given() {
        let at = "https://sso.example/realms/x/.well-known/openid-configuration";
        assert_eq!(issuer().keys_at, KeysAt::Discovered(Url::parse(at).unwrap()));
        let given = FILE.replace("audience", "jwks = \"https://sso.example/keys\"\naudience");
        let at = Url::parse("https://sso.example/keys").unwrap();
        assert_eq!(parse(&given, "sipas").unwrap()[0].keys_at, KeysAt::Known(at));
    }

    #[test]
    fn the_file_that_the_readme_shows_is_good() {
        let readme = include_str!("../../README.md");
        let file = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(parse(file, "sipas").unwrap().len(), 1);
    }

    #[test]
    fn every_broken_rule_of_the_file_is_named() {
        let wrong = FILE
            .replace("https://sso", "http://sso")
            .replace("\"RS256\"", "\"HS256\"")
            .replace("system =", "device =")
            .replace("\"VN\"", "\"\"");
        let told = faults(&wrong);
        for part in ["has to begin with https://", "HS256", "devices", "whole_country"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(faults(&FILE.replace("audience", "audiense")).contains("audiense"));
        assert!(faults(&format!("{FILE}{FILE}")).contains("named twice"));
        assert!(parse(FILE, "https://sso.example/realms/x").is_err(), "nobody else is ourselves");
        assert!(faults(&FILE.replace("\"reports\"", "\"sipas-admin\"")).contains("means two things"));
    }

    #[test]
    fn keys_are_fetched_over_tls_or_from_this_machine() {
        for good in ["https://a.example/x", "http://127.0.0.1:1/x", "http://[::1]/", "http://localhost:9"] {
            assert!(safe_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example",
            "http://localhost@a.example",
            "http://127.0.0.1.a.example",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://u:p@a.example",
            "x",
        ] {
            assert!(safe_url(bad).is_err(), "{bad}");
        }
    }
}
