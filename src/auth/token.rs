//! Access tokens: JWT (RFC 7519) signed with ES256, verifiable by others with the published key set
//! (RFC 7517). The only file that sees keys.

use crate::domain::client::Client;
use crate::domain::ids::ClientId;
use crate::error::{Error, ErrorCode, Result};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use uuid::Uuid;

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    kind: String,
    iat: i64,
    exp: i64,
}

/// The signing key with everything that follows from it.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: JwkSet,
    kid: String,
    issuer: String,
    audience: String,
    lifetime_seconds: i64,
}

impl Keys {
    /// Takes a PKCS#8 key in PEM.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] with a detail if it is no P-256 key.
    pub fn from_pem(pem: &[u8], issuer: &str, audience: &str, lifetime_seconds: i64) -> Result<Self> {
        let unusable = |error: jsonwebtoken::errors::Error| {
            Error::new(ErrorCode::Internal)
                .detail("the signing key is no PKCS#8 P-256 private key in PEM")
                .because(error)
        };
        let encoding = EncodingKey::from_ec_pem(pem).map_err(unusable)?;
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(unusable)?;
        let decoding = DecodingKey::from_jwk(&jwk).map_err(unusable)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        Ok(Self {
            encoding,
            decoding,
            public: JwkSet { keys: vec![jwk] },
            kid,
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime_seconds,
        })
    }

    /// The public keys as JSON.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if they cannot be written, which would be a defect.
    pub fn public_json(&self) -> Result<serde_json::Value> {
        serde_json::to_value(&self.public).map_err(Error::internal)
    }

    /// How long a token is valid, in seconds.
    pub const fn lifetime_seconds(&self) -> i64 {
        self.lifetime_seconds
    }

    /// Signs a token for a client.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if signing fails.
    pub fn issue(&self, client: &Client, now: DateTime<Utc>) -> Result<String> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: client.id.0,
            kind: client.kind.as_str().into(),
            iat: now.timestamp(),
            exp: now.timestamp() + self.lifetime_seconds,
        };
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Error::internal)
    }

    /// Checks a token: algorithm, signature, issuer, audience, then its time against `now`. Gives whose it is and
    /// when it ends.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`] or [`ErrorCode::TokenExpired`].
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<(ClientId, DateTime<Utc>)> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // The library would ask the system's clock; ours is an argument.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &rules)
            .map_err(|error| Error::new(ErrorCode::TokenInvalid).because(error))?
            .claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).unwrap_or(DateTime::<Utc>::MIN_UTC);
        if expires_at <= now {
            return Err(Error::new(ErrorCode::TokenExpired));
        }
        Ok((ClientId(claims.sub), expires_at))
    }
}

/// Reads the key file, or makes a new key and the file (readable by its owner only) if there is none.
///
/// # Errors
/// [`ErrorCode::Internal`] with a detail if the file can neither be read nor made.
pub fn load_or_make_key(path: &Path) -> Result<Vec<u8>> {
    let cannot = |what: &str, error: std::io::Error| {
        Error::new(ErrorCode::Internal)
            .detail(format!("cannot {what} the signing key {}: {error}", path.display()))
    };
    match std::fs::read(path) {
        Ok(pem) => return Ok(pem),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(cannot("read", error)),
    }
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(Error::internal)?;
    let pem = to_pem(pair.to_pkcs8v1().map_err(Error::internal)?.as_ref());
    // Written aside and linked, so that of two instances starting at once both use the same key.
    let draft = path.with_extension(format!("new-{:016x}", rand::random::<u64>()));
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create(true).truncate(true), 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| cannot("write", error))?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(|error| cannot("write", error))?;
    match linked {
        Ok(()) => Ok(pem.into_bytes()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            std::fs::read(path).map_err(|error| cannot("read", error))
        }
        Err(error) => Err(cannot("write", error)),
    }
}

fn to_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::ClientKind;

    #[test]
    fn a_token_is_good_until_it_expires_and_for_its_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let pem = load_or_make_key(&dir.path().join("key.pem")).unwrap();
        assert_eq!(load_or_make_key(&dir.path().join("key.pem")).unwrap(), pem);
        let keys = Keys::from_pem(&pem, "sipas", "sipas", 60).unwrap();
        let client = Client {
            id: ClientId(Uuid::nil()),
            kind: ClientKind::Device,
            name: String::new(),
            agency: None,
            service_point: None,
            revoked_at: None,
            posting: crate::domain::device::Posting::default(),
        };
        let now = DateTime::UNIX_EPOCH;
        let token = keys.issue(&client, now).unwrap();
        assert_eq!(keys.verify(&token, now).unwrap(), (client.id, now + chrono::TimeDelta::seconds(60)));
        let code = |result: Result<(ClientId, DateTime<Utc>)>| result.unwrap_err().code;
        assert_eq!(code(keys.verify(&token, now + chrono::TimeDelta::seconds(60))), ErrorCode::TokenExpired);
        let other = load_or_make_key(&dir.path().join("other.pem")).unwrap();
        let other = Keys::from_pem(&other, "sipas", "sipas", 60).unwrap();
        assert_eq!(code(other.verify(&token, now)), ErrorCode::TokenInvalid);
        let audience = Keys::from_pem(&pem, "sipas", "other", 60).unwrap();
        assert_eq!(code(audience.verify(&token, now)), ErrorCode::TokenInvalid);
    }
}
