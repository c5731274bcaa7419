//! The top of the configuration: who this process is and where its things are.

use std::{collections::BTreeSet, path::PathBuf};

use postern_core::{DomainName, role::Role};

use super::{database::DatabaseUrl, reader::Reader, value::Value};

/// Settings without a section.
#[derive(Clone, Debug)]
pub struct Process {
    /// The name said in greetings and Received fields; a valid domain name.
    pub hostname: String,
    /// What this process is called among those that share a database: in a cluster its pod's name.
    pub instance: String,
    /// The folder for all that this process keeps: the embedded database, bodies, the local CA, the control socket.
    pub data: PathBuf,
    /// PostgreSQL, instead of the embedded database in `data`.
    pub database: Option<DatabaseUrl>,
    /// The folder of manifests to project; without it the directory is somebody else's to fill.
    pub manifests: Option<PathBuf>,
    /// The key that seals what rests sealed; made when it is not there. Processes of one database share it, and a backup is of no use without it.
    pub seal_key: PathBuf,
    /// What this process does; never empty.
    pub roles: BTreeSet<Role>,
}

impl Process {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut top = from.section("");
        let data = top.value("data", PathBuf::from(".postern"));
        let hostname = top.value("hostname", "localhost".to_owned());
        let process = Self {
            instance: top.value("instance", hostname.clone()),
            hostname,
            seal_key: top.optional("seal_key").unwrap_or_else(|| data.join("seal.key")),
            data,
            database: top.optional("database"),
            manifests: top.optional("manifests"),
            roles: roles(&top.list("roles", vec![Roles::All])),
        };
        if let Err(error) = DomainName::parse(&process.hostname) {
            top.refuse("hostname", error.to_string());
        }
        if process.roles.is_empty() {
            top.refuse("roles", "name at least one role, or all");
        }
        process
    }

    /// The socket that the command line speaks to.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }
}

/// An item of the list of roles.
#[derive(Clone, Copy)]
enum Roles {
    All,
    One(Role),
}

impl Value for Roles {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "all" { Ok(Self::All) } else { <Role as Value>::parse(text).map(Self::One).map_err(|e| format!("{e}; or all")) }
    }
    fn literal(&self) -> String {
        match self {
            Self::All => super::value::quoted("all"),
            Self::One(role) => role.literal(),
        }
    }
}

fn roles(items: &[Roles]) -> BTreeSet<Role> {
    let each = items.iter().flat_map(|item| match item {
        Roles::All => Role::ALL.to_vec(),
        Roles::One(role) => vec![*role],
    });
    each.collect()
}
