//! Which hosts want a certificate, and from whom. Pure: what a tenant holds comes in.

use std::collections::BTreeMap;

use postern_core::{
    DomainName,
    directory::{BrandRecord, DomainMode, DomainRecord},
};
use postern_crds::{
    domain::{Certificates, MtaSts, MtaStsMode},
    mail_cluster::MailClusterSpec,
    reference::{IssuerKind, IssuerRef},
};

use super::kinds::Issuer;
use crate::watch::Id;

/// Who wants it, and from whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The issuer; else why there is none.
    pub issuer: Result<Issuer, String>,
    /// Resources that serve under the host.
    pub by: Vec<Id>,
    /// Whether its DNS is required to lead here; of any other host it is no fault that it does not.
    pub required: bool,
}

/// Hosts with what is wanted for each. The first to want one decides on the issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(pub BTreeMap<DomainName, Want>);

impl Wanted {
    /// The installation's own host.
    pub fn installation(&mut self, id: &Id, cluster: &MailClusterSpec) {
        if let Ok(host) = DomainName::parse(&cluster.hostnames.mail) {
            self.add(host, id, default_issuer(cluster), true);
        }
    }

    /// Hosts of a domain that its tenant holds: `record` is the directory's, without hosts of others.
    pub fn domain(&mut self, id: &Id, record: &DomainRecord, spec: Option<&Certificates>, mta_sts: &MtaSts, cluster: &MailClusterSpec) {
        let issuer = issuer(spec, cluster);
        let below = |label: &str| DomainName::parse(&format!("{label}.{}", record.name)).ok();
        let receives = record.mode != DomainMode::SendOnly;
        let hosts = &record.hosts;
        let policy = below("mta-sts").filter(|_| receives && mta_sts.mode != MtaStsMode::None);
        for host in [hosts.mail.clone(), hosts.track.clone(), policy].into_iter().flatten() {
            self.add(host, id, issuer.clone(), true);
        }
        // Bounces need an MX there and no address.
        let bounces = hosts.return_path.clone().filter(|host| *host != record.name);
        let guessed = [below("autoconfig"), below("autodiscover")].into_iter().filter(|_| receives);
        for host in guessed.chain([bounces]).flatten() {
            self.add(host, id, issuer.clone(), false);
        }
    }

    /// Hosts of a brand that its tenant holds.
    pub fn brand(&mut self, id: &Id, record: &BrandRecord, cluster: &MailClusterSpec) {
        for host in &record.hosts {
            self.add(host.clone(), id, default_issuer(cluster), true);
        }
    }

    fn add(&mut self, host: DomainName, id: &Id, issuer: Result<Issuer, String>, required: bool) {
        let want = self.0.entry(host).or_insert_with(|| Want { issuer: issuer.clone(), by: Vec::new(), required });
        want.required |= required;
        if want.issuer.is_err() && issuer.is_ok() {
            want.issuer = issuer;
        }
        if !want.by.contains(id) {
            want.by.push(id.clone());
        }
    }
}

/// One that the MailCluster permits: a tenant must not choose whom the installation pays, or trusts.
fn issuer(spec: Option<&Certificates>, cluster: &MailClusterSpec) -> Result<Issuer, String> {
    let Some(Certificates { issuer_ref }) = spec else { return default_issuer(cluster) };
    if cluster.certificates.permitted_issuers.contains(issuer_ref) {
        return Ok(named(issuer_ref));
    }
    let name = &*issuer_ref.name;
    Err(format!("{} {name} is none of the MailCluster's permittedIssuers; name one of them, or leave the field out", kind(issuer_ref.kind)))
}

fn default_issuer(cluster: &MailClusterSpec) -> Result<Issuer, String> {
    let first = cluster.certificates.permitted_issuers.first().map(named);
    first.ok_or_else(|| "the MailCluster permits no issuer; add one to spec.certificates.permittedIssuers".to_owned())
}

fn named(reference: &IssuerRef) -> Issuer {
    Issuer { kind: kind(reference.kind).to_owned(), name: reference.name.to_string() }
}

const fn kind(kind: IssuerKind) -> &'static str {
    match kind {
        IssuerKind::Issuer => "Issuer",
        IssuerKind::ClusterIssuer => "ClusterIssuer",
    }
}

#[cfg(test)]
mod tests {
    use postern_core::directory::Hosts;
    use postern_crds::domain::MtaStsMode::{None as NoPolicy, Testing};
    use serde_json::json;

    use super::*;
    use crate::watch::Kind;

    fn cluster(issuers: &[&str]) -> MailClusterSpec {
        let issuers: Vec<_> = issuers.iter().map(|name| json!({"kind": "ClusterIssuer", "name": name})).collect();
        serde_json::from_value(json!({
            "storage": {"postgres": {"secretRef": {"name": "pg", "key": "uri"}}},
            "hostnames": {"mail": "mail.provider.test"},
            "certificates": {"permittedIssuers": issuers},
        }))
        .unwrap()
    }

    fn record(hosts: &[&str]) -> DomainRecord {
        let name = |text: &str| DomainName::parse(text).unwrap();
        let host = |at: usize| hosts.get(at).filter(|host| !host.is_empty()).map(|host| name(host));
        DomainRecord {
            hosts: Hosts { mail: host(0), track: host(1), return_path: host(2) },
            ..DomainRecord::new("acme", name("example.org"))
        }
    }

    fn id(name: &str) -> Id {
        Id::new(Kind::Domain, "acme", name)
    }

    #[test]
    fn every_host_once_with_the_first_permitted_issuer() {
        let (cluster, mut wanted) = (cluster(&["letsencrypt", "other"]), Wanted::default());
        let policy = |mode| MtaSts { mode };
        wanted.domain(&id("d"), &record(&["mail.example.org", "t.example.org", "rp.example.org"]), None, &policy(Testing), &cluster);
        wanted.domain(&id("e"), &record(&["mail.example.org"]), None, &policy(NoPolicy), &cluster);
        let hosts: Vec<_> = wanted.0.keys().map(|host| host.as_str().split('.').next().unwrap()).collect();
        assert_eq!(hosts, ["autoconfig", "autodiscover", "mail", "mta-sts", "rp", "t"]);
        let mail = &wanted.0[&DomainName::parse("mail.example.org").unwrap()];
        assert_eq!((mail.by.len(), mail.issuer.as_ref().unwrap().name.as_str()), (2, "letsencrypt"));
        let required = wanted.0.iter().filter(|(_, want)| want.required).map(|(host, _)| host.as_str().split('.').next().unwrap());
        assert_eq!(required.collect::<Vec<_>>(), ["mail", "mta-sts", "t"], "the others may lead elsewhere");
    }

    #[test]
    fn an_issuer_that_nobody_permits_is_refused_with_what_to_do() {
        let cluster = cluster(&["letsencrypt"]);
        let asks = |name: &str| Certificates { issuer_ref: IssuerRef { kind: IssuerKind::ClusterIssuer, name: name.into() } };
        assert_eq!(issuer(Some(&asks("letsencrypt")), &cluster).unwrap().kind, "ClusterIssuer");
        assert!(issuer(Some(&asks("mine")), &cluster).unwrap_err().contains("mine is none of the MailCluster's permittedIssuers"));
        assert!(default_issuer(&self::cluster(&[])).unwrap_err().contains("permits no issuer"));
    }
}
