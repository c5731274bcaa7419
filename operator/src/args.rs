//! What the process is told: flags, each with an environment variable, so that a chart sets either.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Parser, ValueEnum};
use postern_store::db::Location;

/// Connections to the database at most: batches are written one at a time, the rest are look-ups.
const CONNECTIONS: u32 = 6;

/// Watches the cluster's mail resources and keeps directory and workloads as they say.
#[derive(Clone, Debug, Parser)]
#[command(name = "postern-operator", version)]
pub struct Args {
    /// The directory's database: `postgres://user@host/name`, or `folder:/path` for SQLite on one machine.
    #[arg(long, env = "POSTERN_DATABASE_URL", hide_env_values = true, value_parser = location)]
    pub database_url: Location,

    /// The ring of seal keys as a file. Left out, the operator reads the Secret, and makes it once.
    #[arg(long, env = "POSTERN_SEAL_KEY_FILE")]
    pub seal_key_file: Option<PathBuf>,

    /// Name of the Secret in the operator's namespace whose key `seal.key` holds the ring.
    #[arg(long, env = "POSTERN_SEAL_KEY_SECRET", default_value = "postern-seal-key")]
    pub seal_key_secret: String,

    /// The operator's own namespace: its lease, its Secrets, its MailCluster.
    #[arg(long, env = "POSTERN_NAMESPACE", default_value = "mail-system")]
    pub namespace: String,

    /// What this replica is called in the lease and in Events.
    #[arg(long, env = "POD_NAME", default_value = "postern-operator")]
    pub identity: String,

    /// First part of every row's key. A new cluster with the same name and the same manifests takes over the rows of the old one.
    #[arg(long, env = "POSTERN_CLUSTER", default_value = "kubernetes")]
    pub cluster: String,

    /// Whether replicas elect a leader. Without, this one leads at once and turns all others away.
    #[arg(long, env = "POSTERN_LEADER_ELECTION", default_value_t = true, action = ArgAction::Set)]
    pub leader_election: bool,

    /// Where `/healthz`, `/readyz` and `/metrics` are answered.
    #[arg(long, env = "POSTERN_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// What is logged: `info`, `debug`, or a filter such as `postern_operator=debug`.
    #[arg(long, env = "POSTERN_LOG", default_value = "info")]
    pub log: String,

    /// How a line of the log looks.
    #[arg(long, env = "POSTERN_LOG_FORMAT", default_value = "json")]
    pub log_format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn location(text: &str) -> Result<Location, String> {
    match text.split_once(':') {
        Some(("folder", path)) if !path.is_empty() => Ok(Location::Folder(path.into())),
        Some(("postgres" | "postgresql", _)) => Ok(Location::Postgres { url: text.to_owned(), connections: CONNECTIONS }),
        _ => Err("write postgres://user@host/name, or folder:/path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_all_that_must_be_said() {
        let args = Args::try_parse_from(["postern-operator", "--database-url", "postgres://postern@db/postern"]).unwrap();
        assert!(args.leader_election && args.namespace == "mail-system" && args.cluster == "kubernetes");
        assert!(Args::try_parse_from(["postern-operator", "--database-url", "mysql://x"]).is_err());
    }
}
