//! Addresses that no foreign domain may send us to: DNS is the domain owner's to write, and an MX that names our own
//! network would make the sender its tool.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the address lies on this host, in a private network, or nowhere that mail is delivered to.
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

fn is_private_v4(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || a == 0
        // Reserved, and broadcast within it (RFC 1112 §4, RFC 919).
        || a >= 240
        // Shared address space (RFC 6598).
        || (a == 100 && b & 0xc0 == 64)
        // Benchmarks (RFC 2544).
        || (a == 198 && b & 0xfe == 18)
}

fn is_private_v6(v6: Ipv6Addr) -> bool {
    let [first, second, .., high, low] = v6.segments();
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    let embedded = Ipv4Addr::new(a, b, c, d);
    v6.is_loopback()
        || v6.is_unspecified()
        || v6.is_multicast()
        || v6.is_unique_local()
        || v6.is_unicast_link_local()
        // NAT64 leads to the IPv4 address within (RFC 6052 §2.1).
        || (first == 0x64 && second == 0xff9b && is_private_v4(embedded))
        // IPv4-compatible, long out of use (RFC 4291 §2.5.5.1).
        || v6.to_bits() >> 32 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_and_what_is_the_internet() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "::7f00:1",
        ] {
            assert!(is_private(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.2.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2001:db8::1", "64:ff9b::808:808", "::ffff:8.8.8.8"] {
            assert!(!is_private(outside.parse().unwrap()), "{outside}");
        }
    }
}
