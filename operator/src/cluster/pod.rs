//! The pod template that both Deployments share: restricted Pod Security, probes, folders, the end.

use postern_core::role::Role;
use serde_json::{Value, json};

use super::{
    doors,
    environment::{DATA, NOT_READY, SEAL_KEY, environment},
    labels, oidc,
    options::Options,
    validate::Cluster,
};

/// The user of the image; no name stands behind it.
const USER: i64 = 65532;
/// From the end of the grace until the kubelet kills: a process that was told to cut off needs a moment to say so.
pub const MARGIN: u64 = 15;
/// On a pod: a digest of the Secrets that its environment comes from, so that a changed one rolls the Deployment.
const SECRETS: &str = "postern.dev/secrets";

/// A template for a component of these roles. `secrets` is the digest of the Secrets in its environment.
pub fn template(cluster: &Cluster, options: &Options, component: &str, roles: &[Role], secrets: &str) -> Value {
    let spec = &cluster.spec;
    let resources = match component {
        "frontend" => &spec.frontend.resources,
        _ => &spec.sender.resources,
    };
    let resources = resources.as_ref().map_or_else(|| json!({"requests": {"cpu": "100m", "memory": "128Mi"}}), |given| json!(given));
    let mut ports: Vec<Value> = doors::opened()
        .filter(|door| roles.iter().any(|role| role.as_str() == door.role))
        .map(|door| json!({"name": door.name, "containerPort": door.inside, "protocol": "TCP"}))
        .collect();
    ports.push(json!({"name": "health", "containerPort": doors::HEALTH, "protocol": "TCP"}));
    let told = spec.oidc.as_ref().filter(|_| oidc::is_told(roles));
    let (more_volumes, more_mounts): (Vec<Value>, Vec<Value>) = told.and_then(oidc::certificates).into_iter().unzip();
    let mut container = json!({
        "name": "postern",
        "image": options.image,
        "args": ["serve"],
        "env": environment(cluster, options, roles),
        "ports": ports,
        "resources": resources,
        // Without its database a process is alive: a restart would not bring the database back.
        "livenessProbe": probe("/healthz", 10, 6),
        // A short outage is answered with 4xx by pods that stay in the Service; at its end a pod leaves it by being deleted, not by this.
        "readinessProbe": probe("/readyz", 2, 15),
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": "data", "mountPath": DATA},
            {"name": "seal-key", "mountPath": SEAL_KEY, "readOnly": true},
        ],
    });
    push_all(&mut container["volumeMounts"], more_mounts);
    let mut pod = json!({
        "serviceAccountName": labels::name(&cluster.name, "dataplane"),
        "automountServiceAccountToken": false,
        // The drain ends by itself before; no preStop is needed, for the process keeps accepting while endpoints lag.
        "terminationGracePeriodSeconds": NOT_READY + cluster.drain.as_secs() + MARGIN,
        "securityContext": security(),
        "topologySpreadConstraints": [
            spread(cluster, component, "kubernetes.io/hostname"),
            spread(cluster, component, "topology.kubernetes.io/zone"),
        ],
        "containers": [container],
        "volumes": [
            {"name": "data", "emptyDir": {"sizeLimit": "256Mi"}},
            {"name": "seal-key", "secret": {"secretName": options.seal_key.name, "defaultMode": 0o440}},
        ],
    });
    push_all(&mut pod["volumes"], more_volumes);
    image_pull(options, &mut pod);
    json!({
        "metadata": {"labels": labels::of(&cluster.name, component), "annotations": {SECRETS: secrets}},
        "spec": pod,
    })
}

fn push_all(to: &mut Value, more: Vec<Value>) {
    if let Some(list) = to.as_array_mut() {
        list.extend(more);
    }
}

/// How images come to the node.
pub fn image_pull(options: &Options, pod: &mut Value) {
    if let Some(policy) = &options.pull_policy {
        for container in pod["containers"].as_array_mut().into_iter().flatten() {
            container["imagePullPolicy"] = json!(policy);
        }
    }
    if !options.pull_secrets.is_empty() {
        pod["imagePullSecrets"] = options.pull_secrets.iter().map(|name| json!({"name": name})).collect();
    }
}

/// Restricted Pod Security, of the pod.
pub fn security() -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// Restricted Pod Security, of a container.
pub fn container_security() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    })
}

/// A question of the kubelet's.
pub fn probe(path: &str, every: u32, failures: u32) -> Value {
    json!({
        "httpGet": {"path": path, "port": "health", "scheme": "HTTP"},
        "periodSeconds": every,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    })
}

/// One node, or zone, should not hold all; one that is full must not hold up the rest.
fn spread(cluster: &Cluster, component: &str, over: &str) -> Value {
    json!({
        "maxSkew": 1,
        "topologyKey": over,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": labels::selector(&cluster.name, component),
        "matchLabelKeys": ["pod-template-hash"],
    })
}
