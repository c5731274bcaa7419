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
    sync::Arc,
};

use postern_net::{Drain, Listener, Service, Streams, listener};
use tokio::task::JoinSet;

use crate::{
    config::{Config, Name},
    control::{BindError, Control, ControlSocket},
    health::Health,
    listeners::Listeners,
    metrics::Metrics,
    readiness::Readiness,
    wire::{self, WireError},
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
    /// The command line could not reach us.
    #[error(transparent)]
    Control(#[from] BindError),
    /// The parts do not fit together.
    #[error(transparent)]
    Wire(#[from] Box<WireError>),
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
    /// The certificate of the local authority, for clients to trust, where that made ours.
    pub authority: Option<PathBuf>,
    tasks: JoinSet<()>,
    background: JoinSet<()>,
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
            authority: None,
            tasks: JoinSet::new(),
            background: JoinSet::new(),
        };
        // Health answers from the first moment; before the parts have named their own conditions this one stands for them.
        let started = server.readiness.condition("start", "starting");
        server.health(&config).await?;
        // Large, and done with after the start.
        Box::pin(wire::wire(&config, &mut server)).await.map_err(Box::new)?;
        drop(started);
        Ok(server)
    }

    /// Opens a listener of the configuration, if it is not off and belongs to a role of this process.
    ///
    /// # Errors
    /// [`StartError::Listen`].
    pub fn listen<V: Service>(&mut self, config: &Config, sockets: &Listeners, name: Name, service: Arc<V>) -> Result<(), StartError> {
        if let Some(listener) = self.bind(config, sockets, name)? {
            self.tasks.spawn(listener.serve(service, self.drain.clone()));
        }
        Ok(())
    }

    /// The same for a protocol that takes its connections as they are.
    ///
    /// # Errors
    /// [`StartError::Listen`].
    pub fn listen_streams<V: Streams>(
        &mut self,
        config: &Config,
        sockets: &Listeners,
        name: Name,
        service: Arc<V>,
    ) -> Result<(), StartError> {
        if let Some(listener) = self.bind(config, sockets, name)? {
            self.tasks.spawn(listener.serve_streams(service, self.drain.clone()));
        }
        Ok(())
    }

    fn bind(&mut self, config: &Config, sockets: &Listeners, name: Name) -> Result<Option<Listener>, StartError> {
        let opened = config.listen.opened(|role| config.process.roles.contains(&role)).find(|(opened, _)| *opened == name);
        let Some((name, address)) = opened else { return Ok(None) };
        let failed = |source| StartError::Listen { name, address, source };
        let listener = sockets.bind(name, address).map_err(failed)?.observed_by(self.metrics.listener(name.spec().name));
        self.addresses.insert(name, listener.local_addr().map_err(failed)?);
        Ok(Some(listener))
    }

    /// Lets the command line ask, by the socket in the data folder.
    ///
    /// # Errors
    /// [`StartError::Control`].
    pub fn control(&mut self, config: &Config, control: Arc<dyn Control>) -> Result<(), StartError> {
        let socket = ControlSocket::bind(&config.process.control_socket())?;
        self.tasks.spawn(socket.serve(control, self.drain.clone()));
        Ok(())
    }

    /// Adds a part that ends by itself once the drain has stopped.
    pub fn spawn(&mut self, part: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(part);
    }

    /// Adds a part that has no end of its own and is dropped with the server.
    pub fn background(&mut self, part: impl Future<Output = ()> + Send + 'static) {
        self.background.spawn(part);
    }

    /// Waits until every part has ended, which they do once the drain has stopped.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    async fn health(&mut self, config: &Config) -> Result<(), StartError> {
        let Some(address) = config.listen.address(Name::Health) else { return Ok(()) };
        let failed = |source| StartError::Listen { name: Name::Health, address, source };
        let socket = listener::listen(address).map_err(failed)?;
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
