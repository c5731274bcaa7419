//! Where a record comes from, and by what it is known again.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// (cluster, kind, namespace, name): the key of a row that a resource owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceKey {
    /// The cluster's name; `folder` for a standalone server's manifests.
    pub cluster: String,
    /// `Domain`, `Mailbox`, …
    pub kind: String,
    /// The tenant.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.cluster, self.kind, self.namespace, self.name)
    }
}

/// Who owns a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A resource: panel and API show it read-only.
    Kubernetes(SourceKey),
    /// Made in the panel or by the API.
    Api,
}

/// SHA-256 over all inputs of a record: the resource's spec and every Secret and ConfigMap it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// A record with its owner and the digest of what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projected<T> {
    /// The owning resource.
    pub source: SourceKey,
    /// Digest of all inputs; equal means nothing to do.
    pub digest: Digest,
    /// `metadata.generation` (a file's content hash has none: 0).
    pub generation: i64,
    /// The record itself.
    pub record: T,
}

/// What becomes of data when the record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeletionPolicy {
    /// A tombstone for this long, then gone; re-applying within it restores.
    Retain(Duration),
    /// Gone at once.
    Delete,
}

impl Default for DeletionPolicy {
    /// 30 days.
    fn default() -> Self {
        Self::Retain(Duration::from_secs(720 * 3600))
    }
}
