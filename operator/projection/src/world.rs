//! Look-ups among the objects, and the inputs that a record was made from.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit as _, Mac as _};
use postern_core::{Secret as Hidden, directory::Digest};
use postern_crds::{
    IpPool,
    condition::reason,
    k8s_openapi::{
        ByteString,
        api::core::v1::{ConfigMap, Secret},
    },
    reference::{ConfigMapKeyRef, SecretKeyRef},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{Objects, Options, Referred, report::Refusals};

/// Namespace and name.
pub(crate) type Key = (String, String);

/// The objects that others refer to, by name. An object that is there twice is there for none: its faults are told.
pub(crate) struct World<'a> {
    pub options: &'a Options,
    secrets: BTreeMap<Key, &'a Secret>,
    config_maps: BTreeMap<Key, &'a ConfigMap>,
    pub pools: BTreeMap<Key, &'a IpPool>,
    pub brands: BTreeSet<Key>,
    closed: &'a BTreeSet<(Referred, String)>,
    /// Labels of every namespace that has an object or is one.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a> World<'a> {
    pub fn new(objects: &'a Objects, options: &'a Options) -> Self {
        let key = |m: &postern_crds::k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta| {
            (m.namespace.clone().unwrap_or_default(), m.name.clone().unwrap_or_default())
        };
        let mut namespaces: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for metadata in objects.domains.iter().map(|d| &d.object.metadata).chain(objects.mailboxes.iter().map(|m| &m.object.metadata)) {
            namespaces.entry(key(metadata).0).or_default();
        }
        for namespace in &objects.namespaces {
            let labels = namespace.object.metadata.labels.clone().unwrap_or_default();
            namespaces.entry(key(&namespace.object.metadata).1).or_default().extend(labels);
        }
        Self {
            options,
            secrets: unique(objects.secrets.iter().map(|s| (key(&s.object.metadata), &*s.object))),
            config_maps: unique(objects.config_maps.iter().map(|c| (key(&c.object.metadata), &*c.object))),
            pools: unique(objects.pools.iter().map(|p| (key(&p.object.metadata), &*p.object))),
            brands: objects.brands.iter().map(|b| key(&b.object.metadata)).collect(),
            closed: &objects.closed,
            namespaces,
        }
    }

    /// The value of a Secret's key, put among the inputs.
    pub fn secret(
        &self,
        namespace: &str,
        reference: &SecretKeyRef,
        field: &str,
        inputs: &mut Inputs,
        refusals: &mut Refusals,
    ) -> Option<Hidden<String>> {
        let (name, key) = (&*reference.name, &*reference.key);
        let Some(secret) = self.secrets.get(&(namespace.to_owned(), name.to_owned())) else {
            if self.is_closed(Referred::Secret, namespace, field, refusals) {
                return None;
            }
            refusals.add(reason::SECRET_MISSING, field, format!("there is no Secret {name} in namespace {namespace}"), "apply it");
            return None;
        };
        // stringData wins over data, as the API server merges them.
        let text = secret.string_data.as_ref().and_then(|d| d.get(key)).cloned();
        let bytes = || secret.data.as_ref().and_then(|d| d.get(key)).map(|b| String::from_utf8(b.0.clone()));
        let value = match text.map(Ok).or_else(bytes) {
            Some(Ok(value)) => value.strip_suffix('\n').map(str::to_owned).unwrap_or(value),
            Some(Err(_)) => {
                refusals.invalid(field, format!("key {key} of Secret {name} is not UTF-8 text"), "store the password as text");
                return None;
            }
            None => {
                refusals.add(reason::SECRET_MISSING, field, format!("Secret {name} has no key {key}"), "add the key, or name another");
                return None;
            }
        };
        inputs.secret(&self.options.digest_key, value.as_bytes());
        Some(Hidden::new(value))
    }

    /// Whether objects of this kind may not be read there, which is said.
    fn is_closed(&self, kind: Referred, namespace: &str, field: &str, refusals: &mut Refusals) -> bool {
        let closed = self.closed.contains(&(kind, namespace.to_owned()));
        if closed {
            let message = format!("{}s of namespace {namespace} may not be read", kind.as_str());
            let fix = "grant it there with a RoleBinding: the chart makes one for each namespace of tenantNamespaces";
            refusals.add(reason::NOT_PERMITTED_IN_NAMESPACE, field, message, fix);
        }
        closed
    }

    /// The bytes of a ConfigMap's key, put among the inputs.
    pub fn config_map(
        &self,
        namespace: &str,
        reference: &ConfigMapKeyRef,
        field: &str,
        inputs: &mut Inputs,
        refusals: &mut Refusals,
    ) -> Option<Vec<u8>> {
        let (name, key) = (&*reference.name, &*reference.key);
        let Some(map) = self.config_maps.get(&(namespace.to_owned(), name.to_owned())) else {
            if self.is_closed(Referred::ConfigMap, namespace, field, refusals) {
                return None;
            }
            refusals.add(reason::CONFIG_MAP_MISSING, field, format!("there is no ConfigMap {name} in namespace {namespace}"), "apply it");
            return None;
        };
        let text = map.data.as_ref().and_then(|d| d.get(key)).map(|t| t.as_bytes().to_vec());
        let value = text.or_else(|| map.binary_data.as_ref().and_then(|d| d.get(key)).map(|ByteString(b)| b.clone()));
        match value {
            Some(value) => {
                inputs.plain(&value);
                Some(value)
            }
            None => {
                refusals.add(
                    reason::CONFIG_MAP_MISSING,
                    field,
                    format!("ConfigMap {name} has no key {key}"),
                    "add the key, or name another",
                );
                None
            }
        }
    }

    /// The same as text.
    pub fn config_text(
        &self,
        namespace: &str,
        reference: &ConfigMapKeyRef,
        field: &str,
        inputs: &mut Inputs,
        refusals: &mut Refusals,
    ) -> Option<String> {
        let bytes = self.config_map(namespace, reference, field, inputs, refusals)?;
        let text = String::from_utf8(bytes).ok();
        if text.is_none() {
            refusals.invalid(
                field,
                format!("key {} of ConfigMap {} is not UTF-8 text", &*reference.key, &*reference.name),
                "store it as text under data",
            );
        }
        text
    }
}

/// By name, without those that are there twice: which one is meant must not depend on the order of reading.
fn unique<'a, T>(all: impl Iterator<Item = (Key, &'a T)>) -> BTreeMap<Key, &'a T> {
    let mut by_name: BTreeMap<Key, Option<&'a T>> = BTreeMap::new();
    for (key, object) in all {
        by_name.entry(key).and_modify(|twice| *twice = None).or_insert(Some(object));
    }
    by_name.into_iter().filter_map(|(key, object)| Some((key, object?))).collect()
}

/// SHA-256 over everything that a record was made from, each piece with its length before it.
#[derive(Clone, Default)]
pub(crate) struct Inputs(Sha256);

impl Inputs {
    pub fn plain(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// What a Secret held, under a key (RFC 2104 with SHA-256).
    pub fn secret(&mut self, key: &Hidden<Vec<u8>>, bytes: &[u8]) {
        // HMAC takes a key of any length (RFC 2104 §3), so this cannot fail.
        if let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.expose()) {
            self.plain(&mac.chain_update(bytes).finalize().into_bytes());
        }
    }

    /// The digest, over the spec and the record made of it as well. Both have one order of fields, so that the same
    /// content gives the same bytes.
    pub fn digest(mut self, spec: &impl Serialize, record: &impl Serialize) -> Digest {
        self.plain(&serde_json::to_vec(spec).unwrap_or_default());
        self.plain(&serde_json::to_vec(record).unwrap_or_default());
        Digest(self.0.finalize().into())
    }
}
