//! How many connections a process takes, in all and from one client.

use super::reader::Reader;

/// Section `limits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of all listeners together.
    pub connections: usize,
    /// Connections of one client's network.
    pub per_client: usize,
    /// Prefix length that makes an IPv4 client's network.
    pub v4_prefix: u8,
    /// The same for IPv6.
    pub v6_prefix: u8,
}

impl Limits {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("limits");
        Self {
            connections: section.between("connections", 20_000, 1..=1_000_000),
            per_client: section.between("per_client", 500, 1..=1_000_000),
            v4_prefix: section.between("v4_prefix", 32, 8..=32),
            v6_prefix: section.between("v6_prefix", 64, 16..=128),
        }
    }
}
