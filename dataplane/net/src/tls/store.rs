//! Which certificate answers for which host name, exchanged as a whole while sessions run.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use postern_core::DomainName;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::certificate::{CertificateSource, ServerCertificate, certified_key};

/// What is wrong with a certificate or its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No certificate in the PEM.
    #[error("no `BEGIN CERTIFICATE` section in the certificate's PEM")]
    NoCertificate,
    /// No private key in the PEM.
    #[error("no private key (PKCS#8, PKCS#1 or SEC1) in the key's PEM")]
    NoKey,
    /// The PEM is damaged.
    #[error("damaged PEM: {0}")]
    Pem(String),
    /// The key is of a kind that is not supported, or does not belong to the certificate.
    #[error("key and certificate do not fit: {0}")]
    Mismatch(String),
    /// A name is neither a host name nor `*.` and one.
    #[error("`{0}` is no host name; write mail.example.org or *.example.org")]
    Name(String),
}

/// An immutable set of certificates by host name; made anew at each change and then
/// [swapped in](CertificateStore::replace).
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    exact: HashMap<DomainName, Arc<CertifiedKey>>,
    /// Keyed by what follows `*.`.
    wildcard: HashMap<DomainName, Arc<CertifiedKey>>,
    default: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    /// A set without any.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a chain (leaf first) and its key, both PEM, under the names given (`host` or `*.domain`).
    /// The first one added also serves clients that name no host or an unknown one.
    ///
    /// # Errors
    /// [`CertificateError`]; the set is unchanged then.
    pub fn add<S: AsRef<str>>(&mut self, names: &[S], chain_pem: &[u8], key_pem: &[u8]) -> Result<(), CertificateError> {
        let key = Arc::new(certified_key(chain_pem, key_pem)?);
        let names = names.iter().map(|n| parse_name(n.as_ref())).collect::<Result<Vec<_>, _>>()?;
        for (wild, name) in names {
            let table = if wild { &mut self.wildcard } else { &mut self.exact };
            table.insert(name, key.clone());
        }
        self.default.get_or_insert(key);
        Ok(())
    }

    /// Makes a chain and key the answer to clients that name no host, or an unknown one.
    ///
    /// # Errors
    /// [`CertificateError`]; the set is unchanged then.
    pub fn set_default(&mut self, chain_pem: &[u8], key_pem: &[u8]) -> Result<(), CertificateError> {
        self.default = Some(Arc::new(certified_key(chain_pem, key_pem)?));
        Ok(())
    }

    /// How many names are served.
    #[must_use]
    pub fn names(&self) -> usize {
        self.exact.len() + self.wildcard.len()
    }

    /// Exact name first, then the wildcard one label up (RFC 6125 §6.4.3), then the default.
    fn find(&self, host: Option<&str>) -> Option<Arc<CertifiedKey>> {
        host.and_then(|h| DomainName::parse(h).ok())
            .and_then(|name| {
                self.exact.get(&name).or_else(|| {
                    let (_, parent) = name.as_str().split_once('.')?;
                    self.wildcard.get(&DomainName::parse(parent).ok()?)
                })
            })
            .or(self.default.as_ref())
            .cloned()
    }
}

fn parse_name(name: &str) -> Result<(bool, DomainName), CertificateError> {
    let (wild, host) = name.strip_prefix("*.").map_or((false, name), |rest| (true, rest));
    Ok((wild, DomainName::parse(host).map_err(|_| CertificateError::Name(name.to_owned()))?))
}

/// What handshakes take: a certificate of the source for the host that is asked for, else one of the set of that moment. Sessions
/// that run are not touched by a change.
#[derive(Default)]
pub struct CertificateStore {
    set: RwLock<Arc<Certificates>>,
    source: Option<Arc<dyn CertificateSource>>,
}

impl CertificateStore {
    /// A store that begins with a set.
    #[must_use]
    pub fn new(certificates: Certificates) -> Self {
        Self { set: RwLock::new(Arc::new(certificates)), source: None }
    }

    /// The same, with a source that is asked first.
    #[must_use]
    pub fn backed_by(self, source: Arc<dyn CertificateSource>) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The set in use.
    #[must_use]
    pub fn current(&self) -> Arc<Certificates> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes another set from the next handshake on.
    pub fn replace(&self, certificates: Certificates) {
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificates);
    }

    /// What the source has for a host name as a client wrote it.
    pub(super) async fn ask(&self, host: Option<&str>) -> Option<ServerCertificate> {
        let (source, host) = (self.source.as_ref()?, DomainName::parse(host?).ok()?);
        source.find(&host).await
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current().find(hello.server_name())
    }
}

/// Says how many names there are, never a key.
impl fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateStore({} names)", self.current().names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str) -> (Vec<u8>, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes())
    }

    fn leaf(certificates: &Certificates, host: Option<&str>) -> Vec<u8> {
        certificates.find(host).unwrap().cert[0].to_vec()
    }

    #[test]
    fn exact_before_wildcard_before_default() {
        let mut set = Certificates::new();
        for names in [&["first.example.net"], &["*.example.org"], &["mail.example.org"]] {
            let (chain, key) = pair(names[0]);
            set.add(names, &chain, &key).unwrap();
        }
        let (first, wild, exact) = (leaf(&set, None), leaf(&set, Some("imap.example.org")), leaf(&set, Some("Mail.Example.ORG")));
        assert!(first != wild && wild != exact && exact != first);
        assert_eq!(leaf(&set, Some("unknown.example.com")), first);
        assert_eq!(leaf(&set, Some("a.b.example.org")), first, "a wildcard stands for one label");
        assert_eq!(leaf(&set, Some("example.org")), first);
    }

    #[test]
    fn errors_name_the_culprit() {
        let (chain, key) = pair("a.example.org");
        let (_, other) = pair("b.example.org");
        let mut set = Certificates::new();
        assert!(matches!(set.add(&["a.example.org"], &chain, &other), Err(CertificateError::Mismatch(_))));
        assert_eq!(set.add(&["a.example.org"], b"", &key), Err(CertificateError::NoCertificate));
        assert_eq!(set.add(&["a.example.org"], &chain, b""), Err(CertificateError::NoKey));
        assert_eq!(set.add(&["*.*.org"], &chain, &key), Err(CertificateError::Name("*.*.org".to_owned())));
        assert_eq!(set.names(), 0);
    }
}
