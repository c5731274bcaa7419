//! Certificates of this process, beside those that the directory holds per host.

use std::{path::PathBuf, time::Duration};

use super::reader::Reader;

/// Section `tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Certificate chain (PEM) for hosts that the directory has none for; without it a local CA makes one.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// Names and addresses, beside the host name, that the local CA's certificate is made for.
    pub local_names: Vec<String>,
    /// Time for a handshake.
    pub handshake_timeout: Duration,
}

impl Tls {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("tls");
        let tls = Self {
            certificate: section.optional("certificate"),
            key: section.optional("key"),
            local_names: section.list("local_names", ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec()),
            handshake_timeout: section.between(
                "handshake_timeout",
                Duration::from_secs(30),
                Duration::from_secs(1)..=Duration::from_mins(5),
            ),
        };
        if tls.certificate.is_some() != tls.key.is_some() {
            section.refuse(if tls.key.is_some() { "key" } else { "certificate" }, "certificate and key go together");
        }
        tls
    }
}
