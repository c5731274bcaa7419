//! The server's side of TLS: one configuration for all listeners of a process.

use std::{io, sync::Arc};

use super::{CertificateStore, ClockTime, provider};
use postern_core::Clock;
use rustls::{
    ServerConfig,
    version::{TLS12, TLS13},
};

/// What listeners and STARTTLS need; cheap to clone.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// With the set of the store; the source's certificates each have one of their own, made of it.
    config: Arc<ServerConfig>,
    certificates: Arc<CertificateStore>,
}

impl ServerTls {
    /// TLS 1.2 and 1.3 with the certificates of a store; sessions are resumed by tickets whose key this
    /// process makes and rotates itself.
    ///
    /// # Errors
    /// When the system gives no randomness for the ticket key.
    pub fn new(certificates: Arc<CertificateStore>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let mut config = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(certificates.clone());
        config.ticketer = rustls::crypto::ring::Ticketer::new().map_err(io::Error::other)?;
        // One ticket is enough: mail clients keep one connection, or a few of a kind.
        config.send_tls13_tickets = 1;
        Ok(Self { config: Arc::new(config), certificates })
    }

    /// The configuration for a client that asks for a host.
    pub(crate) async fn config_for(&self, host: Option<&str>) -> Arc<ServerConfig> {
        match self.certificates.ask(host).await {
            Some(certificate) => certificate.config(&self.config),
            None => self.config.clone(),
        }
    }
}
