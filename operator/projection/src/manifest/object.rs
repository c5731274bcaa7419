//! The kinds that a manifest may be.

use postern_crds::{
    API_VERSION, Alias, Branding, Domain, IpPool, MailCluster, Mailbox,
    k8s_openapi::{
        api::core::v1::{ConfigMap, Namespace, Secret},
        apimachinery::pkg::apis::meta::v1::ObjectMeta,
    },
};
use serde_json::Value as Json;

use super::{node::Node, schema::Fault};
use crate::ObjectId;

/// A kind that a folder of manifests may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A mail domain.
    Domain,
    /// An address with storage.
    Mailbox,
    /// An address without.
    Alias,
    /// Addresses that mail leaves from.
    IpPool,
    /// A tenant's looks.
    Branding,
    /// The installation; checked, but only an operator reads it.
    MailCluster,
    /// Passwords.
    Secret,
    /// Logos, scripts, texts.
    ConfigMap,
    /// A tenant's labels.
    Namespace,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Domain,
        Self::Mailbox,
        Self::Alias,
        Self::IpPool,
        Self::Branding,
        Self::MailCluster,
        Self::Secret,
        Self::ConfigMap,
        Self::Namespace,
    ];

    /// As `kind:` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "Domain",
            Self::Mailbox => "Mailbox",
            Self::Alias => "Alias",
            Self::IpPool => "IpPool",
            Self::Branding => "Branding",
            Self::MailCluster => "MailCluster",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::Namespace => "Namespace",
        }
    }

    /// As `apiVersion:` has it.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::Secret | Self::ConfigMap | Self::Namespace => "v1",
            _ => API_VERSION,
        }
    }
}

/// An object of one of the kinds.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A mail domain.
    Domain(Box<Domain>),
    /// An address with storage.
    Mailbox(Box<Mailbox>),
    /// An address without.
    Alias(Box<Alias>),
    /// Addresses that mail leaves from.
    IpPool(Box<IpPool>),
    /// A tenant's looks.
    Branding(Box<Branding>),
    /// The installation.
    MailCluster(Box<MailCluster>),
    /// Passwords.
    Secret(Box<Secret>),
    /// Logos, scripts, texts.
    ConfigMap(Box<ConfigMap>),
    /// A tenant's labels.
    Namespace(Box<Namespace>),
}

impl Object {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Domain(_) => Kind::Domain,
            Self::Mailbox(_) => Kind::Mailbox,
            Self::Alias(_) => Kind::Alias,
            Self::IpPool(_) => Kind::IpPool,
            Self::Branding(_) => Kind::Branding,
            Self::MailCluster(_) => Kind::MailCluster,
            Self::Secret(_) => Kind::Secret,
            Self::ConfigMap(_) => Kind::ConfigMap,
            Self::Namespace(_) => Kind::Namespace,
        }
    }

    /// Its metadata.
    #[must_use]
    pub const fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Domain(o) => &o.metadata,
            Self::Mailbox(o) => &o.metadata,
            Self::Alias(o) => &o.metadata,
            Self::IpPool(o) => &o.metadata,
            Self::Branding(o) => &o.metadata,
            Self::MailCluster(o) => &o.metadata,
            Self::Secret(o) => &o.metadata,
            Self::ConfigMap(o) => &o.metadata,
            Self::Namespace(o) => &o.metadata,
        }
    }

    /// The whole of it as the API shows it; null for kinds that hold secrets or serve these alone.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Domain(o) => serde_json::to_value(o),
            Self::Mailbox(o) => serde_json::to_value(o),
            Self::Alias(o) => serde_json::to_value(o),
            Self::IpPool(o) => serde_json::to_value(o),
            Self::Branding(o) => serde_json::to_value(o),
            Self::MailCluster(o) => serde_json::to_value(o),
            Self::Secret(_) | Self::ConfigMap(_) | Self::Namespace(_) => Ok(Json::Null),
        }
        .unwrap_or_default()
    }

    /// What it is known by.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        let metadata = self.metadata();
        ObjectId {
            kind: self.kind().as_str().to_owned(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
        }
    }
}

/// The kind that a document says it is.
pub(super) fn kind_of(tree: &Node) -> Result<Kind, Vec<Fault>> {
    let text = |key: &str| tree.get(key).and_then(Node::text);
    let line = |key: &str| tree.get(key).map_or(tree.line, |n| n.line);
    let known = || Kind::ALL.map(Kind::as_str).join(", ");
    let Some(name) = text("kind") else {
        return Err(vec![Fault::new("kind", line("kind"), "is missing".to_owned(), format!("write one of {}", known()))]);
    };
    let Some(kind) = Kind::ALL.into_iter().find(|k| k.as_str() == name) else {
        return Err(vec![Fault::new(
            "kind",
            line("kind"),
            format!("\"{name}\" is not a kind that belongs here"),
            format!("write one of {}", known()),
        )]);
    };
    match text("apiVersion") {
        Some(version) if version == kind.api_version() => Ok(kind),
        Some(version) => Err(vec![Fault::new(
            "apiVersion",
            line("apiVersion"),
            format!("a {name} has no version \"{version}\""),
            format!("write {}", kind.api_version()),
        )]),
        None => Err(vec![Fault::new("apiVersion", tree.line, "is missing".to_owned(), format!("write {}", kind.api_version()))]),
    }
}

/// The object of a tree that has passed its schema.
pub(super) fn from_tree(kind: Kind, tree: &Node) -> Result<Object, Fault> {
    let json = tree.to_json();
    match kind {
        Kind::Domain => serde_json::from_value(json).map(Object::Domain),
        Kind::Mailbox => serde_json::from_value(json).map(Object::Mailbox),
        Kind::Alias => serde_json::from_value(json).map(Object::Alias),
        Kind::IpPool => serde_json::from_value(json).map(Object::IpPool),
        Kind::Branding => serde_json::from_value(json).map(Object::Branding),
        Kind::MailCluster => serde_json::from_value(json).map(Object::MailCluster),
        Kind::Secret => serde_json::from_value(json).map(Object::Secret),
        Kind::ConfigMap => serde_json::from_value(json).map(Object::ConfigMap),
        Kind::Namespace => serde_json::from_value(json).map(Object::Namespace),
    }
    // Reached by what the schema lets pass and the type does not: a date in metadata, base64 in a Secret's data.
    .map_err(|e| Fault::new("", tree.line, format!("the {} cannot be read: {e}", kind.as_str()), "correct or remove that value".to_owned()))
}
