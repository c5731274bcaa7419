//! A checked MailCluster → the objects that it shall have. Pure: the same input, the same objects, to the letter.

use postern_core::role::Role;
use serde_json::{Value, json};

use super::{doors, network, options::Options, scaling, validate::Cluster, workload};

/// What shall be there, in the order in which it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Workloads {
    /// Objects in the MailCluster's namespace, owned by it.
    pub objects: Vec<Value>,
    /// What was asked for and this version does not do, a sentence each.
    pub notices: Vec<String>,
}

/// Renders all of it. `secrets` is a digest of the Secrets that environments come from: when it changes, pods are replaced.
#[must_use]
pub fn render(cluster: &Cluster, options: &Options, secrets: &str) -> Workloads {
    let spec = &cluster.spec;
    let frontend: Vec<Role> = doors::frontend_roles().collect();
    let mut objects = vec![
        workload::service_account(cluster),
        // Before the pods: a sender finds the frontend by it.
        network::service(cluster),
        network::policy(cluster, "frontend"),
        network::policy(cluster, "sender"),
        workload::deployment(cluster, options, "frontend", &frontend, &spec.frontend.replicas, secrets),
        workload::deployment(cluster, options, "sender", &doors::SENDER, &spec.sender.replicas, secrets),
    ];
    for (component, replicas) in [("frontend", &spec.frontend.replicas), ("sender", &spec.sender.replicas)] {
        objects.extend(scaling::autoscaler(cluster, component, replicas));
        objects.push(scaling::disruption_budget(cluster, component));
    }
    objects.push(network::monitor(cluster));
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(cluster.namespace);
        object["metadata"]["ownerReferences"] = owner(cluster);
    }
    Workloads { objects, notices: notices(cluster) }
}

/// The MailCluster: with it, all of this goes.
fn owner(cluster: &Cluster) -> Value {
    json!([{
        "apiVersion": postern_crds::API_VERSION,
        "kind": "MailCluster",
        "name": cluster.name,
        "uid": cluster.uid,
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

fn notices(cluster: &Cluster) -> Vec<String> {
    let egress = cluster.spec.egress.as_ref().map(|egress| {
        format!("spec.egress: this version has no egress pods for {}; mail leaves from the nodes of the sender pods", egress.namespace)
    });
    egress.into_iter().collect()
}
