//! Access tokens: JWT (RFC 7519) in the profile of RFC 9068, signed with ES256, verifiable by others with the
//! published key set (RFC 7517). The only file that sees their private keys.
//!
//! Where keys live. An instance makes its private key itself, keeps it in memory alone, and enters the public half
//! into the database, where every instance finds it. So nothing has to be set up or shared between instances, a
//! restart needs no key of the past to check a token of the past, and no private key is in a dump, a backup, a file or
//! another instance. A key signs for a day at most ([`SIGNING_LIFE`]), then the instance makes the next one.
//! Whoever may write to the database may enter a key; but so could they enter an administrator.

use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::domain::permission::Permission;
use crate::domain::signing_key::{KeyState, SigningKey};
use crate::error::{Error, ErrorCode, Result};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// How long a key signs.
pub const SIGNING_LIFE: TimeDelta = TimeDelta::hours(24);

/// `typ` of an access token (RFC 9068 section 2.1): no other kind of JWT passes for one.
const TYPE: &str = "at+jwt";

/// What a token says (RFC 9068 section 2.2), and the kind of client.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    client_id: Uuid,
    kind: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    /// What it is narrowed to (RFC 8693 section 4.2): words with spaces between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// A token that was signed.
#[derive(Debug)]
pub struct Issued {
    /// Its text.
    pub token: String,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// What it is narrowed to, if it is.
    pub scope: Option<String>,
}

/// What a token says that was checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whose it is.
    pub client: ClientId,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// What it is narrowed to, if it is.
    pub scope: Option<BTreeSet<Permission>>,
}

/// Permissions as RFC 6749 section 3.3 writes them.
pub fn scope_text(permissions: &BTreeSet<Permission>) -> String {
    permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(" ")
}

/// What all our tokens have in common.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Life in seconds.
    pub lifetime_seconds: u32,
}

/// A key that signs.
pub struct PrivateKey {
    encoding: EncodingKey,
    kid: String,
    point: Vec<u8>,
}

impl PrivateKey {
    /// A new key that nobody else has.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if the system has no randomness.
    pub fn generate() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(Error::internal)?;
        let encoding = EncodingKey::from_ec_der(pair.to_pkcs8v1().map_err(Error::internal)?.as_ref());
        let jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(Error::internal)?;
        let AlgorithmParameters::EllipticCurve(curve) = &jwk.algorithm else {
            return Err(Error::internal("the key that was made is on no curve"));
        };
        let mut point = URL_SAFE_NO_PAD.decode(&curve.x).map_err(Error::internal)?;
        point.extend(URL_SAFE_NO_PAD.decode(&curve.y).map_err(Error::internal)?);
        Ok(Self { kid: jwk.thumbprint(ThumbprintHash::SHA256).map_err(Error::internal)?, encoding, point })
    }

    /// Its name: the thumbprint of RFC 7638.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What others may know of it, if it begins to sign now.
    pub fn public(&self, rules: &TokenRules, now: DateTime<Utc>) -> SigningKey {
        SigningKey {
            kid: self.kid.clone(),
            public_key: self.point.clone(),
            created_at: now,
            signs_until: now + SIGNING_LIFE,
            token_seconds: i32::try_from(rules.lifetime_seconds).unwrap_or(i32::MAX),
            withdrawn_at: None,
        }
    }

    /// Signs a token for a client, narrowed to `scope` if there is one. It ends with the client at the latest.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if signing fails.
    pub fn issue(
        &self,
        rules: &TokenRules,
        client: &Client,
        scope: Option<&BTreeSet<Permission>>,
        now: DateTime<Utc>,
    ) -> Result<Issued> {
        let end = now.timestamp() + i64::from(rules.lifetime_seconds);
        let end = client.terms.expires_at.map_or(end, |client| end.min(client.timestamp()));
        let scope = scope.map(scope_text);
        let claims = Claims {
            iss: rules.issuer.clone(),
            aud: rules.audience.clone(),
            sub: client.id.0,
            client_id: client.id.0,
            kind: client.kind.as_str().into(),
            iat: now.timestamp(),
            exp: end,
            jti: Uuid::from_u128(rand::random()),
            scope: scope.clone(),
        };
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.into());
        header.kid = Some(self.kid.clone());
        let token = jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Error::internal)?;
        Ok(Issued { token, expires_in: end - now.timestamp(), scope })
    }
}

/// The keys this service knows of, as of one look at the database.
#[derive(Default)]
pub struct KeyRing(HashMap<String, Known>);

struct Known {
    key: SigningKey,
    decoding: DecodingKey,
    jwk: Jwk,
}

impl KeyRing {
    /// Takes what the database has.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if a point is none.
    pub fn new(keys: Vec<SigningKey>) -> Result<Self> {
        let known = |key: SigningKey| {
            let (x, y) =
                key.public_key.split_at_checked(32).ok_or_else(|| Error::internal("half a point"))?;
            let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
            let decoding = DecodingKey::from_ec_components(&x, &y).map_err(Error::internal)?;
            let common = CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(KeyAlgorithm::ES256),
                key_id: Some(key.kid.clone()),
                ..CommonParameters::default()
            };
            let (key_type, curve) = (EllipticCurveKeyType::EC, EllipticCurve::P256);
            let algorithm =
                AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters { key_type, curve, x, y });
            Ok((key.kid.clone(), Known { key, decoding, jwk: Jwk { common, algorithm } }))
        };
        Ok(Self(keys.into_iter().map(known).collect::<Result<_>>()?))
    }

    /// Whether the key of this name may sign now.
    pub fn signs(&self, kid: &str, now: DateTime<Utc>) -> bool {
        self.0.get(kid).is_some_and(|known| known.key.state(now) == KeyState::Signing)
    }

    /// Whether there is a key of this name at all.
    pub fn knows(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }

    /// The trusted keys as a JSON Web Key Set, in the order of their names.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if they cannot be written, which would be a defect.
    pub fn public_json(&self, now: DateTime<Utc>) -> Result<serde_json::Value> {
        let trusted = |known: &&Known| matches!(known.key.state(now), KeyState::Signing | KeyState::Trusted);
        let mut trusted: Vec<&Known> = self.0.values().filter(trusted).collect();
        trusted.sort_unstable_by(|one, other| one.key.kid.cmp(&other.key.kid));
        let keys: Vec<&Jwk> = trusted.into_iter().map(|known| &known.jwk).collect();
        Ok(serde_json::json!({ "keys": serde_json::to_value(keys).map_err(Error::internal)? }))
    }

    /// Checks a token by the key it names: type, algorithm, signature, issuer, audience, then its time against
    /// `now`. Gives whose it is and when it ends. A key that is over gives no token more life, whatever that says.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`] or [`ErrorCode::TokenExpired`].
    pub fn verify(&self, rules: &TokenRules, token: &str, now: DateTime<Utc>) -> Result<Checked> {
        let refused = |why: &'static str| Error::new(ErrorCode::TokenInvalid).because(why);
        let kid = kid_of(token)?;
        let known = self.0.get(&kid).ok_or_else(|| refused("the key is not known"))?;
        if known.key.state(now) == KeyState::Withdrawn {
            return Err(refused("the key was withdrawn"));
        }
        let mut demands = Validation::new(Algorithm::ES256);
        demands.set_issuer(&[&rules.issuer]);
        demands.set_audience(&[&rules.audience]);
        demands.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would ask the system's clock; ours is an argument.
        demands.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &known.decoding, &demands)
            .map_err(|error| Error::new(ErrorCode::TokenInvalid).because(error))?
            .claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let expires_at = expires_at.min(known.key.trusted_until());
        if expires_at <= now {
            return Err(Error::new(ErrorCode::TokenExpired));
        }
        // A word of the scope that this program does not know permits nothing.
        let words = |text: String| text.split(' ').filter_map(|word| Permission::parse(word).ok()).collect();
        Ok(Checked { client: ClientId(claims.sub), expires_at, scope: claims.scope.map(words) })
    }
}

/// The key that a token of ours names, before anything about it is believed.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`] for what is no access token, names no key, or demands what nobody here understands.
pub fn kid_of(token: &str) -> Result<String> {
    let refused = || Error::new(ErrorCode::TokenInvalid);
    let header = jsonwebtoken::decode_header(token).map_err(|error| refused().because(error))?;
    if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::ES256 || header.crit.is_some() {
        return Err(refused().because("not an access token signed with ES256"));
    }
    header.kid.ok_or_else(|| refused().because("no kid"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::{ClientKind, Terms};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn rules(issuer: &str, audience: &str, lifetime_seconds: u32) -> TokenRules {
        TokenRules { issuer: issuer.into(), audience: audience.into(), lifetime_seconds }
    }

    fn client() -> Client {
        Client {
            id: ClientId(Uuid::nil()),
            kind: ClientKind::Device,
            name: String::new(),
            agency: None,
            service_point: None,
            revoked_at: None,
            terms: Terms::default(),
            posting: crate::domain::device::Posting::default(),
        }
    }

    fn code(result: Result<Checked>) -> ErrorCode {
        result.unwrap_err().code
    }

    #[test]
    fn a_token_is_good_until_it_expires_and_for_its_key_alone() {
        let (key, other, sipas) =
            (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap(), rules("sipas", "sipas", 60));
        let ring = KeyRing::new(vec![key.public(&sipas, NOW)]).unwrap();
        let token = key.issue(&sipas, &client(), None, NOW).unwrap().token;
        let end = NOW + TimeDelta::seconds(60);
        let checked = Checked { client: client().id, expires_at: end, scope: None };
        assert_eq!(ring.verify(&sipas, &token, NOW).unwrap(), checked);
        assert_eq!(code(ring.verify(&sipas, &token, end)), ErrorCode::TokenExpired);
        assert_eq!(code(ring.verify(&rules("sipas", "other", 60), &token, NOW)), ErrorCode::TokenInvalid);
        assert_eq!(code(ring.verify(&rules("other", "sipas", 60), &token, NOW)), ErrorCode::TokenInvalid);
        let unknown = other.issue(&sipas, &client(), None, NOW).unwrap().token;
        assert_eq!(code(ring.verify(&sipas, &unknown, NOW)), ErrorCode::TokenInvalid);
        let forged =
            PrivateKey { kid: key.kid.clone(), ..other }.issue(&sipas, &client(), None, NOW).unwrap().token;
        assert_eq!(code(ring.verify(&sipas, &forged, NOW)), ErrorCode::TokenInvalid);
    }

    #[test]
    fn a_token_ends_with_its_client_and_says_what_it_is_narrowed_to() {
        let (key, sipas) = (PrivateKey::generate().unwrap(), rules("sipas", "sipas", 60));
        let ring = KeyRing::new(vec![key.public(&sipas, NOW)]).unwrap();
        let terms = Terms { expires_at: Some(NOW + TimeDelta::seconds(7)), ..Terms::default() };
        let scope = BTreeSet::from([Permission::ReadFigures, Permission::SubmitResponse]);
        let issued = key.issue(&sipas, &Client { terms, ..client() }, Some(&scope), NOW).unwrap();
        assert_eq!((issued.expires_in, issued.scope.as_deref()), (7, Some("submit_response read_figures")));
        let checked = ring.verify(&sipas, &issued.token, NOW).unwrap();
        assert_eq!((checked.expires_at - NOW, checked.scope), (TimeDelta::seconds(7), Some(scope)));
    }

    #[test]
    fn a_key_that_is_over_or_withdrawn_makes_no_token_good() {
        let (key, sipas) = (PrivateKey::generate().unwrap(), rules("sipas", "sipas", 60));
        // Signed by somebody who holds the key and is in no hurry.
        let token = key.issue(&rules("sipas", "sipas", 1_000_000_000), &client(), None, NOW).unwrap().token;
        let public = key.public(&sipas, NOW);
        let over = public.trusted_until();
        let ring = KeyRing::new(vec![public.clone()]).unwrap();
        assert_eq!(ring.verify(&sipas, &token, NOW).unwrap().expires_at, over);
        assert_eq!(code(ring.verify(&sipas, &token, over)), ErrorCode::TokenExpired);
        assert_eq!(ring.public_json(over).unwrap()["keys"].as_array().unwrap().len(), 0);
        let withdrawn = KeyRing::new(vec![SigningKey { withdrawn_at: Some(NOW), ..public }]).unwrap();
        assert_eq!(code(withdrawn.verify(&sipas, &token, NOW)), ErrorCode::TokenInvalid);
        assert_eq!(withdrawn.public_json(NOW).unwrap()["keys"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn the_key_set_verifies_and_its_names_are_thumbprints() {
        let (key, sipas) = (PrivateKey::generate().unwrap(), rules("sipas", "sipas", 60));
        let ring = KeyRing::new(vec![key.public(&sipas, NOW)]).unwrap();
        let jwk: Jwk = serde_json::from_value(ring.public_json(NOW).unwrap()["keys"][0].clone()).unwrap();
        assert_eq!(jwk.thumbprint(ThumbprintHash::SHA256).unwrap(), key.kid());
        assert_eq!(jwk.common.key_id.as_deref(), Some(key.kid()));
        let mut demands = Validation::new(Algorithm::ES256);
        demands.set_audience(&["sipas"]);
        demands.validate_exp = false;
        let (token, decoding) =
            (key.issue(&sipas, &client(), None, NOW).unwrap().token, DecodingKey::from_jwk(&jwk).unwrap());
        jsonwebtoken::decode::<serde_json::Value>(&token, &decoding, &demands).unwrap();
    }

    #[test]
    fn other_kinds_of_tokens_are_not_taken() {
        let (key, sipas) = (PrivateKey::generate().unwrap(), rules("sipas", "sipas", 60));
        let ring = KeyRing::new(vec![key.public(&sipas, NOW)]).unwrap();
        let sign = |change: &dyn Fn(&mut Header)| {
            let mut header = Header::new(Algorithm::ES256);
            (header.typ, header.kid) = (Some(TYPE.into()), Some(key.kid.clone()));
            change(&mut header);
            let claims = serde_json::json!({"iss": "sipas", "aud": "sipas", "sub": Uuid::nil(),
                "client_id": Uuid::nil(), "kind": "admin", "iat": 0, "exp": 60, "jti": Uuid::nil()});
            ring.verify(&sipas, &jsonwebtoken::encode(&header, &claims, &key.encoding).unwrap(), NOW)
        };
        assert!(sign(&|_| ()).is_ok());
        assert_eq!(code(sign(&|header| header.typ = Some("JWT".into()))), ErrorCode::TokenInvalid);
        assert_eq!(code(sign(&|header| header.typ = None)), ErrorCode::TokenInvalid);
        assert_eq!(code(sign(&|header| header.kid = None)), ErrorCode::TokenInvalid);
        assert_eq!(code(sign(&|header| header.crit = Some(vec!["b64".into()]))), ErrorCode::TokenInvalid);
    }
}
