//! What the cluster reports of a MailCluster's workloads → its status. Pure.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    core::v1::{Pod, Service},
};
use postern_core::Timestamp;
use postern_crds::{MailCluster, MailClusterStatus, condition::reason, mail_cluster::ServiceType, text::IpText};
use postern_projection::{Report, status::ClusterFacts};

use super::labels;

/// What was seen of the workloads.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Deployments of the MailCluster.
    pub deployments: Vec<Deployment>,
    /// Their pods.
    pub pods: Vec<Pod>,
    /// The Service before the frontend.
    pub service: Option<Service>,
    /// The proxies on the nodes that own addresses.
    pub egress: Option<DaemonSet>,
}

/// What waiting pods say that are only on their way.
const ON_THE_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// The status of a MailCluster that was judged, and whose workloads look so.
#[must_use]
pub fn status(object: &MailCluster, report: &Report, seen: &Seen, now: Timestamp) -> MailClusterStatus {
    let addresses = addresses(seen);
    let facts = ClusterFacts { waiting: waiting(object, seen, &addresses), addresses };
    postern_projection::status::mail_cluster(object, Some(report), &facts, now)
}

/// What Ready waits for.
fn waiting(object: &MailCluster, seen: &Seen, addresses: &[IpText]) -> Option<(&'static str, String)> {
    let cluster = object.metadata.name.as_deref().unwrap_or_default();
    for component in ["frontend", "sender"] {
        let name = labels::name(cluster, component);
        let Some(deployment) = seen.deployments.iter().find(|deployment| deployment.metadata.name.as_deref() == Some(&*name)) else {
            return Some((reason::PROGRAMMING, format!("Deployment {name} is not there yet")));
        };
        if let Some(message) = rolling(&name, deployment) {
            return Some((reason::PROGRAMMING, trouble(&name, &seen.pods).unwrap_or(message)));
        }
    }
    if let Some(nodes) = &object.spec.egress
        && let Some(message) = on_nodes(&nodes.namespace, seen.egress.as_ref())
    {
        return Some((reason::PROGRAMMING, message));
    }
    let wants_address = object.spec.frontend.service.type_ == ServiceType::LoadBalancer;
    (wants_address && addresses.is_empty()).then(|| {
        let name = labels::name(cluster, "frontend");
        (
            reason::ADDRESS_PENDING,
            format!("Service {name} has no address yet; the cluster needs something that serves LoadBalancer Services"),
        )
    })
}

/// What the proxies on the nodes still lack.
fn on_nodes(namespace: &str, set: Option<&DaemonSet>) -> Option<String> {
    let Some(set) = set else { return Some(format!("the DaemonSet in namespace {namespace} is not there yet; is the namespace?")) };
    let (name, status) = (set.metadata.name.as_deref().unwrap_or_default(), set.status.clone().unwrap_or_default());
    if status.desired_number_scheduled == 0 {
        return Some(format!(
            "DaemonSet {namespace}/{name}: no node has the labels of spec.egress.nodeSelector; label those that own addresses"
        ));
    }
    let (ready, wanted) = (status.number_available.unwrap_or(0), status.desired_number_scheduled);
    (ready < wanted).then(|| format!("DaemonSet {namespace}/{name}: {ready} of {wanted} pods serve"))
}

/// Whether a Deployment is still on its way, and how far.
fn rolling(name: &str, deployment: &Deployment) -> Option<String> {
    let status = deployment.status.clone().unwrap_or_default();
    if status.observed_generation < deployment.metadata.generation {
        return Some(format!("Deployment {name} was changed a moment ago"));
    }
    let wanted = deployment.spec.replicas.unwrap_or(1);
    let (updated, available) = (status.updated_replicas.unwrap_or(0), status.available_replicas.unwrap_or(0));
    let old = status.replicas.unwrap_or(0) - updated;
    if updated < wanted || available < wanted {
        return Some(format!("Deployment {name}: {} of {wanted} pods serve", available.min(updated)));
    }
    (old > 0).then(|| format!("Deployment {name}: {old} pods of the version before are ending"))
}

/// Why a pod does not come up, where the kubelet knows.
fn trouble(name: &str, pods: &[Pod]) -> Option<String> {
    pods.iter().find_map(|pod| {
        let pod_name = pod.metadata.name.as_deref()?;
        let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
        let waiting = containers.iter().find_map(|container| container.state.as_ref()?.waiting.as_ref())?;
        let why = waiting.reason.as_deref()?;
        let known = pod_name.starts_with(name) && !ON_THE_WAY.contains(&why);
        known.then(|| match &waiting.message {
            Some(message) => format!("pod {pod_name}: {why}: {message}"),
            None => format!("pod {pod_name}: {why}"),
        })
    })
}

/// Addresses of the load balancer; without one, those that the Service was given by hand.
fn addresses(seen: &Seen) -> Vec<IpText> {
    let Some(service) = &seen.service else { return Vec::new() };
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref()).and_then(|balancer| balancer.ingress.as_ref());
    let given = balancer.into_iter().flatten().filter_map(|ingress| ingress.ip.clone());
    let external = service.spec.iter().filter_map(|spec| spec.external_ips.clone()).flatten();
    let mut addresses: Vec<IpText> = given.chain(external).map(IpText).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use postern_crds::condition::{self, READY};
    use serde_json::json;

    use super::*;

    fn cluster() -> MailCluster {
        serde_json::from_value(json!({
            "apiVersion": "postern.dev/v1alpha1", "kind": "MailCluster",
            "metadata": {"name": "main", "namespace": "mail-system", "uid": "u", "generation": 3},
            "spec": {"storage": {"postgres": {"secretRef": {"name": "pg", "key": "uri"}}}, "hostnames": {"mail": "mail.example.org"}},
        }))
        .unwrap()
    }

    fn deployment(name: &str, serve: i32) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": name, "generation": 2},
            "spec": {"replicas": 2, "selector": {}, "template": {}},
            "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": serve},
        }))
        .unwrap()
    }

    fn ready(seen: &Seen) -> (String, String) {
        let status = status(&cluster(), &Report::default(), seen, Timestamp(0));
        let ready = condition::find(&status.conditions, READY).unwrap();
        (ready.status.clone(), ready.message.clone())
    }

    #[test]
    fn ready_waits_for_the_pods_and_then_for_an_address() {
        let mut seen = Seen::default();
        assert_eq!(ready(&seen), ("False".into(), "Deployment main-frontend is not there yet".into()));
        seen.deployments = vec![deployment("main-frontend", 1), deployment("main-sender", 2)];
        assert_eq!(ready(&seen), ("False".into(), "Deployment main-frontend: 1 of 2 pods serve".into()));
        seen.pods = vec![
            serde_json::from_value(json!({
                "metadata": {"name": "main-frontend-7c-x"},
                "status": {"containerStatuses": [{"name": "postern", "ready": false, "restartCount": 0, "image": "", "imageID": "",
                    "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}]},
            }))
            .unwrap(),
        ];
        assert_eq!(ready(&seen).1, "pod main-frontend-7c-x: ErrImagePull: no such host");
        seen.deployments[0] = deployment("main-frontend", 2);
        assert!(ready(&seen).1.starts_with("Service main-frontend has no address yet"));
        let service = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}});
        seen.service = Some(serde_json::from_value(service).unwrap());
        assert_eq!(ready(&seen), ("True".into(), "serving at 192.0.2.1".into()));
    }
}
