//! The DNS records that a domain asks for, as its administrator shall set them. Nobody has looked yet whether they are
//! there.

use postern_core::{DomainName, Timestamp, directory::PoolRecord};
use postern_crds::{
    Domain,
    domain::{DmarcPolicy, DnsStatus, Mode, RecordState, RecordStatus},
};
use postern_mailflow::dkim::{record_name, record_text};
use postern_store::directory::{DkimKey, DkimState};

/// All of them: MX, SPF, DKIM, DMARC, TLS-RPT.
pub(super) fn expected(domain: &Domain, name: &DomainName, keys: &[DkimKey], pool: Option<&PoolRecord>, now: Timestamp) -> DnsStatus {
    let (spec, mut records) = (&domain.spec, Vec::new());
    if spec.mode != Mode::SendOnly
        && let Some(host) = &spec.hosts.mail
    {
        records.push(record(name.as_str(), "MX", format!("10 {host}.")));
    }
    if spec.mode != Mode::ReceiveOnly {
        records.push(record(name.as_str(), "TXT", spf(domain, pool)));
        if let Some(bounces) = spec.hosts.return_path.as_ref().filter(|host| ***host != *name.as_str()) {
            // Bounces come back to us, and receivers look for SPF under the envelope's domain (RFC 7208 §2.4).
            records.extend(spec.hosts.mail.as_ref().map(|mail| record(bounces, "MX", format!("10 {mail}."))));
            records.push(record(bounces, "TXT", spf(domain, pool)));
        }
    }
    // A retired key's record stays while mail that it signed is under way.
    for key in keys.iter().filter(|key| key.state != DkimState::Retired || now.since(key.activates_at).as_secs() > 0) {
        records.push(record(&record_name(&key.selector, name), "TXT", record_text(key.algorithm, &key.public)));
    }
    records.push(record(&format!("_dmarc.{name}"), "TXT", dmarc(domain)));
    if spec.dns.tls_rpt && !spec.dns.dmarc.rua.is_empty() {
        // RFC 8460 §3.
        records.push(record(&format!("_smtp._tls.{name}"), "TXT", format!("v=TLSRPTv1; rua={}", rua(domain))));
    }
    DnsStatus { verification: None, checked_at: None, records }
}

/// RFC 7208 §4.5, §5.6.
fn spf(domain: &Domain, pool: Option<&PoolRecord>) -> String {
    let addresses = pool.into_iter().flat_map(|pool| &pool.addresses).filter(|address| !address.ip.is_loopback());
    let own = addresses.map(|address| if address.ip.is_ipv4() { format!("ip4:{}", address.ip) } else { format!("ip6:{}", address.ip) });
    let others = domain.spec.dns.spf_includes.iter().map(|include| format!("include:{include}"));
    let mut terms: Vec<String> = own.chain(others).collect();
    if terms.is_empty() {
        terms.push("mx".to_owned());
    }
    format!("v=spf1 {} -all", terms.join(" "))
}

/// RFC 7489 §6.3.
fn dmarc(domain: &Domain) -> String {
    let policy = match domain.spec.dns.dmarc.policy {
        DmarcPolicy::None => "none",
        DmarcPolicy::Quarantine => "quarantine",
        DmarcPolicy::Reject => "reject",
    };
    let reports = if domain.spec.dns.dmarc.rua.is_empty() { String::new() } else { format!("; rua={}", rua(domain)) };
    format!("v=DMARC1; p={policy}{reports}")
}

fn rua(domain: &Domain) -> String {
    domain.spec.dns.dmarc.rua.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn record(name: &str, type_: &str, expected: String) -> RecordStatus {
    RecordStatus {
        name: format!("{name}."),
        type_: type_.to_owned(),
        state: RecordState::Unknown,
        expected: vec![expected],
        observed: Vec::new(),
        fix: None,
    }
}
