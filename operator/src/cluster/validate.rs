//! What a MailCluster asks for, checked: what the schema cannot see.

use std::time::Duration;

use postern_crds::{
    MailCluster, MailClusterSpec,
    condition::reason,
    mail_cluster::{ServiceType, TrafficPolicy},
};
use postern_projection::Refusal;

/// The longest name: a Service's is a DNS label of 63 octets and the longest ending is `-frontend`.
const LONGEST_NAME: usize = 48;
/// The longest grace: a process allows itself no more (`drain.grace`).
const LONGEST_DRAIN: Duration = Duration::from_secs(3600);

/// Settings and sections that the operator decides, with where else to say it.
const OURS: [(&str, &str); 22] = [
    ("data", "the pod's own"),
    ("database", "spec.storage.postgres"),
    ("drain", "spec.drainGrace"),
    ("hostname", "spec.hostnames.mail"),
    ("instance", "the pod's own"),
    ("listen", "the operator's"),
    ("manifests", "the operator's"),
    ("oidc.audience", "spec.oidc"),
    ("oidc.ca", "spec.oidc"),
    ("oidc.claim", "spec.oidc"),
    ("oidc.clients", "spec.oidc"),
    ("oidc.scope", "spec.oidc"),
    ("oidc.trust", "spec.oidc"),
    ("outbound.egress", "spec.egress"),
    ("outbound.egress_token", "spec.egress"),
    ("outbound.home", "the operator's"),
    ("proxy_protocol", "spec.listeners.proxyProtocol"),
    ("roles", "the operator's"),
    ("seal_key", "the operator's"),
    ("store.migrate", "the operator's"),
    ("store.s3_access_key", "spec.storage.blobs"),
    ("store.s3_secret_key", "spec.storage.blobs"),
];

/// A MailCluster that can be rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`: where all of it runs.
    pub namespace: String,
    /// `metadata.uid`: the owner of what is made.
    pub uid: String,
    /// As written.
    pub spec: MailClusterSpec,
    /// `spec.drainGrace`.
    pub drain: Duration,
}

/// Checks it.
///
/// # Errors
/// The first [`Refusal`].
pub fn validate(cluster: &MailCluster) -> Result<Cluster, Refusal> {
    let meta = &cluster.metadata;
    let name = meta.name.clone().unwrap_or_default();
    let (Some(namespace), Some(uid)) = (meta.namespace.clone(), meta.uid.clone()) else {
        return Err(refusal("metadata", "it has no namespace or uid", "apply it to a cluster"));
    };
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains('.') {
        let fix = format!("take one of at most {LONGEST_NAME} characters without dots");
        return Err(refusal("metadata.name", "names of Services are made of it", fix));
    }
    let spec = cluster.spec.clone();
    for (field, replicas) in [("spec.frontend.replicas", &spec.frontend.replicas), ("spec.sender.replicas", &spec.sender.replicas)] {
        if replicas.min > replicas.max || replicas.min < 1 {
            return Err(refusal(field, "min is less than 1 or greater than max", "write 1 ≤ min ≤ max"));
        }
    }
    let service = &spec.frontend.service;
    if service.type_ != ServiceType::ClusterIP
        && service.external_traffic_policy == TrafficPolicy::Cluster
        && spec.listeners.proxy_protocol.trusted.is_empty()
    {
        let message = "Cluster hides every client behind a node's address, so that SPF, block lists and limits would judge the node";
        let fix = "set Local, or name the load balancers that speak PROXY protocol in spec.listeners.proxyProtocol.trusted";
        return Err(refusal("spec.frontend.service.externalTrafficPolicy", message, fix));
    }
    if let Some(oidc) = &spec.oidc
        && let Some(client) = oidc.clients.iter().find(|client| oidc.trust.iter().all(|trust| trust.issuer != client.issuer))
    {
        let message = format!("{} is trusted with no domain", client.issuer);
        return Err(refusal("spec.oidc.clients", message, "name one in spec.oidc.trust"));
    }
    for setting in spec.settings.keys() {
        check_setting(setting)?;
    }
    let drain = postern_projection::parse_duration(&spec.drain_grace).filter(|drain| *drain <= LONGEST_DRAIN);
    let drain = drain.ok_or_else(|| {
        refusal("spec.drainGrace", "it is no time, or a longer one than a process allows itself", "write it like 120s, at most 1h")
    })?;
    Ok(Cluster { name, namespace, uid, spec, drain })
}

/// A setting that the dataplane may know and the operator leaves to the user.
fn check_setting(setting: &str) -> Result<(), Refusal> {
    let field = || format!("spec.settings[{setting}]");
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if setting.split('.').count() > 2 || !setting.split('.').all(part) {
        let fix = "write section.name, as smtp.max_recipients; `postern config check` lists them";
        return Err(refusal(field(), "no setting is called so", fix));
    }
    let section = setting.split('.').next().unwrap_or_default();
    match OURS.iter().find(|(ours, _)| *ours == setting || *ours == section) {
        Some((_, place)) if place.starts_with("spec.") => Err(refusal(field(), "it has a field of its own", format!("say it in {place}"))),
        Some((_, whose)) => Err(refusal(field(), format!("it is {whose} to decide"), "take it out")),
        None => Ok(()),
    }
}

fn refusal(field: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Refusal {
    Refusal { reason: reason::INVALID_SPEC, field: field.into(), message: message.into(), fix: fix.into() }
}
