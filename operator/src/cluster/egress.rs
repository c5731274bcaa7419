//! The nodes that own pool addresses: a proxy on each of them (`postern egress`), the name by which senders find them, and the
//! token that they demand.
//!
//! They stand in a namespace of their own, for they alone are on their hosts' network. They have no database, no key and no
//! token of the API server. What stands in that namespace cannot be owned by a MailCluster in another, so it stays when
//! that goes.

use k8s_openapi::ByteString;
use postern_crds::mail_cluster::EgressNodes;
use serde_json::{Value, json};

use super::{labels, options::Options, pod, validate::Cluster};

/// What these objects are called.
pub const COMPONENT: &str = "egress";
/// Where senders ask, on the node's own address; seldom somebody else's port, for the node's ports are everybody's.
pub const PORT: u16 = 10_825;
/// Where the kubelet asks.
const HEALTH: u16 = 10_826;
/// Key of the Secret.
pub const TOKEN: &str = "token";
/// Where it is mounted.
const MOUNTED: &str = "/run/postern/egress";

/// What stands beside the senders: the token, as they must know it.
pub fn beside_senders(cluster: &Cluster, token: &str) -> Value {
    secret(cluster, token)
}

/// What stands in the namespace of the pods, with their namespace named.
pub fn on_nodes(cluster: &Cluster, options: &Options, nodes: &EgressNodes, token: &str) -> Vec<Value> {
    let mut objects = vec![secret(cluster, token), service(cluster), daemon_set(cluster, options, nodes)];
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(nodes.namespace);
    }
    objects
}

/// The name that stands for all of them; every address behind it is a node's.
pub fn host(cluster: &Cluster, options: &Options, nodes: &EgressNodes) -> String {
    format!("{}.{}.svc.{}", labels::name(&cluster.name, COMPONENT), nodes.namespace, options.cluster_domain)
}

fn metadata(cluster: &Cluster) -> Value {
    json!({"name": labels::name(&cluster.name, COMPONENT), "labels": labels::of(&cluster.name, COMPONENT)})
}

fn secret(cluster: &Cluster, token: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": metadata(cluster),
        "data": {TOKEN: ByteString(token.as_bytes().to_vec())},
    })
}

fn service(cluster: &Cluster) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(cluster),
        "spec": {
            // No address of its own: senders ask each pod whether it has theirs.
            "clusterIP": "None",
            "selector": labels::selector(&cluster.name, COMPONENT)["matchLabels"],
            "ports": [{"name": "socks", "port": PORT, "targetPort": "socks", "protocol": "TCP"}],
        },
    })
}

fn daemon_set(cluster: &Cluster, options: &Options, nodes: &EgressNodes) -> Value {
    let container = json!({
        "name": "postern",
        "image": options.image,
        "args": ["egress"],
        "env": [
            // The node's own address and no other: its addresses for mail listen to nobody.
            {"name": "NODE_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.hostIP"}}},
            {"name": "POSTERN_EGRESS_LISTEN", "value": format!("$(NODE_IP):{PORT}")},
            {"name": "POSTERN_EGRESS_HEALTH", "value": format!("$(NODE_IP):{HEALTH}")},
            {"name": "POSTERN_EGRESS_TOKEN_FILE", "value": format!("{MOUNTED}/{TOKEN}")},
            {"name": "POSTERN_EGRESS_GRACE", "value": cluster.drain.as_secs().to_string()},
            {"name": "POSTERN_LOG_FORMAT", "value": "json"},
        ],
        "ports": [
            {"name": "socks", "containerPort": PORT, "hostPort": PORT, "protocol": "TCP"},
            {"name": "health", "containerPort": HEALTH, "hostPort": HEALTH, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}},
        "livenessProbe": pod::probe("/healthz", 10, 6),
        "readinessProbe": pod::probe("/readyz", 2, 3),
        "securityContext": pod::container_security(),
        "volumeMounts": [{"name": "token", "mountPath": MOUNTED, "readOnly": true}],
    });
    let mut spec = json!({
        "hostNetwork": true,
        "automountServiceAccountToken": false,
        "nodeSelector": nodes.node_selector,
        "terminationGracePeriodSeconds": cluster.drain.as_secs() + pod::MARGIN,
        "securityContext": pod::security(),
        "containers": [container],
        "volumes": [{"name": "token", "secret": {"secretName": labels::name(&cluster.name, COMPONENT), "defaultMode": 0o440}}],
    });
    pod::image_pull(options, &mut spec);
    json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": metadata(cluster),
        "spec": {
            "selector": labels::selector(&cluster.name, COMPONENT),
            // Two cannot listen on one node at once.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {"metadata": {"labels": labels::of(&cluster.name, COMPONENT)}, "spec": spec},
        },
    })
}
