//! The input of a projection: every object there is, whoever read it, and where it was written if in a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use postern_core::DomainName;
use postern_crds::{
    Alias, Branding, Domain, IpPool, MailCluster, Mailbox,
    k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret},
};

use crate::{Manifest, Object, Place, Referred};

/// An object, and its place when it came from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The object, shared with whoever keeps it.
    pub object: Arc<T>,
    /// Where it was written; `None` when an API server sent it.
    pub place: Option<Place>,
}

/// All objects of a folder or of the namespaces that an operator watches. Their order means nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    /// Mail domains.
    pub domains: Vec<Located<Domain>>,
    /// Addresses with storage.
    pub mailboxes: Vec<Located<Mailbox>>,
    /// Addresses without.
    pub aliases: Vec<Located<Alias>>,
    /// Addresses that mail leaves from.
    pub pools: Vec<Located<IpPool>>,
    /// Looks.
    pub brands: Vec<Located<Branding>>,
    /// Installations; the projection reads none, its caller makes options of one.
    pub clusters: Vec<Located<MailCluster>>,
    /// Passwords.
    pub secrets: Vec<Located<Secret>>,
    /// Logos, scripts, texts.
    pub config_maps: Vec<Located<ConfigMap>>,
    /// Namespaces, for their labels.
    pub namespaces: Vec<Located<Namespace>>,
    /// Domains with their tenants that the directory serves from before. A box of theirs stays welcome while the
    /// Domain's own manifest is broken.
    pub standing_domains: BTreeMap<DomainName, String>,
    /// Namespaces whose Secrets, or whose ConfigMaps, the reader may not see.
    pub closed: BTreeSet<(Referred, String)>,
}

impl Objects {
    /// Sorts manifests by kind.
    #[must_use]
    pub fn from_manifests(manifests: impl IntoIterator<Item = Manifest>) -> Self {
        let mut objects = Self::default();
        for manifest in manifests {
            objects.push(manifest.object, Some(manifest.place));
        }
        objects
    }

    /// Adds one object.
    pub fn push(&mut self, object: Object, place: Option<Place>) {
        match object {
            Object::Domain(o) => self.domains.push(Located { object: Arc::new(*o), place }),
            Object::Mailbox(o) => self.mailboxes.push(Located { object: Arc::new(*o), place }),
            Object::Alias(o) => self.aliases.push(Located { object: Arc::new(*o), place }),
            Object::IpPool(o) => self.pools.push(Located { object: Arc::new(*o), place }),
            Object::Branding(o) => self.brands.push(Located { object: Arc::new(*o), place }),
            Object::MailCluster(o) => self.clusters.push(Located { object: Arc::new(*o), place }),
            Object::Secret(o) => self.secrets.push(Located { object: Arc::new(*o), place }),
            Object::ConfigMap(o) => self.config_maps.push(Located { object: Arc::new(*o), place }),
            Object::Namespace(o) => self.namespaces.push(Located { object: Arc::new(*o), place }),
        }
    }
}
