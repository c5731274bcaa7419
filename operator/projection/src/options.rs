//! What a projection is told besides the objects: whose cluster it is and what tenants do not decide.

use std::collections::BTreeSet;

use postern_core::{DomainName, Secret};
use postern_crds::MailCluster;

/// Settings of a projection.
#[derive(Clone, Debug)]
pub struct Options {
    /// First part of every source key: the cluster's name, or `folder`.
    pub cluster: String,
    /// Domains that count as proven.
    pub preverified: Preverified,
    /// Namespaces whose pools may own addresses.
    pub pool_namespaces: PoolNamespaces,
    /// The installation's own host names, which no tenant may claim.
    pub own_hosts: BTreeSet<DomainName>,
    /// Where passwords come from that nobody gave.
    pub generated: Generated,
    /// Key for the digest of what Secrets hold. Digests lie in a table: without a key, whoever reads it could try
    /// passwords at the speed of SHA-256.
    pub digest_key: Secret<Vec<u8>>,
}

/// Where the password of a box with `auth.generate` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// Made when the record is applied, and told once.
    Told,
    /// Read from the Secret `<name>-credentials`, which an operator makes beforehand.
    Kept,
}

/// Domains that count as proven without a TXT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preverified {
    /// Every one: whoever writes the folder is the administrator.
    All,
    /// These pairs of namespace and domain.
    Pairs(BTreeSet<(String, DomainName)>),
}

/// Namespaces whose pools may own addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolNamespaces {
    /// Every one.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Options {
    /// For a folder of manifests: its writer is the administrator.
    #[must_use]
    pub fn standalone(digest_key: Secret<Vec<u8>>) -> Self {
        Self {
            cluster: "folder".to_owned(),
            preverified: Preverified::All,
            pool_namespaces: PoolNamespaces::All,
            own_hosts: BTreeSet::new(),
            generated: Generated::Told,
            digest_key,
        }
    }

    /// For a cluster, as its MailCluster says; without one nothing is vouched for. Names in it that are no domains prove nothing.
    #[must_use]
    pub fn of_cluster(cluster: String, resource: Option<&MailCluster>, digest_key: Secret<Vec<u8>>) -> Self {
        let tenancy = resource.map(|r| r.spec.tenancy.clone()).unwrap_or_default();
        let pair = |p: &postern_crds::mail_cluster::Preverified| Some((p.namespace.to_string(), DomainName::parse(&p.domain).ok()?));
        Self {
            cluster,
            preverified: Preverified::Pairs(tenancy.preverified.iter().filter_map(pair).collect()),
            pool_namespaces: PoolNamespaces::Only(tenancy.pool_namespaces.iter().map(ToString::to_string).collect()),
            own_hosts: resource.and_then(|r| DomainName::parse(&r.spec.hostnames.mail).ok()).into_iter().collect(),
            generated: Generated::Kept,
            digest_key,
        }
    }
}

impl Preverified {
    /// Whether the domain counts as proven for the namespace.
    #[must_use]
    pub fn holds(&self, namespace: &str, domain: &DomainName) -> bool {
        match self {
            Self::All => true,
            Self::Pairs(pairs) => pairs.contains(&(namespace.to_owned(), domain.clone())),
        }
    }
}

impl PoolNamespaces {
    /// Whether pools of the namespace may own addresses.
    #[must_use]
    pub fn holds(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(namespaces) => namespaces.contains(namespace),
        }
    }
}
