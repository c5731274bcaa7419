//! This process's own certificate: the configured one, or one by a local authority in the data folder.
//!
//! It answers clients that ask for a host that the directory has no certificate for. The directory's
//! are added to it, and the whole set is swapped at each change (`CertificateStore::replace`).

use std::{fmt, fs, io, path::PathBuf};

use postern_core::Timestamp;
use postern_net::tls::{CertificateError, Certificates, LocalCa, LocalCaError};

use crate::config::Config;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum OwnCertificateError {
    /// A configured file cannot be read.
    #[error("cannot read {}: {source}; see tls.certificate and tls.key", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files do not hold what they should.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// The local authority cannot be made or used.
    #[error(transparent)]
    Local(#[from] LocalCaError),
}

/// The certificate that unknown hosts get.
#[derive(Clone)]
pub struct OwnCertificate {
    /// Chain, PEM.
    chain: Vec<u8>,
    /// Key, PEM.
    key: Vec<u8>,
    /// Where it came from, for messages.
    from: PathBuf,
    /// The local authority's certificate, for clients to trust, when that made it.
    pub authority: Option<PathBuf>,
}

impl OwnCertificate {
    /// Reads the configured one, or opens the local authority and has it make one for the host name,
    /// `tls.local_names` and `hosts`.
    ///
    /// # Errors
    /// [`OwnCertificateError`].
    pub fn open(config: &Config, hosts: &[String], now: Timestamp) -> Result<Self, OwnCertificateError> {
        if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
            let read = |path: &PathBuf| fs::read(path).map_err(|source| OwnCertificateError::File { path: path.clone(), source });
            return Ok(Self { chain: read(certificate)?, key: read(key)?, from: certificate.clone(), authority: None });
        }
        let mut names = vec![config.process.hostname.clone()];
        names.extend(config.tls.local_names.iter().chain(hosts).cloned());
        names.sort();
        names.dedup();
        let local = LocalCa::open(&config.process.data.join("tls"), &names, now)?;
        let key = local.key_pem()?.into_bytes();
        Ok(Self { chain: local.chain_pem.into_bytes(), key, from: local.key_file, authority: Some(local.ca_file) })
    }

    /// A set with this certificate for whoever has none; the directory's are added to it.
    ///
    /// # Errors
    /// [`OwnCertificateError::Unusable`].
    pub fn set(&self) -> Result<Certificates, OwnCertificateError> {
        let mut set = Certificates::new();
        let unusable = |source| OwnCertificateError::Unusable { path: self.from.clone(), source };
        set.set_default(&self.chain, &self.key).map_err(unusable)?;
        Ok(set)
    }
}

/// Without the key.
impl fmt::Debug for OwnCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnCertificate").field("from", &self.from).field("authority", &self.authority).finish_non_exhaustive()
    }
}
