//! Secrets and ConfigMaps that resources refer to: fetched one by one, never watched, kept until nobody refers to them.
//!
//! One that is there is looked at again every ten minutes, one that is missing sooner, for it may be on its way. A
//! namespace that does not let us read is said so in the conditions of those who refer. What is being fetched for the
//! first time keeps nobody else waiting: who refers to it is passed over until it is known.

mod credentials;
mod fetch;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::{
    api::core::v1::{ConfigMap, Secret},
    jiff,
};
use postern_core::Timestamp;
use postern_crds::{ANNOTATION_ROTATE_AT, Mailbox};
use postern_projection::{Located, Objects, Reference, Referred};
use tokio::{sync::Notify, time::Instant};

pub use self::fetch::run;
use crate::watch::Id;

/// Kind, namespace, name.
type Key = (Referred, Arc<str>, String);

/// What resources refer to. Clones share it.
#[derive(Clone, Default)]
pub struct References(Arc<Shared>);

#[derive(Default)]
struct Shared {
    known: Mutex<HashMap<Key, Known>>,
    wanted: Notify,
    touched: Mutex<BTreeSet<Id>>,
    told: Notify,
}

/// What is known of one.
struct Known {
    state: State,
    users: BTreeSet<Id>,
    owner: Option<Owner>,
    /// When it is looked at next.
    due: Instant,
    /// How often it was found missing.
    misses: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// Not fetched yet.
    Pending,
    /// There.
    Secret(Arc<Secret>),
    /// There.
    ConfigMap(Arc<ConfigMap>),
    /// Not there.
    Missing,
    /// We may not read it.
    Forbidden,
}

/// What a pass needs.
#[derive(Debug, Default)]
pub struct Needs(BTreeMap<Key, Need>);

#[derive(Debug, Default)]
struct Need {
    users: BTreeSet<Id>,
    owner: Option<Owner>,
}

/// A Mailbox whose password is made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Its `metadata.uid`.
    pub uid: String,
    /// Its address.
    pub address: String,
    /// From when on a new password is due.
    pub rotate_at: Option<Timestamp>,
}

impl Owner {
    /// Of a Mailbox that the API server knows.
    #[must_use]
    pub fn of(mailbox: &Mailbox) -> Option<Self> {
        let meta = &mailbox.metadata;
        let asked = meta.annotations.as_ref().and_then(|all| all.get(ANNOTATION_ROTATE_AT));
        Some(Self {
            name: meta.name.clone()?,
            uid: meta.uid.clone()?,
            address: mailbox.spec.address.to_string(),
            rotate_at: asked.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(|at| Timestamp(at.as_microsecond())),
        })
    }
}

impl Needs {
    /// Adds what an object refers to; `owner` for what is made for it.
    pub fn add(&mut self, user: &Id, references: &[Reference], owner: Option<&Owner>) {
        for reference in references {
            let need = self.0.entry((reference.kind, user.namespace.clone(), reference.name.clone())).or_default();
            need.users.insert(user.clone());
            if reference.made {
                need.owner = owner.cloned();
            }
        }
    }
}

impl References {
    /// Puts what is known into the objects, and returns who refers to what is not known yet. After a pass over the `whole`
    /// what nobody needs is forgotten.
    pub fn supply(&self, needs: &Needs, whole: bool, objects: &mut Objects) -> BTreeSet<Id> {
        let (mut known, mut pending) = (self.known(), BTreeSet::new());
        if whole {
            known.retain(|key, _| needs.0.contains_key(key));
        }
        for (key, need) in &needs.0 {
            let entry = known.entry(key.clone()).or_insert_with(|| {
                let (users, owner) = (BTreeSet::new(), need.owner.clone());
                Known { state: State::Pending, users, owner, due: Instant::now(), misses: 0 }
            });
            entry.users.extend(need.users.iter().cloned());
            if entry.owner != need.owner {
                (entry.owner, entry.due) = (need.owner.clone(), Instant::now());
            }
            match &entry.state {
                State::Pending => pending.extend(need.users.iter().cloned()),
                State::Secret(secret) => objects.secrets.push(Located { object: secret.clone(), place: None }),
                State::ConfigMap(map) => objects.config_maps.push(Located { object: map.clone(), place: None }),
                State::Missing => {}
                State::Forbidden => drop(objects.closed.insert((key.0, key.1.to_string()))),
            }
        }
        drop(known);
        self.0.wanted.notify_one();
        pending
    }

    /// Waits until something that is referred to has changed, and takes who refers to it.
    pub async fn touched(&self) -> BTreeSet<Id> {
        loop {
            let touched = mem::take(&mut *self.0.touched.lock().unwrap_or_else(PoisonError::into_inner));
            if !touched.is_empty() {
                return touched;
            }
            self.0.told.notified().await;
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "References({})", self.known().len())
    }
}
