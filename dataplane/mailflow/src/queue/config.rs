//! How the sender works, and what it asks the directory.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use postern_core::{DomainName, directory::PoolRecord};
use postern_store::{
    StoreError,
    queue::{Fate, PoolKey},
};

use crate::{
    deliver::remote::{
        mx::MxConfig,
        session::{Demands, SessionConfig},
    },
    schedule::Schedule,
};

/// Settings of the sender role.
#[derive(Clone, Debug)]
pub struct Config {
    /// The host that reports failures, and greets where no pool says otherwise.
    pub hostname: DomainName,
    /// When to try again and when to give up.
    pub schedule: Schedule,
    /// How hosts are found.
    pub mx: MxConfig,
    /// How sessions are held.
    pub session: SessionConfig,
    /// Domains whose mail goes to a fixed place, without DNS.
    pub fixed: HashMap<DomainName, Relay>,
    /// Connections at most.
    pub connections: usize,
    /// Connections to one set of MX hosts at most, where no pool says otherwise.
    pub per_destination: u32,
    /// Messages over one connection at most.
    pub per_connection: u32,
    /// How long a connection is kept for the next message.
    pub idle: Duration,
    /// Slots leased at most.
    pub slots: usize,
    /// Rows of one slot in hand at most.
    pub rows: u32,
    /// Keep the dialogue of what was delivered, too; that of failures always is.
    pub keep_dialogue: bool,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
}

impl Config {
    /// The defaults: 200 connections, 10 to a destination, 100 messages over each, kept for 15 s; 1 000 slots.
    #[must_use]
    pub fn new(hostname: DomainName, session: SessionConfig) -> Self {
        Self {
            hostname,
            schedule: Schedule::default(),
            mx: MxConfig::default(),
            session,
            fixed: HashMap::new(),
            connections: 200,
            per_destination: 10,
            per_connection: 100,
            idle: Duration::from_secs(15),
            slots: 1_000,
            rows: 512,
            keep_dialogue: false,
            observer: Arc::new(()),
        }
    }
}

/// Who counts attempts. It must not wait.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// A recipient was tried, and that came of it.
    fn attempted(&self, fate: &Fate) {
        let _ = fate;
    }
}

/// Nobody counts.
impl Observer for () {}

/// A fixed place for a domain's mail: split mode, a smart host, or a test. Its address may be private.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Host name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// TLS and login.
    pub demands: Demands,
}

impl Relay {
    /// A relay that wants nothing: TLS if it offers it.
    #[must_use]
    pub fn plain(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, demands: Demands::default() }
    }
}

/// What the sender asks the directory.
#[async_trait]
pub trait Routing: Send + Sync {
    /// A pool; `None` when there is no such pool (any more), and mail leaves from the host's own addresses.
    ///
    /// # Errors
    /// When the directory cannot be read now.
    async fn pool(&self, key: &PoolKey) -> Result<Option<Arc<PoolRecord>>, StoreError>;

    /// Where a recipient domain's mail goes instead of its MX: the other server of a split domain, a smart host.
    ///
    /// # Errors
    /// When the directory cannot be read now.
    async fn relay(&self, domain: &DomainName, pool: Option<&PoolKey>) -> Result<Option<Relay>, StoreError>;
}
