//! What every driver of a leader is given.

use std::{fmt, net::SocketAddr, sync::Arc};

use kube::Client;
use postern_core::{Clock, Timestamp};
use postern_store::{
    db::Db,
    directory::{Directory, Epoch, SealKeys},
};
use tokio_util::sync::CancellationToken;

pub use crate::chance::Chance;
use crate::{cluster, facts::Facts, metrics::Metrics, watch::Cache};

/// What every driver of a leader is given. Clones share everything.
#[derive(Clone)]
pub struct Context {
    /// The API server.
    pub client: Client,
    /// Every object that is watched.
    pub cache: Cache,
    /// The directory.
    pub directory: Directory,
    /// Its database.
    pub db: Db,
    /// The ring that the directory was opened with.
    pub keys: SealKeys,
    /// The fence that this leadership raised.
    pub epoch: Epoch,
    /// What drivers tell the status driver.
    pub facts: Facts,
    /// What is counted.
    pub metrics: Metrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Chance,
    /// Where the operator runs and what it is called.
    pub place: Arc<Place>,
    /// What the workloads of a MailCluster are made of; `None` where they are somebody else's to make.
    pub workloads: Option<Arc<cluster::Options>>,
    /// Cancelled when this leadership ends. A driver returns soon after, and writes nothing more.
    pub ended: CancellationToken,
}

/// Where the operator runs and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its namespace.
    pub namespace: String,
    /// This replica.
    pub identity: String,
    /// First part of every row's key.
    pub cluster: String,
    /// DNS servers that are asked; those of the system when there is none.
    pub nameservers: Vec<SocketAddr>,
}

impl Context {
    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("place", &self.place).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
