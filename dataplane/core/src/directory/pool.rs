//! The addresses that mail leaves from.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::DomainName;

/// One source address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolAddress {
    /// The address to bind.
    pub ip: IpAddr,
    /// What to say in EHLO.
    pub helo: DomainName,
    /// Share among the pool's addresses.
    pub weight: u32,
}

/// Recipient domains that use only these addresses of the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRule {
    /// Recipient domains.
    pub recipient_domains: Vec<DomainName>,
    /// Addresses of the pool.
    pub addresses: Vec<IpAddr>,
}

/// Limits towards one destination (the set of MX hosts that count as one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Connections at once.
    pub connections: u32,
    /// Messages a minute; `None` is no limit.
    pub messages_per_minute: Option<u32>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { connections: 10, messages_per_minute: None }
    }
}

/// A pool as the sender uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// The namespace that owns it.
    pub tenant: String,
    /// Its name there.
    pub name: String,
    /// Tenants that may send from it besides its own; `None` is all.
    pub allowed_tenants: Option<Vec<String>>,
    /// Used by domains that name none.
    pub is_default: bool,
    /// Source addresses.
    pub addresses: Vec<PoolAddress>,
    /// Exceptions by recipient domain.
    pub rules: Vec<PoolRule>,
    /// Limits.
    pub throttle: Throttle,
    /// Pool to use while this one is paused.
    pub fallback: Option<String>,
    /// Left from by the proxies of the nodes that own the addresses, where the installation has such; else by the sender itself.
    #[serde(default)]
    pub by_egress: bool,
}
