//! SCRAM-SHA-256 (RFC 5802, RFC 7677): messages, verifiers and the server's two steps.
//!
//! Passwords and names are taken as the UTF-8 they are: `SASLprep` (RFC 4013) is not applied, so accounts whose password
//! has more than one Unicode spelling should be given ASCII ones.

pub(crate) mod hash;
mod message;
pub(crate) mod server;
mod verifier;

pub use verifier::ScramVerifier;

use postern_core::Secret;

/// What binds the exchange to its TLS connection.
#[derive(Clone, Debug)]
pub enum ChannelBinding {
    /// `-PLUS` was not offered: no TLS, or a TLS version without exporter.
    Unavailable,
    /// `tls-exporter` (RFC 9266): 32 octets of exported keying material; `-PLUS` was offered.
    TlsExporter(Secret<Vec<u8>>),
}
