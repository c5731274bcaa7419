//! By what a story is found: 64 bits of BLAKE3 over a kind and a normalised text.
//!
//! A hash and not the text, so that the key table is narrow. Two texts may share a key once in a
//! very long while; a look-up shows one story too many then, never one too few.

use std::net::IpAddr;

use postern_core::{Address, Network};

/// A look-up key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub i64);

impl Key {
    /// An address of the envelope, whatever its case.
    #[must_use]
    pub fn address(address: &Address) -> Self {
        Self::of("address", &address.key())
    }

    /// A Message-ID, with or without its angle brackets.
    #[must_use]
    pub fn message_id(id: &str) -> Self {
        let id = id.trim();
        Self::of("message-id", id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id))
    }

    /// The address of a client or server; an IPv4-mapped one is the IPv4 address.
    #[must_use]
    pub fn ip(ip: IpAddr) -> Self {
        Self::of("ip", &ip.to_canonical().to_string())
    }

    /// A network, as the summary of its excesses is found.
    #[must_use]
    pub fn network(network: Network) -> Self {
        Self::of("network", &network.to_string())
    }

    fn of(kind: &str, text: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.as_bytes());
        hasher.update(&[0]);
        hasher.update(text.as_bytes());
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        Self(i64::from_le_bytes(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing_share_a_key() {
        let address = |text: &str| Key::address(&Address::parse(text).unwrap());
        assert_eq!(address("Alice@Example.org"), address("alice@example.org"));
        assert_ne!(address("alice@example.org"), address("bob@example.org"));
        assert_eq!(Key::message_id(" <a@b> "), Key::message_id("a@b"));
        assert_eq!(Key::ip("::ffff:192.0.2.1".parse().unwrap()), Key::ip("192.0.2.1".parse().unwrap()));
        assert_ne!(Key::message_id("192.0.2.1"), Key::ip("192.0.2.1".parse().unwrap()), "kinds do not mix");
    }
}
