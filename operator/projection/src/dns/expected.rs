//! The records that a domain asks for, as its administrator shall set them.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use postern_core::{
    DomainName,
    directory::{DkimAlgorithm, PoolRecord},
    mta_sts::{self, Policy},
};
use postern_crds::{
    DomainSpec,
    domain::{DmarcPolicy, Mode, MtaStsMode},
};

use super::RecordType;

/// The installation as DNS shall show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The host of domains that name none of their own.
    pub host: DomainName,
    /// Addresses of the listening processes; empty while none is known.
    pub addresses: Vec<IpAddr>,
}

/// A DKIM key's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimRecord {
    /// `s=`.
    pub selector: String,
    /// The whole text (RFC 6376 §3.6.1).
    pub text: String,
}

/// A DKIM key's record (RFC 6376 §3.6.1, RFC 8463 §4), its public part before base64.
#[must_use]
pub fn dkim_text(algorithm: DkimAlgorithm, public: &[u8]) -> String {
    let kind = match algorithm {
        DkimAlgorithm::Rsa2048 => "rsa",
        DkimAlgorithm::Ed25519 => "ed25519",
    };
    format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public))
}

/// What a domain's records are made from besides its spec.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The installation.
    pub site: &'a Site,
    /// Keys whose record shall be there.
    pub dkim: &'a [DkimRecord],
    /// The pool that its mail leaves from.
    pub pool: Option<&'a PoolRecord>,
}

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Mail suffers without it.
    Required,
    /// It spares people from typing; its absence makes nothing unready.
    Recommended,
}

/// One record that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Where.
    pub name: DomainName,
    /// Its type.
    pub type_: RecordType,
    /// How much it matters.
    pub need: Need,
    /// What it shall say.
    pub want: Want,
}

/// What a record shall say, and by which rule it is held against what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Mail comes to this host and to no other.
    Mx(DomainName),
    /// One SPF record that lets these pass (RFC 7208): terms beside `v=spf1` and `-all`.
    Spf(Vec<String>),
    /// One DMARC record, with this policy or a stricter one (RFC 7489).
    Dmarc {
        /// What to write.
        text: String,
        /// `p=`.
        policy: DmarcPolicy,
    },
    /// One record of tags that begins so, with the same tags (DKIM, MTA-STS).
    Tags(String),
    /// One record that asks for TLS reports, wherever they go (RFC 8460 §3).
    TlsRpt(String),
    /// These addresses, some of them at least, and no others.
    Addresses(Vec<IpAddr>),
    /// An alias of this host, or its addresses. `foreign` when a wrong one misleads mail clients.
    Alias {
        /// The host.
        target: DomainName,
        /// Its addresses.
        addresses: Vec<IpAddr>,
        /// Whether one that points elsewhere interferes.
        misleads: bool,
    },
    /// A service (RFC 2782) on this port of the host.
    Service {
        /// The host.
        target: DomainName,
        /// What to write.
        text: String,
    },
}

/// All of a domain's, in the order in which people set them.
#[must_use]
pub fn expected(name: &DomainName, spec: &DomainSpec, parts: Parts<'_>) -> Vec<Expected> {
    let host = |text: &Option<postern_crds::text::HostName>| text.as_ref().and_then(|text| DomainName::parse(text).ok());
    let mail = host(&spec.hosts.mail).unwrap_or_else(|| parts.site.host.clone());
    let mut list = List { spec, site: parts.site, mail, all: Vec::new() };
    let (receives, sends) = (spec.mode != Mode::SendOnly, spec.mode != Mode::ReceiveOnly);
    let aliases: Vec<DomainName> = spec.aliases.iter().filter_map(|alias| DomainName::parse(alias).ok()).collect();
    let names = || std::iter::once(name).chain(&aliases);

    list.mail_host();
    if receives {
        names().for_each(|name| list.required(name.clone(), RecordType::Mx, Want::Mx(list.mail.clone())));
    }
    if sends {
        names().for_each(|name| list.required(name.clone(), RecordType::Txt, Want::Spf(spf_terms(spec, parts.pool))));
        for key in parts.dkim {
            list.below(&format!("{}._domainkey", key.selector), name, RecordType::Txt, Need::Required, Want::Tags(key.text.clone()));
        }
        // Bounces come back to us, and receivers look for SPF under the envelope's domain (RFC 7208 §2.4).
        if let Some(bounces) = host(&spec.hosts.return_path).filter(|bounces| bounces != name) {
            list.required(bounces.clone(), RecordType::Mx, Want::Mx(list.mail.clone()));
            list.required(bounces, RecordType::Txt, Want::Spf(spf_terms(spec, parts.pool)));
        }
    }
    names().for_each(|name| list.below("_dmarc", name, RecordType::Txt, Need::Required, dmarc(spec)));
    if receives {
        list.transport(name);
    }
    if let Some(track) = host(&spec.hosts.track) {
        list.alias(track, Need::Required, false);
    }
    if receives {
        list.clients(name);
    }
    list.all
}

struct List<'a> {
    spec: &'a DomainSpec,
    site: &'a Site,
    mail: DomainName,
    all: Vec<Expected>,
}

impl List<'_> {
    fn required(&mut self, name: DomainName, type_: RecordType, want: Want) {
        self.all.push(Expected { name, type_, need: Need::Required, want });
    }

    fn below(&mut self, label: &str, name: &DomainName, type_: RecordType, need: Need, want: Want) {
        // A name that has no room for a label has no such record.
        if let Ok(name) = DomainName::parse(&format!("{label}.{name}")) {
            self.all.push(Expected { name, type_, need, want });
        }
    }

    /// An MX may not name an alias (RFC 5321 §5.1), so the host wants addresses. The installation's own host is its owner's affair.
    fn mail_host(&mut self) {
        if self.mail == self.site.host {
            return;
        }
        let (four, six): (Vec<IpAddr>, Vec<IpAddr>) = self.site.addresses.iter().partition(|address| address.is_ipv4());
        for (type_, addresses) in [(RecordType::A, four), (RecordType::Aaaa, six)] {
            if !addresses.is_empty() {
                self.required(self.mail.clone(), type_, Want::Addresses(addresses));
            }
        }
    }

    /// MTA-STS and TLS reports.
    fn transport(&mut self, name: &DomainName) {
        let mode = match self.spec.dns.mta_sts.mode {
            MtaStsMode::None => None,
            MtaStsMode::Testing => Some(mta_sts::Mode::Testing),
            MtaStsMode::Enforce => Some(mta_sts::Mode::Enforce),
        };
        if let Some(mode) = mode {
            let record = Policy::new(mode, vec![self.mail.clone()]).record();
            self.below("_mta-sts", name, RecordType::Txt, Need::Required, Want::Tags(record));
            if let Ok(host) = DomainName::parse(&format!("mta-sts.{name}")) {
                self.alias(host, Need::Required, false);
            }
        }
        let rua = &self.spec.dns.dmarc.rua;
        if self.spec.dns.tls_rpt && !rua.is_empty() {
            let text = format!("v=TLSRPTv1; rua={}", uris(rua));
            self.below("_smtp._tls", name, RecordType::Txt, Need::Required, Want::TlsRpt(text));
        }
    }

    /// What mail clients look for (RFC 6186 §3, RFC 8314 §5.1).
    fn clients(&mut self, name: &DomainName) {
        for label in ["autoconfig", "autodiscover"] {
            if let Ok(host) = DomainName::parse(&format!("{label}.{name}")) {
                self.alias(host, Need::Recommended, true);
            }
        }
        for (label, priority, port) in [
            ("_imaps._tcp", "0 1", 993),
            ("_submissions._tcp", "0 1", 465),
            ("_submission._tcp", "10 1", 587),
            ("_autodiscover._tcp", "0 0", 443),
        ] {
            let want = Want::Service { target: self.mail.clone(), text: format!("{priority} {port} {}.", self.mail) };
            self.below(label, name, RecordType::Srv, Need::Recommended, want);
        }
    }

    fn alias(&mut self, name: DomainName, need: Need, misleads: bool) {
        if name == self.mail {
            return;
        }
        let want = Want::Alias { target: self.mail.clone(), addresses: self.site.addresses.clone(), misleads };
        self.all.push(Expected { name, type_: RecordType::Cname, need, want });
    }
}

/// RFC 7208 §5.2, §5.4, §5.6. Without addresses of a pool, mail leaves from where it comes in.
fn spf_terms(spec: &DomainSpec, pool: Option<&PoolRecord>) -> Vec<String> {
    let addresses = pool.into_iter().flat_map(|pool| &pool.addresses).filter(|address| !address.ip.is_loopback());
    let own = addresses.map(|address| if address.ip.is_ipv4() { format!("ip4:{}", address.ip) } else { format!("ip6:{}", address.ip) });
    let mut terms: Vec<String> = own.collect();
    if terms.is_empty() {
        terms.push("mx".to_owned());
    }
    terms.extend(spec.dns.spf_includes.iter().map(|include| format!("include:{include}")));
    terms
}

/// RFC 7489 §6.3.
fn dmarc(spec: &DomainSpec) -> Want {
    let policy = spec.dns.dmarc.policy;
    let word = match policy {
        DmarcPolicy::None => "none",
        DmarcPolicy::Quarantine => "quarantine",
        DmarcPolicy::Reject => "reject",
    };
    let rua = &spec.dns.dmarc.rua;
    let reports = if rua.is_empty() { String::new() } else { format!("; rua={}", uris(rua)) };
    Want::Dmarc { text: format!("v=DMARC1; p={word}{reports}"), policy }
}

fn uris(list: &[postern_crds::text::MailtoUri]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
