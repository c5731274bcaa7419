//! `spec.oidc` as pods are told it: variables whose secrets come by reference, and a file of certificates.
//!
//! Only processes that let people in are told.

use postern_core::role::Role;
use postern_crds::mail_cluster::{IntrospectionClient, Oidc};
use serde_json::{Value, json};

use super::environment::{escaped, plain, secret};

/// Where the certificates are mounted.
const CA: &str = "/run/postern/oidc";
/// The volume.
const VOLUME: &str = "oidc-ca";
/// The variable of a client's secret, before its number. The dataplane reads it through `POSTERN_OIDC_CLIENTS` alone.
const CLIENT_SECRET: &str = "OIDC_CLIENT_SECRET_";

/// Whether a process of these roles lets people in.
pub fn is_told(roles: &[Role]) -> bool {
    roles.iter().any(|role| matches!(role, Role::Submission | Role::Imap | Role::Web))
}

/// The variables.
pub fn variables(oidc: &Oidc) -> Vec<Value> {
    let trust: Vec<String> = oidc.trust.iter().map(|trust| format!("{}={}", trust.domain, trust.issuer)).collect();
    let audience: Vec<&str> = oidc.audience.iter().map(|audience| &**audience).collect();
    let mut variables = vec![
        plain("POSTERN_OIDC_TRUST", &trust.join(",")),
        plain("POSTERN_OIDC_AUDIENCE", &audience.join(",")),
        plain("POSTERN_OIDC_CLAIM", &oidc.claim),
    ];
    variables.extend(oidc.scope.as_ref().map(|scope| plain("POSTERN_OIDC_SCOPE", scope)));
    if !oidc.clients.is_empty() {
        let mut logins = Vec::with_capacity(oidc.clients.len());
        for (number, IntrospectionClient { issuer, client_id, client_secret_ref }) in oidc.clients.iter().enumerate() {
            let name = format!("{CLIENT_SECRET}{number}");
            variables.push(secret(&name, &client_secret_ref.name, &client_secret_ref.key, false));
            // The kubelet puts the variable before it in its place.
            logins.push(format!("{}={}:$({name})", escaped(issuer), escaped(client_id)));
        }
        variables.push(json!({"name": "POSTERN_OIDC_CLIENTS", "value": logins.join(",")}));
    }
    variables.extend(oidc.ca_secret_ref.as_ref().map(|ca| plain("POSTERN_OIDC_CA", &format!("{CA}/{}", ca.key))));
    variables
}

/// Where the certificates come from and where they are mounted: volume, then mount.
pub fn certificates(oidc: &Oidc) -> Option<(Value, Value)> {
    let ca = oidc.ca_secret_ref.as_ref()?;
    let volume =
        json!({"name": VOLUME, "secret": {"secretName": ca.name, "items": [{"key": ca.key, "path": ca.key}], "defaultMode": 0o440}});
    Some((volume, json!({"name": VOLUME, "mountPath": CA, "readOnly": true})))
}
