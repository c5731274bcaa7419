//! What the API server holds, as far as it matters here: one watch a kind, shared by every driver.
//!
//! Objects are stripped as they come: of managedFields, of what `kubectl apply` keeps for itself, of labels that nobody
//! asks for, and of their status, of which a few bytes stay ([`Seen`]). A list that is read anew is taken in object by
//! object, so that it never stands in memory twice.

mod cache;
mod intake;
mod kinds;
mod seen;
mod subscription;
mod table;

use std::{fmt, sync::Arc};

use postern_core::directory::SourceKey;
pub use postern_projection::Kind;

pub use self::{
    cache::{Cache, Guard, Tables},
    intake::start,
    kinds::Watched,
    seen::Seen,
    subscription::Subscription,
    table::{Broken, Entry, Gone, Table},
};

/// What an object is known by. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for a Namespace.
    pub namespace: Arc<str>,
    /// `metadata.name`.
    pub name: Arc<str>,
}

impl Id {
    /// From texts.
    #[must_use]
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// Key of the directory row that the object owns.
    #[must_use]
    pub fn source(&self, cluster: &str) -> SourceKey {
        SourceKey {
            cluster: cluster.to_owned(),
            kind: self.kind.as_str().to_owned(),
            namespace: self.namespace.to_string(),
            name: self.name.to_string(),
        }
    }

    /// The object that a row or a claim names as its owner, `cluster/Kind/namespace/name`.
    #[must_use]
    pub fn of_owner(owner: &str) -> Option<Self> {
        let mut parts = owner.rsplitn(4, '/').map(str::to_owned);
        let (name, namespace, kind, cluster) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Self::of_source(&SourceKey { cluster, kind, namespace, name })
    }

    /// The object that owns a row; `None` for kinds that own none.
    #[must_use]
    pub fn of_source(source: &SourceKey) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == source.kind)?;
        Some(Self::new(kind, &source.namespace, &source.name))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.as_str(), self.namespace, self.name)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
