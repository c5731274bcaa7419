//! A chain with its key, ready for handshakes, and where one is had for a host that a client asks for.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use postern_core::DomainName;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::CertificateError;

/// A chain and its key, parsed once and used for every handshake that they answer. Clones share them.
#[derive(Clone)]
pub struct ServerCertificate(Arc<Ready>);

struct Ready {
    key: Arc<CertifiedKey>,
    /// Made at the first handshake; a connection keeps it for its life, so that all of a host share one.
    config: OnceLock<Arc<ServerConfig>>,
}

impl ServerCertificate {
    /// Reads a chain (leaf first) and its key, both PEM.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn parse(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, CertificateError> {
        let key = Arc::new(certified_key(chain_pem, key_pem)?);
        Ok(Self(Arc::new(Ready { key, config: OnceLock::new() })))
    }

    /// `base` with this certificate. One process has one base, so the first one stays.
    pub(super) fn config(&self, base: &ServerConfig) -> Arc<ServerConfig> {
        let make = || {
            let mut config = base.clone();
            config.cert_resolver = Arc::new(SingleCertAndKey::from(self.0.key.clone()));
            Arc::new(config)
        };
        self.0.config.get_or_init(make).clone()
    }
}

/// Without the key.
impl fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerCertificate")
    }
}

/// Where certificates come from that are too many to be held all at once. It is asked at every handshake that names a
/// host, within the time of the handshake: it keeps what was asked for lately, and forgets it when it changes.
#[async_trait]
pub trait CertificateSource: Send + Sync + fmt::Debug {
    /// The certificate for a host; `None` when there is none, or when nobody can say: the process's own then answers.
    async fn find(&self, host: &DomainName) -> Option<ServerCertificate>;
}

pub(super) fn certified_key(chain_pem: &[u8], key_pem: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let chain =
        CertificateDer::pem_slice_iter(chain_pem).collect::<Result<Vec<_>, _>>().map_err(|e| CertificateError::Pem(e.to_string()))?;
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| CertificateError::NoKey)?;
    CertifiedKey::from_der(chain, key, &super::provider()).map_err(|e| CertificateError::Mismatch(e.to_string()))
}
