//! TLS of the service itself (versions 1.2 and 1.3, by rustls): reads certificate and key, and takes renewed ones
//! without a restart. Who listens, and what is said over the connection, is decided elsewhere.

use crate::error::{Error, ErrorCode, Result};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Certificate and key in use, and where they come from.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    used: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] with a detail for people if one cannot be read, holds nothing of the kind, or does not
    /// belong to the other.
    pub fn load(chain: &Path, key: &Path) -> Result<Arc<Self>> {
        let used = RwLock::new(Arc::new(read(chain, key)?));
        Ok(Arc::new(Self { chain: chain.to_owned(), key: key.to_owned(), used }))
    }

    /// Settings for a listener that uses it.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] if the cryptography at hand lacks these versions.
    pub fn server(self: &Arc<Self>) -> Result<ServerConfig> {
        let versions = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(Error::internal)?;
        Ok(versions.with_no_client_auth().with_cert_resolver(self.clone()))
    }

    /// Takes what is in the files now. What does not go together, since only one of them was written yet, is left for
    /// the next time.
    ///
    /// # Errors
    /// As [`Certificate::load`].
    pub fn renew(&self) -> Result<()> {
        let found = read(&self.chain, &self.key)?;
        let is_new = found.cert != self.used().cert;
        if is_new {
            *self.used.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
            tracing::info!("a renewed certificate is in use");
        }
        Ok(())
    }

    /// Looks at the files for as long as it is polled.
    pub async fn keep_current(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(error) = self.renew() {
                tracing::warn!("the certificate stays as it is: {}", error.chain());
            }
        }
    }

    fn used(&self) -> Arc<CertifiedKey> {
        self.used.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.used())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("chain", &self.chain).finish_non_exhaustive()
    }
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey> {
    let unusable = |what: &str, path: &Path, why: &dyn fmt::Display| {
        Error::new(ErrorCode::Internal).detail(format!("cannot use the {what} {}: {why}", path.display()))
    };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| unusable("certificate", chain, &error))?;
    if certificates.is_empty() {
        return Err(unusable("certificate", chain, &"there is no CERTIFICATE in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable("key", key, &error))?;
    CertifiedKey::from_der(certificates, private, &default_provider())
        .map_err(|error| unusable("certificate and key", chain, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_pair_is_taken_and_half_of_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (chain, key) = (dir.path().join("chain.pem"), dir.path().join("key.pem"));
        let make = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (first, second) = (make(), make());
        std::fs::write(&chain, first.cert.pem()).unwrap();
        std::fs::write(&key, first.signing_key.serialize_pem()).unwrap();
        let certificate = Certificate::load(&chain, &key).unwrap();
        certificate.server().unwrap();
        let serves =
            |made: &rcgen::CertifiedKey<rcgen::KeyPair>| certificate.used().cert == [made.cert.der().clone()];
        assert!(serves(&first));
        std::fs::write(&chain, second.cert.pem()).unwrap();
        assert!(certificate.renew().is_err() && serves(&first));
        std::fs::write(&key, second.signing_key.serialize_pem()).unwrap();
        certificate.renew().unwrap();
        assert!(serves(&second));
    }
}
