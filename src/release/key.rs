//! The key that seals releases: Ed25519 (RFC 8032), in a PEM file beside the database (PKCS #8, RFC 5958 version 1, which
//! `openssl` reads). Unlike the keys of tokens, which live for a day in memory, it has to outlive every instance.

use crate::error::{Error, ErrorCode, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What comes before the 32 bytes of the key in a SubjectPublicKeyInfo (RFC 8410 section 4).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Bytes of a public key.
const PUBLIC_BYTES: usize = 32;

/// Characters of a line in PEM (RFC 7468 section 2).
const LINE: usize = 64;

/// A key that can seal.
pub struct SealingKey {
    pair: Ed25519KeyPair,
    kid: String,
}

impl SealingKey {
    /// Makes a key; gives it as PEM.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if the system has no randomness.
    pub fn generate() -> Result<String> {
        let made = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new());
        Ok(pem("PRIVATE KEY", made.map_err(Error::internal)?.as_ref()))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] with a detail that has nothing of the key in it.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let wrong = || {
            Error::new(ErrorCode::ValidationFailed).detail(
                "the release key has to be an Ed25519 key in PEM (PKCS #8), as `sipas release key` makes it",
            )
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(text).map_err(|_| wrong())?;
        let pair = Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| wrong())?;
        let kid = kid_of(pair.public_key().as_ref());
        Ok(Self { pair, kid })
    }

    /// What it is called, see [`kid_of`].
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half.
    pub fn public(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// Signs.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}

/// Makes a key in a new file that its owner alone may read; gives what it is called.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail if the file is there or cannot be made.
pub fn write(file: &Path) -> Result<String> {
    let wrong = |error: std::io::Error| {
        Error::new(ErrorCode::ValidationFailed).detail(format!("cannot make {}: {error}", file.display()))
    };
    let text = SealingKey::generate()?;
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(wrong)?;
    new.write_all(text.as_bytes()).and_then(|()| new.sync_all()).map_err(wrong)?;
    Ok(SealingKey::parse(text.as_bytes())?.kid)
}

/// What a key is called, and its fingerprint: SHA-256 of the 32 bytes of its public half, in hexadecimal.
pub fn kid_of(public: &[u8]) -> String {
    super::digest(public).to_string()
}

/// Whether the signature is this key's.
pub fn is_signed(public: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(bytes, signature).is_ok()
}

/// A public half as PEM.
pub fn public_pem(public: &[u8]) -> String {
    pem("PUBLIC KEY", &[SPKI_HEAD.as_slice(), public].concat())
}

/// Reads a public half; `None` if it is none of Ed25519.
pub fn parse_public(text: &[u8]) -> Option<Vec<u8>> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(text).ok()?;
    let public = der.as_ref().strip_prefix(SPKI_HEAD.as_slice())?;
    (public.len() == PUBLIC_BYTES).then(|| public.to_vec())
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for (place, character) in STANDARD.encode(der).chars().enumerate() {
        if place > 0 && place % LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + &format!("\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_file_and_its_signature_is_its_own() {
        let text = SealingKey::generate().unwrap();
        let key = SealingKey::parse(text.as_bytes()).unwrap();
        let other = SealingKey::parse(SealingKey::generate().unwrap().as_bytes()).unwrap();
        let signature = key.sign(b"x");
        assert!(signature.len() == 64 && is_signed(&key.public(), b"x", &signature));
        assert!(!is_signed(&key.public(), b"y", &signature) && !is_signed(&other.public(), b"x", &signature));
        let public = public_pem(&key.public());
        assert_eq!(parse_public(public.as_bytes()), Some(key.public()));
        assert_eq!(parse_public(text.as_bytes()), None);
        assert!(SealingKey::parse(public.as_bytes()).is_err() && SealingKey::parse(b"").is_err());
        assert!(text.lines().all(|line| line.len() <= 64));
    }
}
