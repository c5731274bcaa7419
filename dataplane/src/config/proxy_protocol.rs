//! Who stands between clients and us.

use postern_core::Network;

use super::reader::Reader;

/// Section `proxy_protocol`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// Peers that must send a PROXY header, version 1 or 2; from all others it is refused.
    pub trusted: Vec<Network>,
}

impl ProxyProtocol {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        Self { trusted: from.section("proxy_protocol").list("trusted", Vec::new()) }
    }
}
