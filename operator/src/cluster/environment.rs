//! The configuration of the pods: every setting as an environment variable, for a changed variable rolls the Deployment.

use postern_core::role::Role;
use serde_json::{Value, json};

use super::{doors, egress, labels, oidc, options::Options, validate::Cluster};

/// Where the pod keeps what is its own: the control socket, a self-signed certificate, the name of its sender.
pub const DATA: &str = "/var/lib/postern";
/// Where the seal key is mounted.
pub const SEAL_KEY: &str = "/run/postern/seal";
/// From SIGTERM until no connection is accepted: as long as endpoints and load balancers take to notice.
pub const NOT_READY: u64 = 15;
/// How long a pod waits for the database and its schema before it gives up and is started again.
const PATIENCE: &str = "10m";

/// The environment of a process of these roles.
pub fn environment(cluster: &Cluster, options: &Options, roles: &[Role]) -> Vec<Value> {
    let spec = &cluster.spec;
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let mut variables = vec![
        plain("POSTERN_ROLES", &names.join(",")),
        plain("POSTERN_HOSTNAME", &spec.hostnames.mail),
        json!({"name": "POSTERN_INSTANCE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}),
        plain("POSTERN_DATA", DATA),
        plain("POSTERN_SEAL_KEY", &format!("{SEAL_KEY}/{}", options.seal_key.key)),
        secret("POSTERN_DATABASE", &spec.storage.postgres.secret_ref.name, &spec.storage.postgres.secret_ref.key, false),
        // The schema is the business of the chart's Job.
        plain("POSTERN_STORE_MIGRATE", "false"),
        plain("POSTERN_STORE_WAIT", PATIENCE),
        plain("POSTERN_DRAIN_NOT_READY", &format!("{NOT_READY}s")),
        plain("POSTERN_DRAIN_GRACE", &format!("{}s", cluster.drain.as_secs())),
        plain("POSTERN_LOG_FORMAT", "json"),
        plain("POSTERN_LISTEN_HEALTH", &everywhere(doors::HEALTH)),
    ];
    for door in doors::opened().filter(|door| roles.iter().any(|role| role.as_str() == door.role)) {
        variables.push(plain(&format!("POSTERN_LISTEN_{}", door.name.to_uppercase()), &everywhere(door.inside)));
    }
    if roles.contains(&Role::Web) {
        // Clients come by the Service, which shows the ports of the RFCs.
        variables.push(plain("POSTERN_WEB_STANDARD_PORTS", "true"));
    }
    if roles.contains(&Role::Sender) {
        let frontend = labels::name(&cluster.name, "frontend");
        let home = format!("{frontend}.{}.svc.{}:25", cluster.namespace, options.cluster_domain);
        variables.push(plain("POSTERN_OUTBOUND_HOME", &home));
        if let Some(nodes) = spec.egress.as_ref().filter(|_| !options.egress_token.is_empty()) {
            let proxies = format!("{}:{}", egress::host(cluster, options, nodes), egress::PORT);
            variables.push(plain("POSTERN_OUTBOUND_EGRESS", &proxies));
            variables.push(secret("POSTERN_OUTBOUND_EGRESS_TOKEN", &labels::name(&cluster.name, egress::COMPONENT), egress::TOKEN, false));
        }
    }
    let trusted: Vec<&str> = spec.listeners.proxy_protocol.trusted.iter().map(|network| network.0.as_str()).collect();
    if !trusted.is_empty() {
        variables.push(plain("POSTERN_PROXY_PROTOCOL_TRUSTED", &trusted.join(",")));
    }
    if let Some(oidc) = spec.oidc.as_ref().filter(|_| oidc::is_told(roles)) {
        variables.extend(oidc::variables(oidc));
    }
    variables.extend(bucket(cluster));
    for (setting, value) in &spec.settings {
        let name = format!("POSTERN_{}", setting.replace('.', "_").to_uppercase());
        // The user's word over our own, where both may speak: the log's format, the wait for the database.
        variables.retain(|variable| variable["name"] != name);
        variables.push(plain(&name, value));
    }
    variables
}

fn bucket(cluster: &Cluster) -> Vec<Value> {
    let Some(blobs) = &cluster.spec.storage.blobs else { return Vec::new() };
    let of = &blobs.s3.secret_ref.name;
    vec![
        plain("POSTERN_STORE_S3_BUCKET", &blobs.s3.bucket),
        secret("POSTERN_STORE_S3_ENDPOINT", of, "endpoint", true),
        secret("POSTERN_STORE_S3_REGION", of, "region", true),
        secret("POSTERN_STORE_S3_ACCESS_KEY", of, "accessKeyId", false),
        secret("POSTERN_STORE_S3_SECRET_KEY", of, "secretAccessKey", false),
    ]
}

/// Every address of both families; a node without IPv6 gives the pod those of IPv4.
fn everywhere(port: u16) -> String {
    format!("[::]:{port}")
}

/// A variable.
pub(super) fn plain(name: &str, value: &str) -> Value {
    json!({"name": name, "value": escaped(value)})
}

/// `$$` is how Kubernetes writes a dollar that is none of its references.
pub(super) fn escaped(value: &str) -> String {
    value.replace("$(", "$$(")
}

/// A variable by reference to a Secret.
pub(super) fn secret(name: &str, of: &str, key: &str, optional: bool) -> Value {
    let mut reference = json!({"name": of, "key": key});
    if optional {
        reference["optional"] = json!(true);
    }
    json!({"name": name, "valueFrom": {"secretKeyRef": reference}})
}
