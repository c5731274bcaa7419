//! Brings rendered objects into the cluster by server-side apply, and takes away what is rendered no more.

use std::collections::BTreeSet;

use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams},
};
use serde_json::Value;

use super::{labels, render::Workloads, validate::Cluster};

/// Who owns the fields that are applied.
pub const MANAGER: &str = "postern-operator";
/// Kinds of which a MailCluster may own more or fewer from one version to the next.
const PRUNED: [(&str, &str, &str); 8] = [
    ("apps", "v1", "Deployment"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ("policy", "v1", "PodDisruptionBudget"),
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("monitoring.coreos.com", "v1", "PodMonitor"),
];
/// A group that need not be there.
const OPTIONAL: &str = "monitoring.coreos.com";

/// Why not all could be applied.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ApplyError {
    /// The object.
    pub what: String,
    /// What the API server said.
    pub source: kube::Error,
}

/// Applies every object in turn, then prunes. What is as it should be already is not changed by it.
///
/// # Errors
/// The first object that was refused; those before it are applied.
pub async fn apply(client: &Client, cluster: &Cluster, workloads: &Workloads) -> Result<(), ApplyError> {
    let mut rendered = BTreeSet::new();
    for object in &workloads.objects {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (version, kind, name) = (text(&object["apiVersion"]), text(&object["kind"]), text(&object["metadata"]["name"]));
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let api = api(client, &text(&object["metadata"]["namespace"]), group, version, &kind);
        match api.patch(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(object)).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 && group == OPTIONAL => {}
            Err(source) => {
                return Err(ApplyError { what: format!("{kind} {}/{name}", text(&object["metadata"]["namespace"])), source });
            }
        }
        rendered.insert((kind, name));
    }
    prune(client, cluster, &rendered).await
}

async fn prune(client: &Client, cluster: &Cluster, rendered: &BTreeSet<(String, String)>) -> Result<(), ApplyError> {
    let ours = ListParams::default().labels(&format!("{}={}", labels::CLUSTER, cluster.name));
    for (group, version, kind) in PRUNED {
        let api = api(client, &cluster.namespace, group, version, kind);
        let there = match api.list_metadata(&ours).await {
            Ok(there) => there,
            Err(kube::Error::Api(status)) if status.code == 404 && group == OPTIONAL => continue,
            Err(source) => return Err(ApplyError { what: format!("list of {kind}"), source }),
        };
        for object in there.items {
            // Only what this very MailCluster owns: a label may be anybody's.
            let owned = object.metadata.owner_references.iter().flatten().any(|owner| owner.uid == cluster.uid);
            let name = object.metadata.name.unwrap_or_default();
            if !owned || rendered.contains(&(kind.to_owned(), name.clone())) {
                continue;
            }
            match api.delete(&name, &DeleteParams::default()).await {
                Ok(_) => tracing::info!(kind, name, "no longer asked for"),
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(source) => return Err(ApplyError { what: format!("{kind} {name}"), source }),
            }
        }
    }
    Ok(())
}

fn api(client: &Client, namespace: &str, group: &str, version: &str, kind: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    Api::namespaced_with(client.clone(), namespace, &resource)
}
