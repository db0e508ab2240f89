//! Secrets of clients: 256 random bits, shown once, kept as an argon2id hash (RFC 9106).

use crate::error::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;

/// Hash of a secret nobody has, with the parameters of real ones: what an unknown client is checked against.
pub const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2lwYXNzaXBhc3NpcGFz$wFm+Yg3YBJyTHHgpH0Rz9E3Uz8CkGZDkCRSb1C0vN3s";

/// A new secret as text.
pub fn generate() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The beginning of a secret, kept in the clear: of the two that a client has while one is replaced it tells which was
/// sent, so that an attempt costs one hash whatever it is. 208 of the 256 bits stay unknown.
pub fn hint(secret: &str) -> Option<&str> {
    secret.get(..8)
}

/// Hashes a secret. Takes tens of milliseconds on purpose; not for an event loop.
///
/// # Errors
/// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) if the system has no randomness.
pub fn hash(secret: &str) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(secret.as_bytes())
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the secret is the hashed one. Takes as long as [`hash()`].
pub fn verify(secret: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_opens() {
        let secret = generate();
        let hash = hash(&secret).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify(&secret, &hash));
        assert!(!verify(&generate(), &hash));
        assert!(!verify(&secret, "no hash"));
    }

    #[test]
    fn an_unknown_client_costs_as_much_as_a_known_one() {
        let parameters = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(NOBODYS_HASH), parameters(&hash("secret").unwrap()));
        assert!(PasswordHash::new(NOBODYS_HASH).is_ok());
    }
}
