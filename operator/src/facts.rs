//! What drivers learn of the world outside, kept until a status is written: DNS, certificates, addresses of pools, hosts
//! of brands. Whoever learns something puts it here; the status driver alone writes statuses.

use std::{
    collections::{BTreeSet, HashMap},
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use postern_crds::{branding::HostStatus, domain::CertificateStatus};
use postern_projection::dns::Diagnosis;
use tokio::sync::Notify;

use crate::{pools::Look, watch::Id};

/// The board. Clones share it. A leader begins with what statuses say ([`crate::recall`]).
#[derive(Clone, Default)]
pub struct Facts(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tables: Mutex<Tables>,
    told: Notify,
}

#[derive(Default)]
struct Tables {
    dns: HashMap<Id, Diagnosis>,
    certificates: HashMap<Id, Vec<CertificateStatus>>,
    pools: HashMap<Id, Look>,
    hosts: HashMap<Id, Vec<HostStatus>>,
    touched: BTreeSet<Id>,
}

impl Facts {
    /// The last look at a Domain's DNS.
    pub fn set_dns(&self, id: &Id, dns: Diagnosis) {
        let dns = match self.dns(id) {
            Some(before) => dns.dated_as(&before),
            None => dns,
        };
        self.set(id, dns, |tables| &mut tables.dns);
    }

    /// What a Domain's status says of its DNS.
    pub fn recall_dns(&self, id: &Id, dns: Diagnosis) {
        self.tables().dns.entry(id.clone()).or_insert(dns);
    }

    /// What a Domain's status says of its certificates.
    pub fn recall_certificates(&self, id: &Id, certificates: Vec<CertificateStatus>) {
        self.tables().certificates.entry(id.clone()).or_insert(certificates);
    }

    /// What an IpPool's status says of its addresses.
    pub fn recall_addresses(&self, id: &Id, addresses: Look) {
        self.tables().pools.entry(id.clone()).or_insert(addresses);
    }

    /// What a Branding's status says of its hosts.
    pub fn recall_hosts(&self, id: &Id, hosts: Vec<HostStatus>) {
        self.tables().hosts.entry(id.clone()).or_insert(hosts);
    }

    /// Certificates of a Domain's hosts.
    pub fn set_certificates(&self, id: &Id, certificates: Vec<CertificateStatus>) {
        self.set(id, certificates, |tables| &mut tables.certificates);
    }

    /// Addresses of an IpPool.
    pub fn set_addresses(&self, id: &Id, addresses: Look) {
        self.set(id, addresses, |tables| &mut tables.pools);
    }

    /// Hosts of a Branding.
    pub fn set_hosts(&self, id: &Id, hosts: Vec<HostStatus>) {
        self.set(id, hosts, |tables| &mut tables.hosts);
    }

    /// What is known of a Domain's DNS.
    #[must_use]
    pub fn dns(&self, id: &Id) -> Option<Diagnosis> {
        self.tables().dns.get(id).cloned()
    }

    /// What is known of a Domain's certificates.
    #[must_use]
    pub fn certificates(&self, id: &Id) -> Vec<CertificateStatus> {
        self.tables().certificates.get(id).cloned().unwrap_or_default()
    }

    /// What is known of an IpPool's addresses.
    #[must_use]
    pub fn addresses(&self, id: &Id) -> Look {
        self.tables().pools.get(id).cloned().unwrap_or_default()
    }

    /// What is known of a Branding's hosts.
    #[must_use]
    pub fn hosts(&self, id: &Id) -> Vec<HostStatus> {
        self.tables().hosts.get(id).cloned().unwrap_or_default()
    }

    /// Has objects looked at again of which the directory says something new.
    pub fn touch(&self, ids: impl IntoIterator<Item = Id>) {
        self.tables().touched.extend(ids);
        self.0.told.notify_one();
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, id: &Id) {
        let mut tables = self.tables();
        tables.dns.remove(id);
        tables.certificates.remove(id);
        tables.pools.remove(id);
        tables.hosts.remove(id);
        tables.touched.remove(id);
    }

    /// Waits until something is known anew, and takes what that is.
    pub async fn touched(&self) -> BTreeSet<Id> {
        loop {
            let touched = mem::take(&mut self.tables().touched);
            if !touched.is_empty() {
                return touched;
            }
            self.0.told.notified().await;
        }
    }

    fn set<T: PartialEq>(&self, id: &Id, fact: T, table: impl FnOnce(&mut Tables) -> &mut HashMap<Id, T>) {
        let mut tables = self.tables();
        let before = table(&mut tables);
        if before.get(id) == Some(&fact) {
            return;
        }
        before.insert(id.clone(), fact);
        tables.touched.insert(id.clone());
        drop(tables);
        self.0.told.notify_one();
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Facts")
    }
}
