//! TLS 1.2 and 1.3 over rustls with ring: certificates by host name, found or swapped while running; a local
//! CA for a first try; the client's side for the sender.

mod certificate;
mod client;
mod leaf;
mod local_ca;
mod server;
mod store;

use std::{fmt, sync::Arc};

use postern_core::Clock;
use rustls::{crypto::CryptoProvider, pki_types::UnixTime, time_provider::TimeProvider};

pub use certificate::{CertificateSource, ServerCertificate};
pub use client::{ClientTls, PeerCertificate, Roots};
pub use leaf::Leaf;
pub use local_ca::{LocalCa, LocalCaError};
pub use server::ServerTls;
pub use store::{CertificateError, CertificateStore, Certificates};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Makes ring the provider of libraries that ask the process for one: the object store's client.
pub fn install_provider() {
    // Whoever installed one before us was this function: it is called at every opening of a bucket.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// rustls asks our clock, so that tests decide what has expired.
struct ClockTime(Arc<dyn Clock>);

impl ClockTime {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_micros(u64::try_from(self.0.now().0).unwrap_or(0)))
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}
