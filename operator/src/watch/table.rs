//! The objects of one kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kube::core::error_boundary::InvalidObject;
use postern_projection::Kind;

use super::{Id, Seen, Watched};

/// Namespace and name.
type Key = (Arc<str>, Arc<str>);

/// An object, stripped, and what was last seen of its status.
#[derive(Clone, Debug)]
pub struct Entry<K> {
    /// The object without its status.
    pub object: Arc<K>,
    /// What is kept of its status.
    pub seen: Seen,
}

/// An object that does not fit its type: an older definition let it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Why.
    pub error: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// Whether it is being deleted.
    pub deleting: bool,
}

/// How an object went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The API server said that it was deleted.
    Deleted,
    /// A list no longer had it: it was deleted while nobody watched, or the API server lost it.
    Missing,
}

/// The objects of one kind, in order of namespace and name.
#[derive(Debug)]
pub struct Table<K> {
    objects: BTreeMap<Key, Entry<K>>,
    broken: BTreeMap<Key, Broken>,
    /// Listed to the end once.
    complete: bool,
    /// Whether changes reach us as they are made, as far as is known.
    followed: bool,
    /// While a list is read anew: what it has had so far.
    listing: Option<BTreeSet<Key>>,
    /// Objects that went and that nobody has asked about yet.
    gone: BTreeMap<Key, Gone>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), broken: BTreeMap::new(), complete: false, followed: false, listing: None, gone: BTreeMap::new() }
    }
}

impl<K: Watched> Table<K> {
    /// An object by name.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Entry<K>> {
        self.objects.get(&(Arc::from(namespace), Arc::from(name)))
    }

    /// An object that does not fit its type, by name.
    #[must_use]
    pub fn broken(&self, namespace: &str, name: &str) -> Option<&Broken> {
        self.broken.get(&(Arc::from(namespace), Arc::from(name)))
    }

    /// Whether an object is there, sound or not.
    #[must_use]
    pub fn has(&self, id: &Id) -> bool {
        let key = (id.namespace.clone(), id.name.clone());
        self.objects.contains_key(&key) || self.broken.contains_key(&key)
    }

    /// Every object.
    pub fn iter(&self) -> impl Iterator<Item = (Id, &Entry<K>)> {
        self.objects.iter().map(|((namespace, name), entry)| (id(K::KIND, namespace, name), entry))
    }

    /// Every object of a namespace.
    pub fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = (Id, &'a Entry<K>)> {
        let from: Key = (Arc::from(namespace), Arc::from(""));
        let of = self.objects.range(from..).take_while(move |((n, _), _)| **n == *namespace);
        of.map(|((namespace, name), entry)| (id(K::KIND, namespace, name), entry))
    }

    /// Every object that does not fit its type.
    pub fn iter_broken(&self) -> impl Iterator<Item = (Id, &Broken)> {
        self.broken.iter().map(|((namespace, name), broken)| (id(K::KIND, namespace, name), broken))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len() + self.broken.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all of them have been listed.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether changes reach us as they are made: not before a list has ended, and not after a watch has failed until it
    /// tells something again.
    #[must_use]
    pub const fn is_followed(&self) -> bool {
        self.followed
    }

    /// How objects went since this was asked last.
    pub fn take_gone(&mut self) -> Vec<(Id, Gone)> {
        std::mem::take(&mut self.gone).into_iter().map(|((namespace, name), gone)| (id(K::KIND, &namespace, &name), gone)).collect()
    }

    /// The watch failed.
    pub(super) const fn lost(&mut self) {
        self.followed = false;
    }

    /// A list begins.
    pub(super) fn begin(&mut self) {
        self.followed = false;
        self.listing = Some(BTreeSet::new());
    }

    /// A list ended: what it did not have is gone. Returns those.
    pub(super) fn end(&mut self) -> Vec<Id> {
        (self.complete, self.followed) = (true, true);
        let Some(there) = self.listing.take() else { return Vec::new() };
        let missing: Vec<Key> = self.objects.keys().chain(self.broken.keys()).filter(|key| !there.contains(*key)).cloned().collect();
        for key in &missing {
            self.objects.remove(key);
            self.broken.remove(key);
            self.gone.insert(key.clone(), Gone::Missing);
        }
        missing.into_iter().map(|(namespace, name)| id(K::KIND, &namespace, &name)).collect()
    }

    /// Takes an object in; its id when more than its status changed.
    pub(super) fn apply(&mut self, read: Result<K, InvalidObject>) -> Option<Id> {
        let (key, touched) = match read {
            Ok(mut object) => {
                let seen = object.strip();
                let key = self.key(object.meta().namespace.as_deref(), object.meta().name.as_deref());
                let new = Entry { object: Arc::new(object), seen };
                let was_broken = self.broken.remove(&key).is_some();
                let touched = match self.objects.get_mut(&key) {
                    // The object that we have stays: its parts are shared with whoever looks at it.
                    Some(old) if is_same(&*old.object, &*new.object) => {
                        old.seen = new.seen;
                        if old.object.meta().finalizers != new.object.meta().finalizers {
                            old.object = new.object;
                        }
                        false
                    }
                    _ => {
                        self.objects.insert(key.clone(), new);
                        true
                    }
                };
                (key, touched || was_broken)
            }
            Err(InvalidObject { error, metadata }) => {
                let key = self.key(metadata.namespace.as_deref(), metadata.name.as_deref());
                let deleting = metadata.deletion_timestamp.is_some();
                let broken = Broken { error, generation: metadata.generation.unwrap_or_default(), deleting };
                let was_sound = self.objects.remove(&key).is_some();
                let before = self.broken.insert(key.clone(), broken.clone());
                (key, was_sound || before != Some(broken))
            }
        };
        self.gone.remove(&key);
        match &mut self.listing {
            Some(listing) => drop(listing.insert(key.clone())),
            None => self.followed = true,
        }
        touched.then(|| id(K::KIND, &key.0, &key.1))
    }

    /// An object was deleted.
    pub(super) fn delete(&mut self, namespace: Option<&str>, name: Option<&str>) -> Id {
        let key = self.key(namespace, name);
        self.objects.remove(&key);
        self.broken.remove(&key);
        self.gone.insert(key.clone(), Gone::Deleted);
        id(K::KIND, &key.0, &key.1)
    }

    /// The key, with the namespace that a neighbour has already where that can be.
    fn key(&self, namespace: Option<&str>, name: Option<&str>) -> Key {
        let (namespace, name): (Arc<str>, Arc<str>) = (Arc::from(namespace.unwrap_or_default()), Arc::from(name.unwrap_or_default()));
        let neighbour = self.objects.range((namespace.clone(), Arc::from(""))..).next();
        match neighbour.map(|((known, _), _)| known).filter(|known| **known == namespace) {
            Some(known) => (known.clone(), name),
            None => (namespace, name),
        }
    }
}

/// Whether nothing but the status can have changed. The generation tells of the spec.
fn is_same<K: Watched>(a: &K, b: &K) -> bool {
    let (a, b) = (a.meta(), b.meta());
    a.uid == b.uid
        && a.generation == b.generation
        && a.deletion_timestamp == b.deletion_timestamp
        && a.annotations == b.annotations
        && a.labels == b.labels
        // A Namespace has no generation, and nothing of it matters but its metadata.
        && (a.generation.is_some() || K::KIND == Kind::Namespace)
}

fn id(kind: Kind, namespace: &Arc<str>, name: &Arc<str>) -> Id {
    Id { kind, namespace: namespace.clone(), name: name.clone() }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};

    use super::*;

    #[test]
    fn a_kind_is_followed_from_the_end_of_its_list_until_its_watch_fails() {
        let space = || Namespace { metadata: ObjectMeta { name: Some("a".to_owned()), ..ObjectMeta::default() }, ..Namespace::default() };
        let mut table = Table::<Namespace>::default();
        table.begin();
        table.apply(Ok(space()));
        assert!(!table.is_followed(), "others may be still to come");
        table.end();
        assert!(table.is_followed());
        table.lost();
        assert!(!table.is_followed());
        table.apply(Ok(space()));
        assert!(table.is_followed(), "the watch goes on where it was");
        table.begin();
        assert!(!table.is_followed(), "it is listed anew");
    }
}
