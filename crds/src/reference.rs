//! How one object names another. References stay in the namespace unless the type has one of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{DataKey, Namespace, ObjectName};

/// A key of a Secret in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    pub name: ObjectName,
    /// Key within it.
    pub key: DataKey,
}

/// A key of a ConfigMap in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigMapKeyRef {
    /// Name of the ConfigMap.
    pub name: ObjectName,
    /// Key within its `data` or `binaryData`.
    pub key: DataKey,
}

/// Content that lies in a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContentRef {
    /// Where.
    pub config_map_ref: ConfigMapKeyRef,
}

/// An object of a known kind in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalRef {
    /// Its name.
    pub name: ObjectName,
}

/// An object of a known kind that may live in another namespace, if it allows ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedRef {
    /// Its name.
    pub name: ObjectName,
    /// Its namespace; ours when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
}

/// Kind of a cert-manager issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum IssuerKind {
    /// Of the operator's namespace.
    Issuer,
    /// Of the cluster.
    #[default]
    ClusterIssuer,
}

/// A cert-manager issuer; one that the MailCluster permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerRef {
    /// Its kind.
    #[serde(default)]
    pub kind: IssuerKind,
    /// Its name.
    pub name: ObjectName,
}

/// Which namespaces may use a shared object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum From {
    /// Its own only.
    #[default]
    Same,
    /// Every one.
    All,
    /// Those whose labels match.
    Selector,
}

/// What becomes of the data when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Kept for the grace period; applying the object again within it restores everything.
    #[default]
    Retain,
    /// Gone at once.
    Delete,
}

/// `true`, as a default of `serde` and of the schema.
pub(crate) const fn yes() -> bool {
    true
}

/// Thirty days.
pub(crate) fn thirty_days() -> crate::text::Duration {
    "720h".into()
}

/// Ninety days.
pub(crate) fn ninety_days() -> crate::text::Duration {
    "2160h".into()
}
