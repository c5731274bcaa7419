//! The kinds that are watched, and what is kept of each.

use std::{collections::BTreeMap, fmt::Debug, mem};

use k8s_openapi::api::core::v1::Namespace;
use kube::Resource;
use postern_crds::{Alias, Branding, Domain, IpPool, MailCluster, Mailbox};
use serde::de::DeserializeOwned;

use super::{Kind, Seen, Table, Tables};

/// What `kubectl apply` keeps for itself: the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A kind that is watched.
pub trait Watched: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static {
    /// Which.
    const KIND: Kind;
    /// Whether anybody asks for labels of this kind.
    const LABELS: bool = false;

    /// Its table.
    fn table(tables: &Tables) -> &Table<Self>;

    /// Its table, to be changed.
    fn table_mut(tables: &mut Tables) -> &mut Table<Self>;

    /// Takes the status out of the object and keeps a few bytes of it.
    fn take_status(&mut self) -> Seen {
        Seen::default()
    }

    /// Takes out what nobody here reads, the status included.
    fn strip(&mut self) -> Seen {
        let meta = self.meta_mut();
        (meta.managed_fields, meta.self_link, meta.generate_name) = (None, None, None);
        meta.resource_version = None;
        meta.owner_references = None;
        if !Self::LABELS {
            meta.labels = None;
        }
        if let Some(annotations) = &mut meta.annotations {
            annotations.remove(LAST_APPLIED);
        }
        meta.annotations = mem::take(&mut meta.annotations).filter(|all: &BTreeMap<_, _>| !all.is_empty());
        self.take_status()
    }
}

macro_rules! watched {
    ($kind:ident, $table:ident) => {
        watched!($kind, $table, |seen, _status| seen);
    };
    ($kind:ident, $table:ident, |$seen:ident, $status:ident| $more:expr) => {
        impl Watched for $kind {
            const KIND: Kind = Kind::$kind;

            fn table(tables: &Tables) -> &Table<Self> {
                &tables.$table
            }

            fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
                &mut tables.$table
            }

            fn take_status(&mut self) -> Seen {
                let $status = self.status.take();
                let $seen = Seen::of($status.as_ref(), $status.as_ref().map_or(&[], |s| &s.conditions));
                $more
            }
        }
    };
}

watched!(Domain, domains, |seen, status| seen.with_boxes(status.and_then(|s| s.mailboxes).unwrap_or_default()));
watched!(Mailbox, mailboxes);
watched!(Alias, aliases);
watched!(IpPool, pools);
watched!(Branding, brands);

impl Watched for MailCluster {
    const KIND: Kind = Kind::MailCluster;
    const LABELS: bool = true;

    fn table(tables: &Tables) -> &Table<Self> {
        &tables.clusters
    }

    fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.clusters
    }

    /// There is one, so that its status may stay.
    fn take_status(&mut self) -> Seen {
        Seen::of(self.status.as_ref(), self.status.as_ref().map_or(&[], |s| &s.conditions))
    }
}

impl Watched for Namespace {
    const KIND: Kind = Kind::Namespace;
    const LABELS: bool = true;

    fn table(tables: &Tables) -> &Table<Self> {
        &tables.namespaces
    }

    fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.namespaces
    }
}
