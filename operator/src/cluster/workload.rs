//! The two Deployments: processes that listen, and processes that send.

use postern_core::role::Role;
use postern_crds::mail_cluster::Replicas;
use serde_json::{Value, json};

use super::{labels, options::Options, pod, validate::Cluster};

/// A Deployment. Where an autoscaler decides how many, it says nothing of the number.
pub fn deployment(cluster: &Cluster, options: &Options, component: &str, roles: &[Role], replicas: &Replicas, secrets: &str) -> Value {
    let mut spec = json!({
        "selector": labels::selector(&cluster.name, component),
        "revisionHistoryLimit": 3,
        // A new pod first: at no moment do fewer serve than before.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
        "template": pod::template(cluster, options, component, roles, secrets),
    });
    if replicas.min == replicas.max {
        spec["replicas"] = json!(replicas.min);
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": labels::name(&cluster.name, component), "labels": labels::of(&cluster.name, component)},
        "spec": spec,
    })
}

/// The pods' account. It may do nothing, and its token is not mounted.
pub fn service_account(cluster: &Cluster) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": labels::name(&cluster.name, "dataplane"), "labels": labels::of(&cluster.name, "dataplane")},
        "automountServiceAccountToken": false,
    })
}
