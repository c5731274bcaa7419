//! Labels and names of what the operator owns for a MailCluster.

use serde_json::{Value, json};

/// On every object: the MailCluster that it belongs to. What carries it and is not rendered any more goes away.
pub const CLUSTER: &str = "postern.dev/cluster";
/// On pods: `frontend` or `sender`.
pub const COMPONENT: &str = "app.kubernetes.io/component";

/// Labels of an object.
pub fn of(cluster: &str, component: &str) -> Value {
    json!({
        "app.kubernetes.io/name": "postern",
        "app.kubernetes.io/instance": cluster,
        "app.kubernetes.io/part-of": "postern",
        "app.kubernetes.io/managed-by": "postern-operator",
        COMPONENT: component,
        CLUSTER: cluster,
    })
}

/// What picks a component's pods; never to be changed, for a Deployment's selector cannot be.
pub fn selector(cluster: &str, component: &str) -> Value {
    json!({"matchLabels": {CLUSTER: cluster, COMPONENT: component}})
}

/// `main-frontend`.
pub fn name(cluster: &str, component: &str) -> String {
    format!("{cluster}-{component}")
}
