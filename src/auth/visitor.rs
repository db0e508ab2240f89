//! The check of one token of a trusted issuer, and what its claims mean here. Pure: `service::issuers` fetches keys.

use super::issuer::Issuer;
use crate::domain::agency::AgencyCode;
use crate::domain::client::ClientKind;
use crate::domain::ids::ClientId;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// How far an issuer's clock may be from ours.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// Longest `sub`, in bytes (OpenID Connect Core 1.0 section 2).
const MAX_SUBJECT: usize = 255;

/// Most keys of one issuer that are held.
const MAX_KEYS: usize = 64;

/// Somebody an issuer vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// What the issuer calls them.
    pub subject: String,
    /// What they are.
    pub kind: ClientKind,
    /// Root of their subtree; `None` is the whole country.
    pub agency: Option<AgencyCode>,
    /// When the token ends, by its own word or by our limit.
    pub expires_at: DateTime<Utc>,
}

/// The keys of an issuer by their names.
#[derive(Default)]
pub struct IssuerKeys(HashMap<String, (DecodingKey, Option<Algorithm>)>);

impl IssuerKeys {
    /// Reads a JSON Web Key Set. Keys that are symmetric, not for signatures, unnamed or of an unknown kind are left
    /// out: an issuer may publish what is not meant for us.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if it is none.
    pub fn parse(body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body)
            .map_err(|error| Error::new(ErrorCode::Unavailable).because(error))?;
        let usable = |key: Value| {
            let algorithm = match key.get("alg") {
                Some(named) => Some(named.as_str()?.parse::<Algorithm>().ok()?),
                None => None,
            };
            let jwk: Jwk = serde_json::from_value(key).ok()?;
            let (common, parameters) = (&jwk.common, &jwk.algorithm);
            let symmetric = matches!(parameters, AlgorithmParameters::OctetKey(_));
            let signs = common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
            let decoding = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs && !symmetric)?;
            Some((common.key_id.clone()?, (decoding, algorithm)))
        };
        Ok(Self(set.keys.into_iter().take(MAX_KEYS).filter_map(usable).collect()))
    }

    /// Whether there is a key of this name.
    pub fn knows(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }
}

/// What `iss` says, before anything is believed.
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token).ok().map(|claims| claims.iss)
}

impl Issuer {
    /// The key and the algorithm that a token names, if its head is one that this issuer's tokens may have.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`].
    pub fn head_of(&self, token: &str) -> Result<(String, Algorithm)> {
        let header = jsonwebtoken::decode_header(token)
            .map_err(|error| Error::new(ErrorCode::TokenInvalid).because(error))?;
        let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
        if !matches!(typ.as_deref(), None | Some("jwt" | "at+jwt" | "application/at+jwt")) {
            return Err(refused("another type of token"));
        }
        if !self.algorithms.contains(&header.alg) || header.crit.is_some() {
            return Err(refused("an algorithm or extension that is not agreed"));
        }
        Ok((header.kid.ok_or_else(|| refused("no kid"))?, header.alg))
    }

    /// Checks a token and tells whom the issuer vouches for: algorithm, signature, issuer, audience, times, and what
    /// its claims mean here.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`], with a detail where the token is genuine but its claims mean nothing here;
    /// [`ErrorCode::TokenExpired`].
    pub fn verify(&self, keys: &IssuerKeys, token: &str, now: DateTime<Utc>) -> Result<Visitor> {
        let (kid, algorithm) = self.head_of(token)?;
        let (decoding, pinned) = keys.0.get(&kid).ok_or_else(|| refused("the key is not known"))?;
        if pinned.is_some_and(|pinned| pinned != algorithm) {
            return Err(refused("the key is for another algorithm"));
        }
        let mut demands = Validation::new(algorithm);
        demands.set_issuer(&[&self.url]);
        demands.set_audience(&[&self.audience]);
        demands.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would ask the system's clock; ours is an argument.
        demands.validate_exp = false;
        demands.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, decoding, &demands)
            .map_err(|error| Error::new(ErrorCode::TokenInvalid).because(error))?
            .claims;
        let expires_at = self.times(&claims, now)?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
            return Err(refused("no usable sub"));
        }
        Ok(Visitor {
            subject: subject.to_owned(),
            kind: self.role(&claims)?,
            agency: self.agency(&claims)?,
            expires_at,
        })
    }

    /// When the token ends; not later than our limit after it was issued.
    fn times(&self, claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let read = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => {
                // A NumericDate may have a fraction (RFC 7519 section 2).
                let seconds = value.as_i64().or_else(|| value.as_f64().and_then(num_traits::cast));
                let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
                time.map(Some).ok_or_else(|| refused("a time that is none"))
            }
        };
        let issued_at = read("iat")?.ok_or_else(|| unmapped("the token has no iat"))?;
        let expires_at = read("exp")?.ok_or_else(|| refused("no exp"))?;
        let begins = read("nbf")?.unwrap_or(issued_at).max(issued_at);
        if begins > now + LEEWAY {
            return Err(refused("not valid yet"));
        }
        let end = expires_at.min(issued_at.checked_add_signed(self.longest).unwrap_or(issued_at));
        if end + LEEWAY <= now { Err(Error::new(ErrorCode::TokenExpired)) } else { Ok(end + LEEWAY) }
    }

    fn role(&self, claims: &Map<String, Value>) -> Result<ClientKind> {
        let values: Vec<&str> = match claim(claims, &self.role_claim) {
            Some(Value::String(value)) => vec![value],
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut kinds = values.into_iter().filter_map(|value| self.roles.get(value));
        let kind = kinds.next().ok_or_else(|| unmapped("the token names no role known here"))?;
        if kinds.any(|other| other != kind) {
            return Err(unmapped("the token names several roles"));
        }
        Ok(*kind)
    }

    fn agency(&self, claims: &Map<String, Value>) -> Result<Option<AgencyCode>> {
        let value = claim(claims, &self.agency_claim).and_then(Value::as_str);
        let value = value.ok_or_else(|| unmapped("the token names no agency"))?;
        if self.whole_country.as_deref() == Some(value) {
            return Ok(None);
        }
        AgencyCode::parse(value).map(Some).map_err(|_| unmapped("the token names no agency known here"))
    }
}

/// A claim by its name or, in a nested one, by JSON Pointer (RFC 6901).
fn claim<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let Some(rest) = path.strip_prefix('/') else { return claims.get(path) };
    let unescape = |name: &str| name.replace("~1", "/").replace("~0", "~");
    let (first, below) = rest.split_once('/').map_or((rest, None), |(first, below)| (first, Some(below)));
    let top = claims.get(&unescape(first))?;
    below.map_or(Some(top), |below| top.pointer(&format!("/{below}")))
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorCode::TokenInvalid).because(why)
}

/// The refusal of a token that is genuine: whoever holds it may know why.
pub fn unmapped(why: &'static str) -> Error {
    Error::new(ErrorCode::TokenInvalid).detail(why)
}

/// The id under which a subject of an issuer is known here: the same for ever, and for no other. A UUID of version 8
/// (RFC 9562 section 5.8) from SHA-256 of both names.
pub fn client_id(issuer: &str, subject: &str) -> ClientId {
    // Neither name has a NUL (they are a URL and printable text), so no two pairs are written alike.
    let digest = Sha256::digest(format!("{issuer}\0{subject}"));
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    ClientId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::issuer::tests::issuer;

    #[test]
    fn claims_mean_what_was_agreed_and_nothing_else() {
        let issuer = issuer();
        let claims = |role: Value, agency: Value| {
            let claims = serde_json::json!({"realm_access": {"roles": role}, "agency": agency});
            claims.as_object().unwrap().clone()
        };
        let role = |role: Value| issuer.role(&claims(role, Value::Null)).ok();
        assert_eq!(role("sipas-admin".into()), Some(ClientKind::Admin));
        assert_eq!(role(serde_json::json!(["x", "reports", "sipas-system"])), Some(ClientKind::System));
        assert_eq!(role(serde_json::json!(["reports", "sipas-admin"])), None, "two roles are none");
        assert_eq!(role("admin".into()), None, "the words of ours are not the issuer's");
        assert_eq!(role(Value::Null), None);
        let agency = |agency: Value| issuer.agency(&claims(Value::Null, agency)).ok();
        assert_eq!(agency("VN".into()), Some(None));
        assert_eq!(agency("H56.C1".into()), Some(Some(AgencyCode::parse("H56.C1").unwrap())));
        for none in [Value::Null, "".into(), "everything".into(), serde_json::json!(["H56"])] {
            assert_eq!(agency(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn a_token_lives_no_longer_than_we_allow() {
        let (issuer, now) = (issuer(), DateTime::from_timestamp(10_000, 0).unwrap());
        let times = |claims: Value| issuer.times(claims.as_object().unwrap(), now);
        let end = |claims: Value| times(claims).unwrap().timestamp() - LEEWAY.num_seconds();
        assert_eq!(end(serde_json::json!({"iat": 9_990, "exp": 10_500})), 10_500);
        assert_eq!(end(serde_json::json!({"iat": 9_990.5, "exp": 999_999})), 9_990 + 3600);
        let code = |claims: Value| times(claims).unwrap_err().code;
        assert_eq!(code(serde_json::json!({"iat": 9_000, "exp": 9_970})), ErrorCode::TokenExpired);
        assert_eq!(code(serde_json::json!({"iat": 6_000, "exp": 99_999})), ErrorCode::TokenExpired);
        assert_eq!(code(serde_json::json!({"iat": 10_031, "exp": 10_500})), ErrorCode::TokenInvalid);
        assert_eq!(
            code(serde_json::json!({"iat": 10_000, "nbf": 10_031, "exp": 10_500})),
            ErrorCode::TokenInvalid
        );
        assert_eq!(code(serde_json::json!({"exp": 10_500})), ErrorCode::TokenInvalid);
        assert_eq!(code(serde_json::json!({"iat": "9990", "exp": 10_500})), ErrorCode::TokenInvalid);
    }

    #[test]
    fn a_subject_has_one_id() {
        assert_eq!(client_id("https://a", "b"), client_id("https://a", "b"));
        assert_ne!(client_id("https://a", "b"), client_id("https://a", "c"));
        assert_ne!(client_id("https://a", "b"), client_id("https://", "ab"));
        assert_eq!(client_id("https://a", "b").0.get_version_num(), 8);
    }
}
