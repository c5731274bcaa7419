//! How many pods there are, and how many may be away.

use postern_crds::mail_cluster::Replicas;
use serde_json::{Value, json};

use super::{labels, validate::Cluster};

/// Share of the requested CPU, in percent, that the autoscaler aims at.
const CPU: u32 = 70;

/// Scales a Deployment between its bounds; `None` where they are one number.
///
/// Down slowly: every pod that goes says BYE to its sessions.
pub fn autoscaler(cluster: &Cluster, component: &str, replicas: &Replicas) -> Option<Value> {
    (replicas.min < replicas.max).then(|| {
        json!({
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": labels::name(&cluster.name, component), "labels": labels::of(&cluster.name, component)},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": labels::name(&cluster.name, component)},
                "minReplicas": replicas.min,
                "maxReplicas": replicas.max,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": CPU}}}],
                "behavior": {
                    "scaleDown": {
                        "stabilizationWindowSeconds": 600,
                        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
                    },
                },
            },
        })
    })
}

/// One pod at a time may be evicted; with one replica, that one, for it must not hold up a node for ever.
pub fn disruption_budget(cluster: &Cluster, component: &str) -> Value {
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": labels::name(&cluster.name, component), "labels": labels::of(&cluster.name, component)},
        "spec": {
            "maxUnavailable": 1,
            "selector": labels::selector(&cluster.name, component),
            // A pod that never became ready serves nobody.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    })
}
