//! The directory's certificates as handshakes want them: parsed once, and again when the directory has another.

use std::sync::Arc;

use async_trait::async_trait;
use moka::sync::Cache;
use postern_core::DomainName;
use postern_net::tls::{CertificateSource, ServerCertificate};
use postern_store::directory::{Certificate, Directory};

/// Hosts whose certificate is kept parsed: a few KiB each.
const KEPT: u64 = 10_000;

/// Certificates of the directory.
#[derive(Debug)]
pub struct DirectoryCertificates {
    directory: Directory,
    /// By host; with what was parsed, so that a change of the directory is seen. `None` could not be parsed.
    ready: Cache<DomainName, (Arc<Certificate>, Option<ServerCertificate>)>,
}

impl DirectoryCertificates {
    /// Nothing is asked yet.
    pub fn new(directory: Directory) -> Self {
        Self { directory, ready: Cache::new(KEPT) }
    }
}

#[async_trait]
impl CertificateSource for DirectoryCertificates {
    async fn find(&self, host: &DomainName) -> Option<ServerCertificate> {
        let ready = self.ready.get(host);
        let kept = match self.directory.certificate(host).await {
            Ok(kept) => kept?,
            Err(error) => {
                // What was served before is served on: a client would take another host's for an attack.
                tracing::warn!(%error, %host, "the certificate could not be read");
                return ready?.1;
            }
        };
        if let Some((from, parsed)) = ready
            && Arc::ptr_eq(&from, &kept)
        {
            return parsed;
        }
        let parsed = ServerCertificate::parse(&kept.chain, kept.private.expose());
        if let Err(error) = &parsed {
            tracing::error!(%error, %host, "the certificate of the directory cannot be used");
        }
        let parsed = parsed.ok();
        self.ready.insert(host.clone(), (kept, parsed.clone()));
        parsed
    }
}
