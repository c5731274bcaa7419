//! An IP network in CIDR notation: whom to trust a PROXY header from, and whose failures count together.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// An address and a prefix length, host bits cleared. An IPv4-mapped IPv6 address counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Text that is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network; write an address or CIDR, as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")]
pub struct NotANetwork(pub String);

impl Network {
    /// The network of `prefix` bits around an address. A prefix longer than the address means the address alone.
    #[must_use]
    pub fn around(address: IpAddr, prefix: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let prefix = prefix.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Self { address: Ipv4Addr::from_bits(v4.to_bits() & mask).into(), prefix }
            }
            IpAddr::V6(v6) => {
                let prefix = prefix.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Self { address: Ipv6Addr::from_bits(v6.to_bits() & mask).into(), prefix }
            }
        }
    }

    /// The network that one client is taken to be: `v4` bits of an IPv4 address, `v6` bits of an IPv6 one.
    #[must_use]
    pub fn of_client(address: IpAddr, v4: u8, v6: u8) -> Self {
        let address = address.to_canonical();
        Self::around(address, if address.is_ipv4() { v4 } else { v6 })
    }

    /// Whether the address lies in this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && Self::around(address, self.prefix).address == self.address
    }
}

impl FromStr for Network {
    type Err = NotANetwork;
    fn from_str(s: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(s.to_owned());
        let (address, prefix) = s.split_once('/').map_or((s, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if prefix > longest {
            return Err(wrong());
        }
        Ok(Self::around(address, prefix))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn contains_by_prefix_and_family() {
        assert!(network("10.0.0.0/8").contains("10.255.1.2".parse().unwrap()));
        assert!(network("10.0.0.0/8").contains("::ffff:10.1.2.3".parse().unwrap()), "a mapped address is the IPv4 address");
        assert!(!network("10.0.0.0/8").contains("11.0.0.1".parse().unwrap()));
        assert!(!network("0.0.0.0/0").contains("2001:db8::1".parse().unwrap()));
        assert!(network("::/0").contains("2001:db8::1".parse().unwrap()));
        assert!(network("192.0.2.7").contains("192.0.2.7".parse().unwrap()));
    }

    #[test]
    fn clears_host_bits_and_refuses_nonsense() {
        assert_eq!(network("192.0.2.200/24").to_string(), "192.0.2.0/24");
        assert_eq!(Network::of_client("2001:db8::1:2:3:4".parse().unwrap(), 24, 64).to_string(), "2001:db8::/64");
        for bad in ["", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "example.org"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
