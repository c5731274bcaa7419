//! All tables behind one lock, and who wants to know when they change.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::api::core::v1::Namespace;
use kube::core::error_boundary::InvalidObject;
use postern_crds::{Alias, Branding, Domain, IpPool, MailCluster, Mailbox, condition::READY};

use super::{Gone, Id, Kind, Subscription, Table, Watched, subscription::Subscriber};
use crate::metrics::Metrics;

/// Everything that is watched. Clones share it.
#[derive(Clone, Default)]
pub struct Cache(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tables: Mutex<Tables>,
    subscribers: Mutex<Vec<Subscriber>>,
}

/// One table a kind.
#[derive(Debug, Default)]
pub struct Tables {
    /// Mail domains.
    pub domains: Table<Domain>,
    /// Addresses with storage.
    pub mailboxes: Table<Mailbox>,
    /// Addresses without.
    pub aliases: Table<Alias>,
    /// Addresses that mail leaves from.
    pub pools: Table<IpPool>,
    /// Looks.
    pub brands: Table<Branding>,
    /// Installations.
    pub clusters: Table<MailCluster>,
    /// Namespaces, for their labels.
    pub namespaces: Table<Namespace>,
}

impl Tables {
    /// How objects that own rows went since this was asked last.
    pub fn take_gone(&mut self) -> Vec<(Id, Gone)> {
        let mut gone = self.domains.take_gone();
        gone.extend(self.mailboxes.take_gone());
        gone.extend(self.aliases.take_gone());
        gone.extend(self.pools.take_gone());
        gone.extend(self.brands.take_gone());
        gone
    }

    /// Whether an object that may own a row is there, sound or not.
    #[must_use]
    pub fn has(&self, id: &Id) -> bool {
        match id.kind {
            Kind::Domain => self.domains.has(id),
            Kind::Mailbox => self.mailboxes.has(id),
            Kind::Alias => self.aliases.has(id),
            Kind::IpPool => self.pools.has(id),
            Kind::Branding => self.brands.has(id),
            Kind::MailCluster | Kind::Namespace | Kind::Secret | Kind::ConfigMap => false,
        }
    }
}

/// The tables as they are now. Held for a moment and never across an `await`: the watches wait for it.
pub struct Guard<'a>(MutexGuard<'a, Tables>);

impl Deref for Guard<'_> {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.0
    }
}

impl Cache {
    /// The tables as they are now.
    #[must_use]
    pub fn read(&self) -> Guard<'_> {
        Guard(self.tables())
    }

    /// Tells of every object of these kinds that changes from now on, in more than its status.
    #[must_use]
    pub fn subscribe(&self, kinds: &'static [Kind]) -> Subscription {
        let (subscriber, subscription) = Subscription::new(kinds);
        let mut subscribers = self.0.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(Subscriber::is_heard);
        subscribers.push(subscriber);
        subscription
    }

    /// Whether every kind has been listed to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let t = self.tables();
        t.domains.is_complete()
            && t.mailboxes.is_complete()
            && t.aliases.is_complete()
            && t.pools.is_complete()
            && t.brands.is_complete()
            && t.clusters.is_complete()
            && t.namespaces.is_complete()
    }

    /// Looks at the tables and at what went from them in one moment.
    pub fn take<T>(&self, look: impl FnOnce(&mut Tables) -> T) -> T {
        look(&mut self.tables())
    }

    /// Counts objects by kind and readiness.
    pub fn count(&self, metrics: &Metrics) {
        let t = self.tables();
        count(&t.domains, metrics);
        count(&t.mailboxes, metrics);
        count(&t.aliases, metrics);
        count(&t.pools, metrics);
        count(&t.brands, metrics);
        count(&t.clusters, metrics);
    }

    /// A watch failed.
    pub(super) fn lost<K: Watched>(&self) {
        K::table_mut(&mut self.tables()).lost();
    }

    /// A list begins.
    pub(super) fn begin<K: Watched>(&self) {
        K::table_mut(&mut self.tables()).begin();
    }

    /// A list ended.
    pub(super) fn end<K: Watched>(&self) {
        let missing = K::table_mut(&mut self.tables()).end();
        self.tell(K::KIND, missing);
    }

    /// An object is there, sound or not.
    pub(super) fn apply<K: Watched>(&self, read: Result<K, InvalidObject>) {
        let touched = K::table_mut(&mut self.tables()).apply(read);
        self.tell(K::KIND, touched);
    }

    /// An object was deleted.
    pub(super) fn delete<K: Watched>(&self, namespace: Option<&str>, name: Option<&str>) {
        let id = K::table_mut(&mut self.tables()).delete(namespace, name);
        self.tell(K::KIND, [id]);
    }

    fn tell(&self, kind: Kind, touched: impl IntoIterator<Item = Id>) {
        let mut touched = touched.into_iter().peekable();
        if touched.peek().is_none() {
            return;
        }
        let touched: Vec<Id> = touched.collect();
        for subscriber in self.0.subscribers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            subscriber.tell(kind, &touched);
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

fn count<K: Watched>(table: &Table<K>, metrics: &Metrics) {
    let mut by: BTreeMap<&'static str, usize> = ["True", "False", "Unknown"].map(|ready| (ready, 0)).into();
    for (_, entry) in table.iter() {
        *by.entry(entry.seen.status_of(READY).unwrap_or("Unknown")).or_default() += 1;
    }
    *by.entry("False").or_default() += table.iter_broken().count();
    by.into_iter().for_each(|(ready, count)| metrics.objects(K::KIND.as_str(), ready, count));
}
