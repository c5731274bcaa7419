//! Which processes there are, how many, and what stands before them.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{LabelValue, Line, Namespace, ObjectName, Quantity};

/// Processes that listen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frontend {
    /// How many.
    #[serde(default)]
    pub replicas: Replicas,
    /// The Service before them.
    #[serde(default)]
    pub service: Service,
    /// What each of its containers asks for and may take; a request for what it needs when idle if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// Processes that send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sender {
    /// How many.
    #[serde(default)]
    pub replicas: Replicas,
    /// What each of its containers asks for and may take; a request for what it needs when idle if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
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

/// What a container asks for and may take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// Kept free for it; `cpu` is also what the autoscaler counts against.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 8))]
    pub requests: BTreeMap<String, Quantity>,
    /// At most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 8))]
    pub limits: BTreeMap<String, Quantity>,
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
    /// Annotations by which the load balancer is told what it should be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub annotations: BTreeMap<String, Line>,
    /// Which load balancer serves it; the cluster's own choice when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer_class: Option<ObjectName>,
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
