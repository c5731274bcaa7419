//! Who reaches the pods: the Service, the policies, the monitor.

use postern_crds::mail_cluster::{ServiceType, TrafficPolicy};
use serde_json::{Value, json};

use super::{doors, labels, validate::Cluster};

/// The one address of the installation: one host name serves MX, IMAP, submission and the web, so one address must.
pub fn service(cluster: &Cluster) -> Value {
    let wanted = &cluster.spec.frontend.service;
    let ports: Vec<Value> =
        doors::opened().map(|door| json!({"name": door.name, "port": door.outside, "targetPort": door.name, "protocol": "TCP"})).collect();
    let mut spec = json!({
        "type": wanted.type_,
        "ipFamilyPolicy": "PreferDualStack",
        "selector": labels::selector(&cluster.name, "frontend")["matchLabels"],
        "ports": ports,
    });
    if wanted.type_ != ServiceType::ClusterIP {
        spec["externalTrafficPolicy"] = match wanted.external_traffic_policy {
            TrafficPolicy::Local => json!("Local"),
            TrafficPolicy::Cluster => json!("Cluster"),
        };
    }
    if wanted.type_ == ServiceType::LoadBalancer
        && let Some(class) = &wanted.load_balancer_class
    {
        spec["loadBalancerClass"] = json!(class);
    }
    let mut metadata = json!({"name": labels::name(&cluster.name, "frontend"), "labels": labels::of(&cluster.name, "frontend")});
    if !wanted.annotations.is_empty() {
        metadata["annotations"] = json!(wanted.annotations);
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}

/// Anybody may knock at the doors; health and metrics are for the cluster's own pods. What leaves is not limited: a mail
/// server speaks to every host there is, and where the database is the policy cannot know.
pub fn policy(cluster: &Cluster, component: &str) -> Value {
    let mut ingress = vec![json!({
        "from": [{"namespaceSelector": {}}],
        "ports": [{"port": "health", "protocol": "TCP"}],
    })];
    if component == "frontend" {
        let ports: Vec<Value> = doors::opened().map(|door| json!({"port": door.name, "protocol": "TCP"})).collect();
        ingress.push(json!({"ports": ports}));
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": labels::name(&cluster.name, component), "labels": labels::of(&cluster.name, component)},
        "spec": {
            "podSelector": labels::selector(&cluster.name, component),
            "policyTypes": ["Ingress"],
            "ingress": ingress,
        },
    })
}

/// For Prometheus' operator, where that is installed.
pub fn monitor(cluster: &Cluster) -> Value {
    json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": labels::name(&cluster.name, "dataplane"), "labels": labels::of(&cluster.name, "dataplane")},
        "spec": {
            "selector": {"matchLabels": {labels::CLUSTER: cluster.name}},
            "podMetricsEndpoints": [{"port": "health", "path": "/metrics", "interval": "30s"}],
            "podTargetLabels": [labels::COMPONENT],
        },
    })
}
