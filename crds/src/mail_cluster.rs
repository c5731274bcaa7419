//! MailCluster: the installation, and what tenants must not decide. The chart makes one of its values.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod oidc;
mod workload;

use crate::{
    Condition,
    reference::{IssuerRef, LocalRef, SecretKeyRef},
    text::{Duration, HostName, IpText, Namespace, Network, SettingValue},
};

pub use oidc::{IntrospectionClient, Oidc, Trust};
pub use workload::{EgressNodes, Frontend, Replicas, Resources, Sender, Service, ServiceType, TrafficPolicy};

/// What the installation shall be.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "postern.dev",
    version = "v1alpha1",
    kind = "MailCluster",
    namespaced,
    status = "MailClusterStatus",
    derive = "PartialEq",
    shortname = "mc",
    category = "postern",
    category = "mail",
    doc = "The installation: its workloads, where it keeps mail, and what tenants must not decide.",
    printcolumn(name = "HOST", type_ = "string", json_path = ".spec.hostnames.mail"),
    printcolumn(name = "ADDRESS", type_ = "string", json_path = ".status.addresses[0]"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
pub struct MailClusterSpec {
    /// Processes that listen: mx, submission, imap, pop3, managesieve, web, behind one address.
    #[serde(default)]
    pub frontend: Frontend,
    /// Processes that send.
    #[serde(default)]
    pub sender: Sender,
    /// Pods that own pool addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<EgressNodes>,
    /// Where mail is kept.
    pub storage: Storage,
    /// Rules of the listening ports.
    #[serde(default)]
    pub listeners: Listeners,
    /// The installation's own names.
    pub hostnames: Hostnames,
    /// Who may issue certificates.
    #[serde(default)]
    pub certificates: PermittedCertificates,
    /// What tenants must not decide.
    #[serde(default)]
    pub tenancy: Tenancy,
    /// How long a process may take to end its sessions.
    #[serde(default = "two_minutes")]
    pub drain_grace: Duration,
    /// Who may say who somebody is: issuers of the tokens that clients log in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
    /// Settings of every process by their dotted names (`smtp.max_recipients`), but for those that the operator decides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub settings: BTreeMap<String, SettingValue>,
}

fn two_minutes() -> Duration {
    "120s".into()
}

/// Where mail is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Storage {
    /// The database.
    pub postgres: Postgres,
    /// Large bodies; left out, they stay in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blobs: Option<Blobs>,
}

/// The database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Postgres {
    /// A Secret's key that holds the connection URI.
    pub secret_ref: SecretKeyRef,
}

/// Large bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blobs {
    /// An S3-compatible store.
    pub s3: S3,
}

/// An S3-compatible store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct S3 {
    /// The bucket.
    #[schemars(length(min = 3, max = 63))]
    pub bucket: String,
    /// A Secret with `endpoint`, `region`, `accessKeyId`, `secretAccessKey`.
    pub secret_ref: LocalRef,
}

/// Rules of the listening ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listeners {
    /// PROXY protocol.
    #[serde(default)]
    pub proxy_protocol: ProxyProtocol,
}

/// PROXY protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyProtocol {
    /// Networks of load balancers, never of pods. From them the header is demanded, from all others refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub trusted: Vec<Network>,
}

/// The installation's own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hostnames {
    /// MX, IMAP, submission, web of domains without a host of their own.
    pub mail: HostName,
}

/// Who may issue certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermittedCertificates {
    /// Issuers that a Domain may name; the first is the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub permitted_issuers: Vec<IssuerRef>,
}

/// What tenants must not decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tenancy {
    /// Domains that count as proven for a namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10000))]
    pub preverified: Vec<Preverified>,
    /// Namespaces whose pools may own addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub pool_namespaces: Vec<Namespace>,
}

/// A domain that counts as proven for a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preverified {
    /// The namespace.
    pub namespace: Namespace,
    /// The domain.
    pub domain: HostName,
}

/// What is known of the installation.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailClusterStatus {
    /// The generation that this describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where the frontend is reached from outside; what MX and A records lead to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub addresses: Vec<IpText>,
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
