//! The client's side of TLS, for the sender: any certificate will do (RFC 3207, opportunistic), or only a valid one.
//!
//! Opportunistic does not mean blind: what the certificate is worth is judged after the handshake and
//! handed to the caller, who records it.

use std::{io, path::Path, sync::Arc};

use postern_core::Clock;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    version::{TLS12, TLS13},
};
use tokio_rustls::TlsConnector;

use super::{CertificateError, ClockTime, provider};

/// What a server's certificate is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerCertificate {
    /// It names the host and leads to a trusted root.
    Verified,
    /// It does not; the reason is for logs and the trail.
    Unverified(String),
}

/// Certificates that are trusted as the beginning of a chain.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// None: nothing is ever verified.
    #[must_use]
    pub fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// Those of a PEM file's content.
    ///
    /// # Errors
    /// When the PEM is damaged or holds no certificate that can be a root.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|e| CertificateError::Pem(e.to_string()))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found);
        if roots.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(Self(roots)) }
    }

    /// The system's, from where distributions keep their bundle; `None` where there is none.
    #[must_use]
    pub fn of_system() -> Option<Self> {
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"]
            .iter()
            .find_map(|bundle| Self::from_pem(&std::fs::read(Path::new(bundle)).ok()?).ok())
    }
}

/// How to do TLS as a client; cheap to clone.
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    /// `None` when there are no roots.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    time: Arc<ClockTime>,
}

impl ClientTls {
    /// Takes any certificate; the handshake still proves that the server has its key.
    ///
    /// # Errors
    /// Never with the versions that rustls ships; the type says otherwise.
    pub fn opportunistic(roots: Roots, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::new(roots, clock, false)
    }

    /// Takes only a certificate that names the host and leads to one of the roots (MTA-STS, relays with a password).
    ///
    /// # Errors
    /// When there are no roots.
    pub fn verified(roots: Roots, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::new(roots, clock, true)
    }

    fn new(roots: Roots, clock: Arc<dyn Clock>, demand: bool) -> io::Result<Self> {
        let provider = provider();
        let time = Arc::new(ClockTime(clock));
        let verifier = if roots.0.is_empty() {
            None
        } else {
            let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots.0), provider.clone()).build();
            Some(built.map_err(io::Error::other)?)
        };
        let accepts: Arc<dyn ServerCertVerifier> = if demand {
            verifier.clone().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "verified TLS needs root certificates"))?
        } else {
            Arc::new(AnyCertificate(provider.signature_verification_algorithms))
        };
        let mut config = ClientConfig::builder_with_details(provider, time.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(accepts)
            .with_no_client_auth();
        // A resumed session shows no certificate, so there would be nothing to judge.
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), verifier, time })
    }

    /// For those who do the handshake by themselves.
    pub(crate) fn config(&self) -> ClientConfig {
        (*self.config).clone()
    }

    pub(crate) fn connector(&self) -> TlsConnector {
        self.config.clone().into()
    }

    pub(crate) fn server_name(&self, host: &str) -> io::Result<ServerName<'static>> {
        ServerName::try_from(host.to_owned()).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))
    }

    pub(crate) fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> PeerCertificate {
        let Some(verifier) = &self.verifier else {
            return PeerCertificate::Unverified("no root certificates are configured".to_owned());
        };
        let Some((leaf, intermediates)) = chain.split_first() else {
            return PeerCertificate::Unverified("the server showed no certificate".to_owned());
        };
        match verifier.verify_server_cert(leaf, intermediates, name, &[], self.time.now()) {
            Ok(_) => PeerCertificate::Verified,
            Err(e) => PeerCertificate::Unverified(e.to_string()),
        }
    }
}

/// Believes every certificate, but not every signature.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
