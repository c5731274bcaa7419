//! What a pass begins with: objects of the cache, as they are in one moment.

use std::{collections::BTreeSet, sync::Arc};

use kube::Resource;
use postern_core::directory::DeletionPolicy;
use postern_crds::FINALIZER;
use postern_projection::{Located, Objects, Refers, Report, deletion_of_domain, deletion_of_mailbox};

use super::scope::Scope;
use crate::{
    references::{Needs, Owner},
    watch::{Entry, Id, Table, Tables, Watched},
};

/// Everything that a pass looks at.
#[derive(Default)]
pub struct Gathered {
    /// Objects that are there and are to stay.
    pub objects: Objects,
    /// Objects that are being deleted, with what becomes of their data.
    pub leaving: Vec<(Id, Option<DeletionPolicy>)>,
    /// Objects that do not fit their type: their rows stay as they are.
    pub broken: Vec<(Id, Report)>,
    /// What the objects refer to.
    pub needs: Needs,
}

/// Takes what a pass over `scope` looks at.
pub fn gather(tables: &Tables, scope: &Scope) -> Gathered {
    let mut out = Gathered::default();
    let whole = *scope == Scope::Whole;
    let located = |object: Arc<_>| Located { object, place: None };
    for (id, entry) in tables.domains.iter() {
        if out.stays(&id, entry, whole, deletion_of_domain) {
            out.objects.domains.push(located(entry.object.clone()));
        }
    }
    match scope {
        Scope::Whole => {
            tables.mailboxes.iter().for_each(|(id, entry)| out.mailbox(&id, entry));
            tables.aliases.iter().for_each(|(id, entry)| out.alias(&id, entry));
        }
        Scope::Boxes(tenants) => {
            for tenant in tenants {
                tables.mailboxes.in_namespace(tenant).for_each(|(id, entry)| out.mailbox(&id, entry));
                tables.aliases.in_namespace(tenant).for_each(|(id, entry)| out.alias(&id, entry));
            }
        }
    }
    for (id, entry) in tables.pools.iter() {
        if out.stays(&id, entry, whole, |_| None) {
            out.objects.pools.push(Located { object: entry.object.clone(), place: None });
        }
    }
    for (id, entry) in tables.brands.iter() {
        if out.stays(&id, entry, whole, |_| None) {
            if whole {
                out.needs.add(&id, &entry.object.refers(), None);
            }
            out.objects.brands.push(Located { object: entry.object.clone(), place: None });
        }
    }
    out.objects.namespaces.extend(tables.namespaces.iter().map(|(_, entry)| Located { object: entry.object.clone(), place: None }));
    out.broken(&tables.domains);
    out.broken(&tables.mailboxes);
    out.broken(&tables.aliases);
    out.broken(&tables.pools);
    out.broken(&tables.brands);
    out
}

/// Everything that the API server has, sound or not and being deleted or not, as long as it may own a row.
pub fn everything(tables: &Tables) -> BTreeSet<Id> {
    fn all<K: Watched>(table: &Table<K>) -> impl Iterator<Item = Id> + '_ {
        table.iter().map(|(id, _)| id).chain(table.iter_broken().map(|(id, _)| id))
    }
    let (boxes, rest) = (all(&tables.mailboxes).chain(all(&tables.aliases)), all(&tables.pools).chain(all(&tables.brands)));
    all(&tables.domains).chain(boxes).chain(rest).collect()
}

impl Gathered {
    /// Whether an object is to stay; one that is being deleted is noted when `told`.
    fn stays<K: Watched>(&mut self, id: &Id, entry: &Entry<K>, told: bool, policy: impl FnOnce(&K) -> Option<DeletionPolicy>) -> bool {
        if entry.object.meta().deletion_timestamp.is_none() {
            return true;
        }
        if told && has_finalizer(&*entry.object) {
            self.leaving.push((id.clone(), policy(&entry.object)));
        }
        false
    }

    fn mailbox(&mut self, id: &Id, entry: &Entry<postern_crds::Mailbox>) {
        if self.stays(id, entry, true, deletion_of_mailbox) {
            let references = entry.object.refers();
            if !references.is_empty() {
                self.needs.add(id, &references, Owner::of(&entry.object).as_ref());
            }
            self.objects.mailboxes.push(Located { object: entry.object.clone(), place: None });
        }
    }

    fn alias(&mut self, id: &Id, entry: &Entry<postern_crds::Alias>) {
        if self.stays(id, entry, true, |_| None) {
            self.objects.aliases.push(Located { object: entry.object.clone(), place: None });
        }
    }

    fn broken<K: Watched>(&mut self, table: &Table<K>) {
        for (id, broken) in table.iter_broken() {
            let refusal = postern_projection::Refusal {
                reason: postern_crds::condition::reason::INVALID_SPEC,
                field: String::new(),
                message: format!("the object does not fit its definition: {}", broken.error),
                fix: "correct it and apply it again".to_owned(),
            };
            self.broken.push((id, Report { generation: broken.generation, refusals: vec![refusal], remark: None }));
        }
    }
}

/// Whether the object carries our finalizer.
pub fn has_finalizer<K: Resource>(object: &K) -> bool {
    object.meta().finalizers.as_ref().is_some_and(|all| all.iter().any(|f| f == FINALIZER))
}
