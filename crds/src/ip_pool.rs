//! IpPool: the addresses that mail leaves from.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Condition,
    reference::{From, LocalRef, yes},
    text::{Day, Duration, HostName, IpText, Ratio},
};

/// What a pool shall be.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "postern.dev",
    version = "v1alpha1",
    kind = "IpPool",
    namespaced,
    status = "IpPoolStatus",
    derive = "PartialEq",
    shortname = "ipp",
    category = "postern",
    category = "mail",
    doc = "The addresses that mail leaves from.",
    printcolumn(name = "IPS", type_ = "integer", json_path = ".status.ips"),
    printcolumn(name = "WARMUP", type_ = "string", json_path = ".status.warmup"),
    printcolumn(name = "DEFERRED", type_ = "string", json_path = ".status.deferred"),
    printcolumn(name = "PAUSED", type_ = "string", json_path = ".status.conditions[?(@.type==\"Paused\")].status"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", priority = 1),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp", priority = 1)
)]
pub struct IpPoolSpec {
    /// Who may send from it besides its own namespace.
    #[serde(default)]
    pub allowed_namespaces: AllowedNamespaces,
    /// How the addresses are reached.
    #[serde(default)]
    pub egress: Egress,
    /// The addresses.
    #[schemars(length(min = 1, max = 256))]
    pub addresses: Vec<PoolAddress>,
    /// Exceptions by recipient domain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub rules: Vec<PoolRule>,
    /// Limits towards one destination.
    #[serde(default)]
    pub throttle: Throttle,
    /// What slows or stops the pool by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// Pool to use while this one is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_pool_ref: Option<LocalRef>,
}

/// Which namespaces may use the pool.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("(self.from == 'Selector') == has(self.selector)").message("selector goes with from: Selector, and from: Selector needs it").field_path(".from"))]
pub struct AllowedNamespaces {
    /// How they are chosen.
    #[serde(default)]
    pub from: From,
    /// With Selector: labels of the namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// How the addresses are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Egress {
    /// By whom mail leaves.
    #[serde(default)]
    pub mode: EgressMode,
}

/// By whom mail leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EgressMode {
    /// By egress pods on the nodes that own the addresses.
    #[default]
    Proxy,
    /// By the sender itself, which must own the addresses.
    Direct,
}

/// One source address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PoolAddress {
    /// The address.
    pub ip: IpText,
    /// What to say in EHLO; its A or AAAA record should be the address.
    pub helo: HostName,
    /// Share among the pool's addresses.
    #[serde(default = "hundred")]
    #[schemars(range(max = 1000))]
    pub weight: u32,
    /// Grow slowly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Warmup>,
}

const fn hundred() -> u32 {
    100
}

/// How a new address grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warmup {
    /// First day.
    pub start: Day,
    /// Messages a day, by day.
    #[serde(default)]
    pub curve: WarmupCurve,
}

/// Messages a day, by day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WarmupCurve {
    /// From 50 a day to all within thirty days.
    #[default]
    Standard30d,
}

/// Recipient domains that use only some of the addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolRule {
    /// The recipient domains.
    #[schemars(length(min = 1, max = 256))]
    pub recipient_domains: Vec<HostName>,
    /// Addresses of this pool.
    #[serde(rename = "use")]
    #[schemars(length(min = 1, max = 256))]
    pub use_: Vec<IpText>,
}

/// Limits towards one destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Throttle {
    /// Towards the set of MX hosts that count as one.
    #[serde(default)]
    pub per_mx_rollup: PerMxRollup,
    /// Whether the limits follow the replies.
    #[serde(default = "yes")]
    pub adaptive: bool,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { per_mx_rollup: PerMxRollup::default(), adaptive: true }
    }
}

/// Limits towards the set of MX hosts that count as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerMxRollup {
    /// Connections at once.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 10000))]
    pub connections: u32,
    /// Messages a minute; left out, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000000))]
    pub messages_per_minute: Option<u32>,
}

const fn ten() -> u32 {
    10
}

impl Default for PerMxRollup {
    fn default() -> Self {
        Self { connections: 10, messages_per_minute: None }
    }
}

/// What slows or stops a pool by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Guard {
    /// Deferred of all attempts, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_deferred_ratio: Option<Ratio>,
    /// Complaints of all delivered, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_complaint_ratio: Option<Ratio>,
    /// What to do then.
    #[serde(default)]
    pub on_breach: OnBreach,
    /// How often a paused pool is tried.
    #[serde(default = "one_hour")]
    pub probe_every: Duration,
}

/// What a guard does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnBreach {
    /// Stops the pool.
    #[default]
    Pause,
    /// Halves its rate.
    SlowDown,
}

fn one_hour() -> Duration {
    "1h".into()
}

/// What is known of a pool.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpPoolStatus {
    /// The generation that this describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Number of addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ips: Option<u32>,
    /// Warm-up of the address that is furthest behind, `100%` when all are warm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<String>,
    /// Deferred of all attempts of a day, `2%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<String>,
    /// Each address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressStatus>,
    /// Ready, Reconciling, Stalled, Accepted, AddressesBound, ReverseDNSValid, WarmingUp, Paused, Listed.
    #[serde(default)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// What is known of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressStatus {
    /// The address.
    pub ip: String,
    /// Its name in reverse DNS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ptr: Option<String>,
    /// Whether that name points back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fcrdns: Option<bool>,
    /// Block lists that have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed_on: Vec<String>,
    /// Node or process that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_on: Option<String>,
    /// How warm it is, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_percent: Option<u32>,
    /// Messages within a day.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "sent24h")]
    pub sent_24h: Option<u64>,
    /// Deferred of all attempts within a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_ratio: Option<String>,
}
