//! What a MailCluster names: the Secrets that its pods' environment comes from.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{Api, Client};
use postern_crds::condition::reason;
use postern_projection::Refusal;

use super::{options::Options, validate::Cluster};

/// What is known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Changes when one of them does, and tells nothing of them: the seal key is part of what it is made of.
    pub digest: String,
    /// Those that are not there, or lack a key.
    pub missing: Vec<Refusal>,
}

/// Reads them.
///
/// # Errors
/// As the API server says; a Secret that is not there is none.
pub async fn dereference(client: &Client, cluster: &Cluster, options: &Options) -> Result<Secrets, kube::Error> {
    let api: Api<Secret> = Api::namespaced(client.clone(), &cluster.namespace);
    let mut found = BTreeMap::new();
    for wanted in wanted(cluster, options) {
        if !found.contains_key(&wanted.name) {
            let data = api.get_opt(&wanted.name).await?.map(|secret| secret.data.unwrap_or_default());
            found.insert(wanted.name.clone(), data);
        }
    }
    Ok(judge(&wanted(cluster, options), &found))
}

/// A key that pods cannot start without.
struct Wanted {
    field: &'static str,
    name: String,
    key: String,
}

fn wanted(cluster: &Cluster, options: &Options) -> Vec<Wanted> {
    let database = &cluster.spec.storage.postgres.secret_ref;
    let mut wanted = vec![
        Wanted { field: "metadata.namespace", name: options.seal_key.name.clone(), key: options.seal_key.key.clone() },
        Wanted { field: "spec.storage.postgres.secretRef", name: database.name.0.clone(), key: database.key.0.clone() },
    ];
    if let Some(oidc) = &cluster.spec.oidc {
        let clients = oidc.clients.iter().map(|client| ("spec.oidc.clients", &client.client_secret_ref));
        for (field, of) in clients.chain(oidc.ca_secret_ref.as_ref().map(|of| ("spec.oidc.caSecretRef", of))) {
            wanted.push(Wanted { field, name: of.name.0.clone(), key: of.key.0.clone() });
        }
    }
    if let Some(blobs) = &cluster.spec.storage.blobs {
        for key in ["accessKeyId", "secretAccessKey"] {
            let name = blobs.s3.secret_ref.name.0.clone();
            wanted.push(Wanted { field: "spec.storage.blobs.s3.secretRef", name, key: key.to_owned() });
        }
    }
    wanted
}

fn judge(wanted: &[Wanted], found: &BTreeMap<String, Option<BTreeMap<String, ByteString>>>) -> Secrets {
    let mut secrets = Secrets::default();
    let mut hasher = blake3::Hasher::new_derive_key("postern 2026 digest of the secrets of a cluster");
    for Wanted { field, name, key } in wanted {
        let data = found.get(name).and_then(Option::as_ref);
        if data.and_then(|data| data.get(key)).is_none() {
            let message = if data.is_none() { format!("there is no Secret {name}") } else { format!("Secret {name} has no key {key}") };
            let fix = "make it; pods start when it is there".to_owned();
            secrets.missing.push(Refusal { reason: reason::SECRET_MISSING, field: (*field).to_owned(), message, fix });
        }
    }
    for (name, data) in found {
        for (key, value) in data.iter().flatten() {
            for part in [name.as_bytes(), key.as_bytes(), &value.0] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
    }
    secrets.digest = hasher.finalize().to_hex().chars().take(16).collect();
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(database: Option<&str>) -> BTreeMap<String, Option<BTreeMap<String, ByteString>>> {
        let data = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), ByteString(value.as_bytes().to_vec()))]);
        BTreeMap::from([("seal".to_owned(), Some(data("seal.key", "1"))), ("pg".to_owned(), database.map(|url| data("uri", url)))])
    }

    fn wanted(key: &str) -> Vec<Wanted> {
        vec![Wanted { field: "spec.storage.postgres.secretRef", name: "pg".to_owned(), key: key.to_owned() }]
    }

    #[test]
    fn what_is_missing_is_named_and_what_changes_is_noticed() {
        let whole = judge(&wanted("uri"), &found(Some("postgres://a")));
        assert!(whole.missing.is_empty() && whole.digest.len() == 16);
        assert_ne!(whole.digest, judge(&wanted("uri"), &found(Some("postgres://b"))).digest);
        assert_eq!(judge(&wanted("uri"), &found(None)).missing[0].message, "there is no Secret pg");
        assert_eq!(judge(&wanted("url"), &found(Some("x"))).missing[0].message, "Secret pg has no key url");
    }
}
