//! The standalone operator: a folder of manifests is what the directory shall hold.
//!
//! ```text
//!  watch ─► scan ─► parse ─► project ─► plan ─► passwords ─► apply ─► Applied
//!    ▲ inotify, and a look every few seconds      │                     └─► state ─► get (facts, status, table)
//!    └ a stamp decides whether anything changed   └─► keys: DKIM keys that are missing, made in the background
//! ```
//!
//! What a manifest means is the projection's to say, what a name or a password's change means is the directory's. Here
//! files are read, passwords hashed, keys made and the outcome kept for whoever asks. A broken manifest is a
//! [`Problem`] and stops nothing but itself: rows of objects that cannot be projected stay
//! as they are, and nothing is removed while any part of the folder cannot be read.
//!
//! Several processes may be given one folder. Each takes the fence when it starts and whenever it sees a change, so the
//! last one to see it writes, and all of them write the same.

mod apply;
mod certificates;
mod dns;
mod facts;
mod get;
mod keys;
mod object;
pub mod parse;
mod refused;
pub mod scan;
mod state;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use postern_core::{Address, DomainName, Secret};
use postern_projection::{Options, Problem};
use postern_store::{
    Result, Store,
    directory::{Directory, Epoch, SealKeys, take_lease},
};
use rand::CryptoRng;
use tokio::sync::Notify;

pub use self::apply::Applied;
use self::state::State;

/// What a folder works with.
pub struct Parts {
    /// The folder, or a single file.
    pub path: PathBuf,
    /// The store.
    pub store: Store,
    /// The directory that is written; its cache moves on with each change.
    pub directory: Directory,
    /// The ring that the directory was opened with. Digests of Secrets are keyed with it.
    pub keys: SealKeys,
    /// The host of domains that name none of their own.
    pub host: DomainName,
    /// Salts, generated passwords and keys.
    pub rng: Box<dyn CryptoRng + Send>,
}

/// A password that was made here. It is told this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The box.
    pub address: Address,
    /// Its password.
    pub password: Secret<String>,
}

/// A folder of manifests and what has become of it. Clones share it.
#[derive(Clone)]
pub struct Folder(Arc<Inner>);

struct Inner {
    path: PathBuf,
    store: Store,
    directory: Directory,
    host: DomainName,
    options: Options,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
    state: Mutex<State>,
    /// Held by whoever applies: one at a time.
    epoch: tokio::sync::Mutex<Epoch>,
    /// Told when domains may lack keys.
    keys_wanted: Notify,
}

impl Folder {
    /// Takes the fence. Nothing is read yet.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open(parts: Parts) -> Result<Self> {
        let Parts { path, store, directory, keys, host, rng } = parts;
        let digest_key = keys.fingerprint(&[b"digests of a folder's Secrets, v1"])?;
        let epoch = take_lease(&store.db).await?;
        Ok(Self(Arc::new(Inner {
            path,
            store,
            directory,
            host,
            options: Options::standalone(Secret::new(digest_key)),
            rng: Mutex::new(rng),
            state: Mutex::default(),
            epoch: tokio::sync::Mutex::new(epoch),
            keys_wanted: Notify::new(),
        })))
    }

    /// What is wrong with the folder, as of the last time that it was applied.
    #[must_use]
    pub fn problems(&self) -> Arc<[Problem]> {
        self.0.state().problems.clone()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut seed);
        seed
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("path", &self.0.path).finish_non_exhaustive()
    }
}
