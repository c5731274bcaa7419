//! What all roles stand on: store, directory, trail, logins, names.

use std::sync::Arc;

use postern_access::{Authenticator, authenticate, throttle};
use postern_core::{Secret, SystemClock};
use postern_net::resolver::Resolver;
use postern_store::{
    Options, Schema, Store, StoreError,
    blob::{Backend, FolderBackend},
    db::Location,
    directory::{Directory, LastLogins, SealKeys},
    trail::{self, Trail, TrailLimits},
};
use rand::Rng;

use super::{
    accounts::DirectoryAccounts,
    logins::Logins,
    secrets::{Secrets, SecretsError, chance},
};
use crate::{
    config::Config,
    metrics::Metrics,
    names::{self, NamesError},
};

/// Why the parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// The database, or the place of bodies.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret of the installation.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// DNS.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// Issuers of tokens.
    #[error("issuers of tokens: {0}")]
    Issuers(std::io::Error),
    /// Logins.
    #[error("logins: {0}")]
    Logins(#[from] postern_access::PasswordError),
}

/// The parts of a process.
pub struct Parts {
    /// Boxes, queue, bodies.
    pub store: Store,
    /// Who and what is served.
    pub directory: Directory,
    /// What strangers did.
    pub trail: Trail,
    /// Who may log in.
    pub authenticator: Arc<Authenticator>,
    /// When boxes were last logged in to.
    pub last_logins: LastLogins,
    /// DNS.
    pub resolver: Arc<dyn Resolver>,
    /// Random, new for each process.
    pub seed: Secret<[u8; 32]>,
    /// Seals what rests sealed.
    pub seal: SealKeys,
}

impl Parts {
    /// Opens them all; waits for PostgreSQL as long as the configuration says.
    ///
    /// # Errors
    /// [`PartsError`].
    pub async fn open(config: &Config, metrics: &Metrics) -> Result<Self, PartsError> {
        let secrets = Secrets::open(&config.process.seal_key)?;
        let store = Store::open(Options { observer: Arc::new(metrics.clone()), ..store_options(config)? }).await?;
        // One process: whatever is leased was leased by a process that is gone.
        if config.process.database.is_none() {
            store.queue.forget_leases().await?;
        }
        match trail::retention::ensure_partitions(&store.db, store.now()).await {
            // Conflict: another process is at it.
            Ok(_) | Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let directory = Directory::open(store.db.clone(), store.clock.clone(), store.ids.clone(), secrets.seal.clone()).await?;
        let trail = Trail::new(store.db.clone(), store.ids.clone(), store.clock.clone(), TrailLimits::default());
        let mut seed = [0; 32];
        chance()?.fill_bytes(&mut seed);
        let seed = Secret::new(seed);
        let accounts = Arc::new(DirectoryAccounts(directory.clone()));
        let authenticator = Authenticator::new(accounts, logins(config), &seed, secrets.decoys, store.clock.clone())?;
        let last_logins = LastLogins::default();
        let authenticator = authenticator.observed_by(Arc::new(Logins { metrics: metrics.clone(), last: last_logins.clone() }));
        let authenticator = match super::issuers::issuers(&config.oidc, store.clock.clone()).map_err(PartsError::Issuers)? {
            Some(issuers) => authenticator.trusting(issuers),
            None => authenticator,
        };
        let resolver = names::resolver(&config.outbound)?;
        Ok(Self { store, directory, trail, authenticator: Arc::new(authenticator), last_logins, resolver, seed, seal: secrets.seal })
    }
}

/// How the configuration wants the store opened.
///
/// # Errors
/// [`PartsError`] when the place of bodies cannot be used.
pub fn store_options(config: &Config) -> Result<Options, PartsError> {
    let clock = Arc::new(SystemClock);
    let data = &config.process.data;
    let mut options = match &config.process.database {
        Some(url) => Options::postgres(url.expose(), clock),
        None => Options::folder(data, clock),
    };
    if let Location::Postgres { connections, .. } = &mut options.location {
        *connections = config.store.connections;
    }
    options.wait = config.store.wait;
    options.inline_max = usize::try_from(config.store.inline_max.0).unwrap_or(usize::MAX);
    options.roles = config.process.roles.iter().copied().collect();
    options.schema = if config.store.migrate { Schema::Migrate } else { Schema::Await };
    options.host = config.process.instance.clone();
    options.backend = match &config.store.s3 {
        Some(s3) => Some(super::bucket::open(s3)?),
        // Several processes on one database share no folder: there everything lies in the database.
        None if config.process.database.is_some() => None,
        None => Some(Arc::new(FolderBackend::new(data.join("bodies"))?) as Arc<dyn Backend>),
    };
    Ok(options)
}

fn logins(config: &Config) -> authenticate::Settings {
    let defaults = authenticate::Settings::default();
    let account = throttle::Policy { free: config.auth.failures, forget: config.auth.failure_window, ..defaults.throttle.account };
    authenticate::Settings { remember: config.auth.verified_ttl, throttle: throttle::Settings { account, ..defaults.throttle }, ..defaults }
}
