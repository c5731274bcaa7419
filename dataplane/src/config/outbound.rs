//! The sender: where names are asked, how often it tries, when it gives up.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use postern_core::{DomainName, Secret};

use super::{
    reader::Reader,
    value::{Value, quoted},
};

/// Section `outbound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// The port of other servers: 25, but for tests.
    pub port: u16,
    /// DNS servers; none means those of the system.
    pub nameservers: Vec<SocketAddr>,
    /// A file of DNS records (`name TYPE value` a line) that answers in place of any server.
    pub zone: Option<PathBuf>,
    /// Whether an MX may point at loopback and private addresses. Only for tests: a stranger's DNS could send us to our own services.
    pub allow_private: bool,
    /// Domains whose mail goes to a fixed place, without DNS.
    pub static_mx: Vec<StaticMx>,
    /// Our own door for strangers, when no role of this process is it: mail for our own domains goes there, whatever their MX says.
    pub home: Option<Place>,
    /// Proxies on the nodes that own the pools' addresses (`postern egress`); the name may stand for many.
    pub egress: Option<Place>,
    /// What they demand.
    pub egress_token: Option<Secret<String>>,
    /// Connections to other servers at most.
    pub connections: usize,
    /// Connections to one destination at most.
    pub per_destination: usize,
    /// Waits between attempts; the last one repeats. Never empty.
    pub schedule: Vec<Duration>,
    /// Age at which the sender is told of the delay.
    pub delayed_notice: Duration,
    /// Age at which a message comes back.
    pub expire: Duration,
}

/// A server, `host:port`; the host may be an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Host name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// `example.com=192.0.2.7:25` or `example.com=mx.example.net:25`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticMx {
    /// The recipients' domain.
    pub domain: DomainName,
    /// Where its mail goes.
    pub place: Place,
}

impl Outbound {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("outbound");
        let outbound = Self {
            port: section.between("port", 25, 1..=u16::MAX),
            nameservers: section.list("nameservers", Vec::new()),
            zone: section.optional("zone"),
            allow_private: section.value("allow_private", false),
            static_mx: section.list("static_mx", Vec::new()),
            home: section.optional("home"),
            egress: section.optional("egress"),
            egress_token: section.optional("egress_token"),
            connections: section.between("connections", 200, 1..=100_000),
            per_destination: section.between("per_destination", 20, 1..=10_000),
            schedule: section.list("schedule", SCHEDULE_MINUTES.map(Duration::from_mins).to_vec()),
            delayed_notice: section.value("delayed_notice", Duration::from_hours(4)),
            expire: section.between("expire", Duration::from_hours(72), Duration::from_mins(1)..=Duration::from_hours(24 * 30)),
        };
        if outbound.schedule.is_empty() || outbound.schedule.contains(&Duration::ZERO) {
            section.refuse("schedule", "name at least one wait, and none of 0");
        }
        if outbound.zone.is_some() && !outbound.nameservers.is_empty() {
            section.refuse("zone", "a zone answers in place of nameservers; set one of them");
        }
        if outbound.egress.is_some() != outbound.egress_token.is_some() {
            section.refuse("egress", "outbound.egress and outbound.egress_token go together; set both or neither");
        }
        outbound
    }
}

/// RFC 5321 §4.5.4.1 asks for 30 minutes at least once the first tries have failed.
const SCHEDULE_MINUTES: [u64; 6] = [1, 5, 15, 30, 60, 120];

impl Value for Place {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no place; write host:port, as 192.0.2.7:25");
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() { Err(wrong()) } else { Ok(Self { host, port: port.parse().map_err(|_| wrong())? }) }
    }
    fn literal(&self) -> String {
        quoted(&self.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') { write!(f, "[{}]:{}", self.host, self.port) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

impl Value for StaticMx {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no place; write domain=host:port, as example.com=192.0.2.7:25");
        let (domain, place) = text.split_once('=').ok_or_else(wrong)?;
        let domain = DomainName::parse(domain.trim()).map_err(|error| format!("`{text}`: {error}"))?;
        Ok(Self { domain, place: Place::parse(place).map_err(|_| wrong())? })
    }
    fn literal(&self) -> String {
        quoted(&format!("{}={}", self.domain, self.place))
    }
}
