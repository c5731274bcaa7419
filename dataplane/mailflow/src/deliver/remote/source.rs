//! Where a message leaves from: an address of its pool and the name that goes with it.

use std::net::IpAddr;

use postern_core::{
    DomainName,
    directory::{PoolAddress, PoolRecord},
};
use rand::{Rng, RngExt};

/// The addresses that one connection may leave from, at most one of each family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources {
    v4: Option<Source>,
    v6: Option<Source>,
    /// The family of the address that a deferred message stays with.
    prefers_v6: bool,
    /// Without a pool the system chooses.
    any: bool,
}

/// An address with its EHLO name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// To bind; `None` leaves it to the system.
    pub ip: Option<IpAddr>,
    /// To say in EHLO; `None` is the host's own name.
    pub helo: Option<DomainName>,
    /// To be left from by the node that owns it.
    pub by_egress: bool,
}

impl Sources {
    /// Those of the system.
    #[must_use]
    pub fn any() -> Self {
        Self { any: true, ..Self::default() }
    }

    /// Chooses by weight among the addresses that the pool's rules leave for a recipient domain. A message that was
    /// deferred `stays` with the address that it was tried from, as long as the pool still has it for this domain.
    #[must_use]
    pub fn choose(pool: Option<&PoolRecord>, domain: &DomainName, stays: Option<IpAddr>, chance: &mut (dyn Rng + Send)) -> Self {
        let Some(pool) = pool.filter(|pool| !pool.addresses.is_empty()) else { return Self::any() };
        let rule = pool.rules.iter().find(|rule| rule.recipient_domains.contains(domain));
        let allowed: Vec<&PoolAddress> = pool.addresses.iter().filter(|a| rule.is_none_or(|rule| rule.addresses.contains(&a.ip))).collect();
        let kept = stays.and_then(|ip| allowed.iter().find(|a| a.ip.to_canonical() == ip.to_canonical()).copied());
        let mut family = |v4: bool| {
            let kept = kept.filter(|a| a.ip.is_ipv4() == v4);
            let chosen = kept.or_else(|| weighted(allowed.iter().copied().filter(|a| a.ip.is_ipv4() == v4), chance));
            chosen.map(|a| Source { ip: Some(a.ip), helo: Some(a.helo.clone()), by_egress: pool.by_egress })
        };
        Self { v4: family(true), v6: family(false), prefers_v6: kept.is_some_and(|a| a.ip.is_ipv6()), any: false }
    }

    /// What to leave from towards an address; `None` when the pool has nothing of its family.
    #[must_use]
    pub fn towards(&self, to: IpAddr) -> Option<Source> {
        if self.any {
            return Some(Source { ip: None, helo: None, by_egress: false });
        }
        if to.is_ipv4() { self.v4.clone() } else { self.v6.clone() }
    }

    /// Whether addresses of the sixth version are to be tried first.
    #[must_use]
    pub const fn prefers_v6(&self) -> bool {
        self.prefers_v6
    }
}

/// By weight; all weights of zero count alike.
fn weighted<'a>(addresses: impl Iterator<Item = &'a PoolAddress>, chance: &mut (dyn Rng + Send)) -> Option<&'a PoolAddress> {
    let addresses: Vec<&PoolAddress> = addresses.collect();
    let flat = addresses.iter().all(|a| a.weight == 0);
    let weight = |a: &PoolAddress| if flat { 1 } else { u64::from(a.weight) };
    let total: u64 = addresses.iter().map(|a| weight(a)).sum();
    if total == 0 {
        return None;
    }
    let mut at = chance.random_range(0..total);
    addresses.into_iter().find(|a| {
        let here = at < weight(a);
        at = at.saturating_sub(weight(a));
        here
    })
}

#[cfg(test)]
mod tests {
    use postern_core::directory::{PoolRule, Throttle};
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn pool() -> PoolRecord {
        let address = |ip: &str, weight| PoolAddress { ip: ip.parse().unwrap(), helo: "out.example".parse().unwrap(), weight };
        PoolRecord {
            tenant: "t".into(),
            name: "p".into(),
            allowed_tenants: None,
            is_default: true,
            addresses: vec![address("192.0.2.1", 3), address("192.0.2.2", 1), address("2001:db8::1", 1)],
            rules: vec![PoolRule {
                recipient_domains: vec!["picky.example".parse().unwrap()],
                addresses: vec!["192.0.2.2".parse().unwrap()],
            }],
            throttle: Throttle::default(),
            fallback: None,
            by_egress: false,
        }
    }

    fn choose(domain: &str, stays: Option<&str>, seed: u64) -> Sources {
        let mut chance = StdRng::seed_from_u64(seed);
        Sources::choose(Some(&pool()), &domain.parse().unwrap(), stays.map(|ip| ip.parse().unwrap()), &mut chance)
    }

    fn v4(sources: &Sources) -> String {
        sources.towards("198.51.100.1".parse().unwrap()).unwrap().ip.unwrap().to_string()
    }

    #[test]
    fn by_weight() {
        let first = (0..400).filter(|seed| v4(&choose("example.org", None, *seed)) == "192.0.2.1").count();
        assert!((250..350).contains(&first), "{first} of 400, with a share of three quarters");
    }

    #[test]
    fn rules_and_history_bind() {
        for seed in 0..20 {
            let picky = choose("picky.example", None, seed);
            assert_eq!(v4(&picky), "192.0.2.2");
            assert_eq!(picky.towards("2001:db8::9".parse().unwrap()), None, "the rule leaves no address of that family");
            assert_eq!(v4(&choose("example.org", Some("192.0.2.2"), seed)), "192.0.2.2");
            assert!(choose("example.org", Some("2001:db8::1"), seed).prefers_v6());
            assert_ne!(v4(&choose("example.org", Some("192.0.2.77"), seed)), "192.0.2.77", "an address that the pool lost");
        }
    }
}
