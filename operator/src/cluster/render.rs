//! A checked MailCluster → the objects that it shall have. Pure: the same input, the same objects, to the letter.

use postern_core::role::Role;
use serde_json::{Value, json};

use super::{doors, egress, network, options::Options, scaling, validate::Cluster, workload};

/// What shall be there, in the order in which it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Workloads {
    /// Objects in the MailCluster's namespace, owned by it; those of the egress nodes stand in another, and nobody owns them.
    pub objects: Vec<Value>,
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
    let nodes = spec.egress.as_ref().filter(|_| !options.egress_token.is_empty());
    if nodes.is_some() {
        // Before the senders, who name it.
        objects.insert(0, egress::beside_senders(cluster, &options.egress_token));
    }
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(cluster.namespace);
        object["metadata"]["ownerReferences"] = owner(cluster);
    }
    objects.extend(nodes.into_iter().flat_map(|nodes| egress::on_nodes(cluster, options, nodes, &options.egress_token)));
    Workloads { objects }
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
