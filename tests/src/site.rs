//! What outlives a process: its data folder, its database, its manifests, its settings.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{TestDatabase, manifests::Manifests, temp::TempFolder};

/// Everything that `postern serve` is started on, again and again. Clones share the folders, which stay as long as any
/// of them, or a server started on one.
#[derive(Clone, Debug)]
pub struct Site {
    /// The database.
    pub database: Arc<TestDatabase>,
    /// The folder of manifests.
    pub manifests: Arc<Manifests>,
    data: Arc<TempFolder>,
    settings: Vec<(String, String)>,
}

impl Site {
    /// A site with nothing stored yet.
    #[must_use]
    pub fn new(database: TestDatabase, manifests: Manifests) -> Self {
        let (database, manifests, data) = (Arc::new(database), Arc::new(manifests), Arc::new(TempFolder::new()));
        let site = Self { database, manifests, data, settings: Vec::new() };
        // Processes on one database share what its secrets are sealed with.
        let key = site.scratch().join("seal.key").to_string_lossy().into_owned();
        // A test does not wait for load balancers.
        site.with("seal_key", key).with("drain.not_ready", "0").with("drain.grace", "10s")
    }

    /// With a setting by its dotted name; a later one of the same name wins.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Changes a setting for processes that are started from now on.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.settings.push((name.to_owned(), value.into()));
    }

    /// The data folder of the process of a name; processes that share a database differ in it.
    #[must_use]
    pub fn data(&self, process: &str) -> PathBuf {
        match &*self.database {
            TestDatabase::Folder(folder) => folder.path().join(process),
            TestDatabase::Postgres(_) => self.data.path().join(process),
        }
    }

    /// A place for files of the test's own.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.data.path()
    }

    /// The URL, on PostgreSQL.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &*self.database {
            TestDatabase::Folder(_) => None,
            TestDatabase::Postgres(url) => Some(url),
        }
    }

    /// The settings as variables of the environment.
    pub fn environment(&self) -> impl Iterator<Item = (String, &str)> {
        let variable = |name: &str| format!("POSTERN_{}", name.replace('.', "_").to_ascii_uppercase());
        self.settings.iter().map(move |(name, value)| (variable(name), value.as_str()))
    }
}
