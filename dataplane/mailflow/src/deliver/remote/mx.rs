//! Which hosts take a domain's mail, in which order (RFC 5321 §5.1): MX, implicit MX, null MX, and what may not be.
//!
//! Decides by the resolver's answers and its arguments alone. A failure is an [`Outcome`]: temporary while DNS could
//! still say something else.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
};

use postern_core::{DomainName, EnhancedCode, Outcome};
use postern_net::{Answer, Mx, Resolver};
use rand::{Rng, seq::SliceRandom};

use super::private::is_private;

/// Hosts of one domain that are tried at most: RFC 5321 §5.1 allows a limit, and asks for two.
pub const MAX_HOSTS: usize = 10;
/// Addresses of one host that are tried at most.
pub const MAX_ADDRESSES: usize = 6;

/// A host with the addresses to try, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name; an address as text where only that is known.
    pub name: String,
    /// Never empty.
    pub addresses: Vec<SocketAddr>,
}

/// What resolving goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MxConfig {
    /// The port of other servers: 25, but for tests.
    pub port: u16,
    /// Whether a domain may lead to loopback and private addresses.
    pub allow_private: bool,
    /// Our own names: a domain that leads to them leads to a loop.
    pub own_hosts: HashSet<DomainName>,
    /// Our own public addresses, likewise.
    pub own_addresses: HashSet<IpAddr>,
}

impl Default for MxConfig {
    fn default() -> Self {
        Self { port: 25, allow_private: false, own_hosts: HashSet::new(), own_addresses: HashSet::new() }
    }
}

/// The hosts of a domain, in the order in which they are to be tried.
///
/// # Errors
/// An [`Outcome`] for every recipient there: permanent when the domain takes no mail or leads nowhere, temporary when
/// nobody could say.
pub async fn resolve(
    domain: &DomainName,
    resolver: &dyn Resolver,
    config: &MxConfig,
    chance: &mut (dyn Rng + Send),
) -> Result<Vec<Host>, Outcome> {
    let names = match resolver.mx(domain).await {
        Answer::Found { records, .. } => exchanges(domain, records, config, chance)?,
        // RFC 5321 §5.1: without MX the domain itself is its host.
        Answer::NoRecords => vec![domain.clone()],
        Answer::NxDomain => return Err(no_such_domain(domain)),
        Answer::Temporary(cause) => return Err(dns_failed(domain, &cause)),
    };
    let mut lookups = Lookups::default();
    let mut hosts = Vec::with_capacity(names.len());
    for name in names.into_iter().take(MAX_HOSTS) {
        let answer = resolver.ip(&name).await;
        if answer.records().iter().any(|ip| config.own_addresses.contains(&ip.to_canonical())) {
            // Whoever is as good as we are, or worse, would only send it back (RFC 5321 §5.1).
            lookups.ours = true;
            break;
        }
        let addresses = lookups.usable(answer, config);
        if !addresses.is_empty() {
            hosts.push(Host { name: name.as_str().to_owned(), addresses });
        }
    }
    if hosts.is_empty() { Err(lookups.failure(domain)) } else { Ok(hosts) }
}

/// Names by preference, shuffled within one (RFC 5321 §5.1), up to the preference at which we stand ourselves.
fn exchanges(
    domain: &DomainName,
    mut records: Vec<Mx>,
    config: &MxConfig,
    chance: &mut (dyn Rng + Send),
) -> Result<Vec<DomainName>, Outcome> {
    // RFC 7505 §3: a null MX stands alone.
    if let [Mx { exchange: None, .. }] = records.as_slice() {
        return Err(Outcome::permanent(556, EnhancedCode::NULL_MX, format!("The domain {domain} takes no mail (null MX)")));
    }
    records.shuffle(chance);
    records.sort_by_key(|mx| mx.preference);
    let ours = records.iter().find(|mx| mx.exchange.as_ref().is_some_and(|host| config.own_hosts.contains(host))).map(|mx| mx.preference);
    let mut seen = HashSet::new();
    let names: Vec<DomainName> = records
        .into_iter()
        .filter(|mx| ours.is_none_or(|ours| mx.preference < ours))
        .filter_map(|mx| mx.exchange)
        .filter(|name| seen.insert(name.clone()))
        .collect();
    match (names.is_empty(), ours) {
        (true, Some(_)) => Err(leads_here(domain)),
        (true, None) => Err(nowhere(domain)),
        _ => Ok(names),
    }
}

/// What was seen while looking up addresses, for the words of a failure.
#[derive(Default)]
struct Lookups {
    ours: bool,
    private: bool,
    temporary: Option<String>,
}

impl Lookups {
    fn usable(&mut self, answer: Answer<IpAddr>, config: &MxConfig) -> Vec<SocketAddr> {
        match answer {
            Answer::Found { records, .. } => {
                let (inside, outside): (Vec<_>, Vec<_>) = records.into_iter().partition(|ip| !config.allow_private && is_private(*ip));
                self.private |= !inside.is_empty();
                outside.into_iter().take(MAX_ADDRESSES).map(|ip| SocketAddr::new(ip, config.port)).collect()
            }
            Answer::Temporary(cause) => {
                self.temporary.get_or_insert(cause);
                Vec::new()
            }
            Answer::NoRecords | Answer::NxDomain => Vec::new(),
        }
    }

    fn failure(self, domain: &DomainName) -> Outcome {
        match self {
            Self { temporary: Some(cause), .. } => dns_failed(domain, &cause),
            Self { ours: true, .. } => leads_here(domain),
            Self { private: true, .. } => Outcome::permanent(
                550,
                EnhancedCode::NO_ROUTE,
                format!("The mail servers of {domain} have addresses that are not on the Internet"),
            ),
            _ => nowhere(domain),
        }
    }
}

fn no_such_domain(domain: &DomainName) -> Outcome {
    Outcome::permanent(550, EnhancedCode::NO_SUCH_SYSTEM, format!("The domain {domain} does not exist"))
}

fn nowhere(domain: &DomainName) -> Outcome {
    Outcome::permanent(550, EnhancedCode::NO_ROUTE, format!("The domain {domain} has no mail server with an address"))
}

fn leads_here(domain: &DomainName) -> Outcome {
    Outcome::permanent(554, EnhancedCode::LOOP, format!("The domain {domain} leads to this server, which does not serve it"))
}

fn dns_failed(domain: &DomainName, cause: &str) -> Outcome {
    Outcome::temporary(451, EnhancedCode::DIRECTORY, format!("The DNS of {domain} does not answer")).because(cause)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use postern_net::resolver::StaticResolver;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    async fn ask(zone: &str, config: &MxConfig, seed: u64) -> Result<Vec<String>, String> {
        let resolver = StaticResolver::parse(zone).unwrap();
        let domain: DomainName = "example.org".parse().unwrap();
        match resolve(&domain, &resolver, config, &mut StdRng::seed_from_u64(seed)).await {
            Ok(hosts) => Ok(hosts.into_iter().flat_map(|h| h.addresses.into_iter().map(move |a| format!("{} {a}", h.name))).collect()),
            Err(outcome) => Err(outcome.status()),
        }
    }

    async fn status(zone: &str) -> String {
        ask(zone, &MxConfig::default(), 1).await.unwrap_err()
    }

    #[tokio::test]
    async fn preference_first_then_chance() {
        let zone = "example.org MX 20 c.example.org\nexample.org MX 10 a.example.org\nexample.org MX 10 b.example.org\n\
                    a.example.org A 192.0.2.1\nb.example.org A 192.0.2.2\nc.example.org A 192.0.2.3\nc.example.org AAAA 2001:db8::3";
        let mut orders = BTreeSet::new();
        for seed in 0..40 {
            let hosts = ask(zone, &MxConfig::default(), seed).await.unwrap();
            assert_eq!(hosts[2..], ["c.example.org 192.0.2.3:25", "c.example.org [2001:db8::3]:25"]);
            orders.insert(hosts[0].clone());
        }
        assert_eq!(orders.len(), 2, "RFC 5321 §5.1: equal preferences are shuffled");
    }

    #[tokio::test]
    async fn without_mx_the_domain_is_the_host() {
        assert_eq!(ask("example.org A 192.0.2.1", &MxConfig::default(), 1).await.unwrap(), ["example.org 192.0.2.1:25"]);
        let alias = "example.org CNAME real.example\nreal.example MX 5 mx.real.example\nmx.real.example A 192.0.2.9";
        assert_eq!(ask(alias, &MxConfig::default(), 1).await.unwrap(), ["mx.real.example 192.0.2.9:25"]);
    }

    #[tokio::test]
    async fn domains_without_a_server_say_why() {
        assert_eq!(status("other.example A 192.0.2.1").await, "5.1.2");
        assert_eq!(status("example.org MX 0 .").await, "5.1.10", "RFC 7505 §4.2");
        assert_eq!(status("example.org TXT nothing").await, "5.4.4");
        assert_eq!(status("example.org MX 10 gone.example").await, "5.4.4");
        assert_eq!(status("example.org FAIL").await, "4.4.3");
        assert_eq!(status("example.org MX 10 mx.example.org\nmx.example.org FAIL").await, "4.4.3");
    }

    #[tokio::test]
    async fn private_targets_are_refused_unless_allowed() {
        let zone = "example.org MX 10 a.example.org\nexample.org MX 20 b.example.org\na.example.org A 127.0.0.1\nb.example.org A 192.0.2.2";
        assert_eq!(ask(zone, &MxConfig::default(), 1).await.unwrap(), ["b.example.org 192.0.2.2:25"]);
        assert_eq!(status("example.org A 10.0.0.1").await, "5.4.4");
        let allowed = MxConfig { allow_private: true, port: 2525, ..MxConfig::default() };
        assert_eq!(ask("example.org A 10.0.0.1", &allowed, 1).await.unwrap(), ["example.org 10.0.0.1:2525"]);
    }

    #[tokio::test]
    async fn a_backup_sends_only_upwards() {
        let zone = "example.org MX 10 a.example.org\nexample.org MX 20 us.example\nexample.org MX 30 c.example.org\n\
                    a.example.org A 192.0.2.1\nus.example A 192.0.2.2\nc.example.org A 192.0.2.3";
        let by_name = MxConfig { own_hosts: ["us.example".parse().unwrap()].into(), ..MxConfig::default() };
        let by_address = MxConfig { own_addresses: ["192.0.2.2".parse().unwrap()].into(), ..MxConfig::default() };
        for config in [&by_name, &by_address] {
            assert_eq!(ask(zone, config, 1).await.unwrap(), ["a.example.org 192.0.2.1:25"]);
            assert_eq!(ask("example.org MX 5 us.example\nus.example A 192.0.2.2", config, 1).await.unwrap_err(), "5.4.6");
        }
    }

    #[tokio::test]
    async fn no_domain_makes_us_try_forever() {
        let mut zone = String::new();
        for n in 0..50 {
            zone.push_str(&format!("example.org MX {n} m{n}.example.org\n"));
            for m in 0..20 {
                zone.push_str(&format!("m{n}.example.org A 192.0.2.{m}\n"));
            }
        }
        assert_eq!(ask(&zone, &MxConfig::default(), 1).await.unwrap().len(), MAX_HOSTS * MAX_ADDRESSES);
    }
}
