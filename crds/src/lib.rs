//! The custom resources of group `postern.dev`, and nothing else: no client, no validation beyond the schema, no
//! defaults beyond the schema's. What a schema cannot say is decided by the projection.
//!
//! One kind a file: its spec, its status, its printer columns and its CEL rules.
//!
//! | Kind | Short | What it asks for |
//! |---|---|---|
//! | [`Domain`] | `md` | a mail domain: mode, hosts, limits, keys |
//! | [`Mailbox`] | `mbx` | an address with storage |
//! | [`Alias`] | `mal` | an address without storage: redirect, group, no-reply |
//! | [`IpPool`] | `ipp` | the addresses that mail leaves from |
//! | [`Branding`] | `mbr` | a tenant's own name and looks |
//! | [`MailCluster`] | `mc` | the installation, and what tenants must not decide |
//!
//! `spec` is what users write; `status` is a report that may be lost: whatever must survive lives in the directory.

#![expect(clippy::duplicated_attributes, reason = "printer columns of one kind share type and path: the lint takes them for one attribute")]

pub mod alias;
pub mod branding;
pub mod condition;
pub mod domain;
pub mod ip_pool;
pub mod mail_cluster;
pub mod mailbox;
pub mod reference;
pub mod text;

pub use alias::{Alias, AliasSpec, AliasStatus};
pub use branding::{Branding, BrandingSpec, BrandingStatus};
pub use condition::Condition;
pub use domain::{Domain, DomainSpec, DomainStatus};
pub use ip_pool::{IpPool, IpPoolSpec, IpPoolStatus};
pub use mail_cluster::{MailCluster, MailClusterSpec, MailClusterStatus};
pub use mailbox::{Mailbox, MailboxSpec, MailboxStatus};

pub use k8s_openapi;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
pub use kube;
use kube::CustomResourceExt;

/// API group of every kind.
pub const GROUP: &str = "postern.dev";
/// The one stored and served version.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` as manifests write it.
pub const API_VERSION: &str = "postern.dev/v1alpha1";

/// On an IpPool or Branding: used by domains that name none (as on a StorageClass).
pub const ANNOTATION_IS_DEFAULT: &str = "postern.dev/is-default";
/// On a Mailbox with `auth.generate`: an RFC 3339 time from which a new password is due.
pub const ANNOTATION_ROTATE_AT: &str = "postern.dev/rotate-at";
/// Waits for the commit of the tombstone, and no longer.
pub const FINALIZER: &str = "postern.dev/cleanup";

/// Definitions of all kinds, in the order in which one reads about them.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    [Domain::crd(), Mailbox::crd(), Alias::crd(), IpPool::crd(), Branding::crd(), MailCluster::crd()].into_iter().map(kept).collect()
}

/// Helm must not delete a definition with the release: the objects would go with it.
fn kept(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    crd.metadata.annotations.get_or_insert_default().insert("helm.sh/resource-policy".to_owned(), "keep".to_owned());
    crd.metadata.labels.get_or_insert_default().insert("app.kubernetes.io/part-of".to_owned(), "postern".to_owned());
    crd
}

/// A definition as the YAML file that users apply, with a line saying where it comes from.
///
/// # Errors
/// Only when the definition cannot be written as YAML, which would be a fault of this crate.
pub fn to_yaml(crd: &CustomResourceDefinition) -> Result<String, Box<dyn std::error::Error>> {
    let value = serde_json::to_value(crd)?;
    Ok(format!("# Generated from crds/src by `cargo run -p postern-crds --bin crdgen`. Do not edit.\n{}", serde_saphyr::to_string(&value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_namespaced_has_status_and_is_kept_by_helm() {
        for crd in all() {
            let kind = &crd.spec.names.kind;
            assert_eq!(crd.spec.scope, "Namespaced", "{kind}");
            assert_eq!(crd.spec.names.categories.as_deref(), Some(&["postern".to_owned(), "mail".to_owned()][..]), "{kind}");
            assert_eq!(crd.spec.versions.len(), 1, "{kind}");
            assert!(crd.spec.versions[0].subresources.as_ref().unwrap().status.is_some(), "{kind}");
            assert_eq!(crd.metadata.annotations.unwrap()["helm.sh/resource-policy"], "keep");
        }
    }

    /// The API server refuses rules whose cost it cannot bound, and lists that it cannot merge.
    #[test]
    fn every_string_list_and_map_of_a_spec_is_bounded() {
        fn walk(path: &str, schema: &serde_json::Value) {
            let bounded = |key: &str| assert!(schema.get(key).is_some(), "{path} has no {key}");
            match schema["type"].as_str() {
                Some("string") if schema.get("enum").is_none() && schema.get("format").is_none() => bounded("maxLength"),
                Some("array") => {
                    bounded("maxItems");
                    walk(&format!("{path}[]"), &schema["items"]);
                }
                Some("object") if schema.get("additionalProperties").is_some() => {
                    bounded("maxProperties");
                    walk(&format!("{path}{{}}"), &schema["additionalProperties"]);
                }
                _ => {}
            }
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if name != "selector" {
                    walk(&format!("{path}.{name}"), property);
                }
            }
        }
        for crd in all() {
            let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
            walk(&crd.spec.names.kind, &schema["openAPIV3Schema"]["properties"]["spec"]);
        }
    }

    #[test]
    fn conditions_merge_by_type() {
        for crd in all() {
            let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
            let conditions = &schema["openAPIV3Schema"]["properties"]["status"]["properties"]["conditions"];
            assert_eq!(conditions["x-kubernetes-list-type"], "map", "{}", crd.spec.names.kind);
            assert_eq!(conditions["x-kubernetes-list-map-keys"][0], "type");
        }
    }
}
