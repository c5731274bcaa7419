//! MailCluster: the installation, and what tenants must not decide. The chart makes one of its values.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Condition,
    reference::{IssuerRef, LocalRef, SecretKeyRef},
    text::{Duration, HostName, LabelValue, Namespace, Network},
};

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
}

fn two_minutes() -> Duration {
    "120s".into()
}

/// Processes that listen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frontend {
    /// How many.
    #[serde(default)]
    pub replicas: Replicas,
    /// The Service before them.
    #[serde(default)]
    pub service: Service,
}

/// Processes that send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sender {
    /// How many.
    #[serde(default)]
    pub replicas: Replicas,
}

/// How many processes.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("self.min <= self.max").message("min may not be greater than max").field_path(".min"))]
pub struct Replicas {
    /// At least.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 1000))]
    pub min: i32,
    /// At most.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    pub max: i32,
}

const fn two() -> i32 {
    2
}

const fn ten() -> i32 {
    10
}

impl Default for Replicas {
    fn default() -> Self {
        Self { min: 2, max: 10 }
    }
}

/// The Service before the listening processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its type.
    #[serde(default, rename = "type")]
    pub type_: ServiceType,
    /// Whether the client's address survives.
    #[serde(default)]
    pub external_traffic_policy: TrafficPolicy,
}

/// Type of a Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceType {
    /// An address of its own.
    #[default]
    LoadBalancer,
    /// A port of every node.
    NodePort,
    /// Inside the cluster only.
    ClusterIP,
}

/// How outside traffic reaches a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TrafficPolicy {
    /// Straight, with the client's address.
    #[default]
    Local,
    /// By any node, which hides it.
    Cluster,
}

/// Pods that own pool addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EgressNodes {
    /// Labels of the nodes.
    #[schemars(extend("maxProperties" = 16))]
    pub node_selector: BTreeMap<String, LabelValue>,
    /// Namespace of the pods, the only ones on the host's network.
    pub namespace: Namespace,
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
    /// Ready, Reconciling, Stalled.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
