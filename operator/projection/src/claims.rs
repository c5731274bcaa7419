//! Who holds what, among the objects of one set: decided by rule, so that the order in which they were read, renamed
//! or copied changes nothing. Earlier creation wins, then the lesser (namespace, name, kind).
//!
//! Between tenants only a *proven* domain shuts others out: an unproven claim holds nothing, or a squatter who came
//! first would win. What two unproven tenants claim goes to the directory, whose claims table knows the proofs.

use std::collections::{BTreeMap, btree_map::Entry};

use postern_core::{Address, DomainName};
use postern_crds::k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Precedence of an object; the least comes first. Objects without a creation time, as in a folder, come last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    created: (bool, i64),
    namespace: String,
    name: String,
    kind: &'static str,
}

impl Rank {
    pub fn of(kind: &'static str, metadata: &ObjectMeta) -> Self {
        let created = metadata.creation_timestamp.as_ref().map(|t| t.0.as_microsecond());
        Self {
            created: (created.is_none(), created.unwrap_or_default()),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            kind,
        }
    }

    /// `Mailbox acme/alice`.
    pub fn title(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// A holder of a domain name.
#[derive(Clone, Debug)]
pub(crate) struct DomainClaim {
    /// Who.
    pub holder: Rank,
    /// The name of the domain it belongs to, which differs for an alias domain.
    pub main: DomainName,
    /// Whether the holder counts as proven.
    pub proven: bool,
}

/// Domain names by tenant.
#[derive(Debug, Default)]
pub(crate) struct Domains(BTreeMap<DomainName, BTreeMap<String, DomainClaim>>);

impl Domains {
    /// Claims all names of a Domain, or none (proven Domains are to claim first): the answer is the name that is taken and its holder.
    pub fn claim(&mut self, tenant: &str, names: &[DomainName], claim: &DomainClaim) -> Result<(), (DomainName, DomainClaim)> {
        for name in names {
            for (other, held) in self.0.get(name).into_iter().flatten() {
                if other == tenant || held.proven {
                    return Err((name.clone(), held.clone()));
                }
            }
        }
        for name in names {
            self.0.entry(name.clone()).or_default().insert(tenant.to_owned(), claim.clone());
        }
        Ok(())
    }

    /// The tenant's claim of a domain name.
    pub fn of(&self, tenant: &str, name: &DomainName) -> Option<&DomainClaim> {
        self.0.get(name)?.get(tenant)
    }

    /// Whether any tenant claims it.
    pub fn is_claimed(&self, name: &DomainName) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the tenant has a proven domain at or above a host.
    pub fn proves(&self, tenant: &str, host: &DomainName) -> bool {
        let mut name = Some(host.clone());
        while let Some(at) = name {
            if self.of(tenant, &at).is_some_and(|claim| claim.proven) {
                return true;
            }
            name = at.parent();
        }
        false
    }
}

/// Addresses by tenant and look-up key.
#[derive(Debug, Default)]
pub(crate) struct Addresses(BTreeMap<(String, String), Rank>);

impl Addresses {
    /// Claims all addresses of an object, or none: the answer is the index of the one that is taken and its holder.
    pub fn claim(&mut self, tenant: &str, addresses: &[Address], rank: &Rank) -> Result<(), (usize, Rank)> {
        let keys: Vec<_> = addresses.iter().map(|a| (tenant.to_owned(), a.key())).collect();
        for (i, key) in keys.iter().enumerate() {
            if let Some(holder) = self.0.get(key) {
                return Err((i, holder.clone()));
            }
        }
        self.0.extend(keys.into_iter().map(|key| (key, rank.clone())));
        Ok(())
    }
}

/// Things that one object holds for itself: a brand's hosts within its tenant, a pool's addresses.
#[derive(Debug)]
pub(crate) struct Sole<T>(BTreeMap<T, Rank>);

impl<T> Default for Sole<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Sole<T> {
    /// Claims a thing; the answer is the holder who keeps it.
    pub fn claim(&mut self, thing: T, rank: &Rank) -> Result<(), Rank> {
        match self.0.entry(thing) {
            Entry::Vacant(free) => {
                free.insert(rank.clone());
                Ok(())
            }
            Entry::Occupied(held) => Err(held.get().clone()),
        }
    }
}

/// Hosts by tenant: the domains of one tenant may share a host, two tenants may not. Proven claims are to be made first.
#[derive(Debug, Default)]
pub(crate) struct Hosts(BTreeMap<DomainName, (Rank, bool)>);

impl Hosts {
    /// Claims a host for a tenant; the answer is the proven holder who keeps it.
    pub fn claim(&mut self, host: DomainName, rank: &Rank, proven: bool) -> Result<(), Rank> {
        match self.0.entry(host) {
            Entry::Vacant(free) => {
                free.insert((rank.clone(), proven));
                Ok(())
            }
            Entry::Occupied(held) if held.get().1 && held.get().0.namespace != rank.namespace => Err(held.get().0.clone()),
            Entry::Occupied(_) => Ok(()),
        }
    }
}
