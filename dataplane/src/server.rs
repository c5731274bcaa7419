//! A running server, inside whatever process started it: the binary, or a test.
//!
//! ```text
//!  Config ─► Server::start ─► sockets bound, parts running ─► drain ─► Server::stopped
//! ```
//!
//! It binds, spawns and waits; what the parts do is theirs.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use postern_net::Drain;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    config::{Config, Name},
    health::Health,
    metrics::Metrics,
    readiness::Readiness,
};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("cannot use the data folder {}: {source}", path.display())]
    Data {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A socket cannot be bound.
    #[error("cannot listen on {address} for {name}: {source}; choose another with --listen {name}=ADDRESS:PORT, or off")]
    Listen {
        /// The listener.
        name: Name,
        /// What was asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// The sockets as bound, by name.
    pub addresses: BTreeMap<Name, SocketAddr>,
    /// Its end; [`postern_net::Drain::run`] begins it.
    pub drain: Drain,
    /// Whether it should get traffic.
    pub readiness: Readiness,
    /// What it counts.
    pub metrics: Metrics,
    tasks: JoinSet<()>,
}

impl Server {
    /// Binds and starts everything that the configuration names.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        folder(&config.process.data)?;
        let mut server = Self {
            addresses: BTreeMap::new(),
            drain: Drain::new(),
            readiness: Readiness::new(),
            metrics: Metrics::new(),
            tasks: JoinSet::new(),
        };
        server.health(&config).await?;
        Ok(server)
    }

    /// Waits until every part has ended, which they do once the drain has stopped.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    async fn health(&mut self, config: &Config) -> Result<(), StartError> {
        let Some(address) = config.listen.address(Name::Health) else { return Ok(()) };
        let failed = |source| StartError::Listen { name: Name::Health, address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        self.addresses.insert(Name::Health, socket.local_addr().map_err(failed)?);
        let health = Health { readiness: self.readiness.clone(), drain: self.drain.clone(), metrics: self.metrics.clone() };
        self.tasks.spawn(async move {
            if let Err(error) = health.serve(socket).await {
                tracing::error!(%error, "health and metrics are gone");
            }
        });
        Ok(())
    }
}

/// Makes the data folder, for its owner alone: it holds keys and mail.
fn folder(path: &Path) -> Result<(), StartError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| StartError::Data { path: path.to_owned(), source })
}
