//! What the process is told: flags, each with an environment variable, so that a chart sets either.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Args as Flags, Parser, Subcommand, ValueEnum};
use postern_store::db::Location;

use crate::{cluster, seal_key};

/// Connections to the database at most: batches are written one at a time, the rest are look-ups.
const CONNECTIONS: u32 = 6;

/// The operator of Postern.
#[derive(Clone, Debug, Parser)]
#[command(name = "postern-operator", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Watch the cluster's mail resources and keep directory and workloads as they say
    Run(Box<Args>),
    /// Look at or apply the definitions of the resources
    #[command(subcommand)]
    Crds(Crds),
}

/// Verbs about the definitions.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Crds {
    /// Bring the definitions of this version into the cluster, and wait until it serves them
    Apply,
    /// Print them
    Print,
}

/// Flags of `run`.
#[derive(Clone, Debug, Flags)]
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

    /// DNS servers that are asked for tenants' records, `address:port` each; left out, those of the system.
    #[arg(long, env = "POSTERN_NAMESERVERS", value_delimiter = ',')]
    pub nameservers: Vec<SocketAddr>,

    /// Where `/healthz`, `/readyz` and `/metrics` are answered.
    #[arg(long, env = "POSTERN_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// Whether the schema is brought up here. Where a Job does it, the operator waits for that.
    #[arg(long, env = "POSTERN_MIGRATE", default_value_t = true, action = ArgAction::Set)]
    pub migrate: bool,

    /// The image of `postern` for the workloads of a MailCluster. Left out, no workloads are made.
    #[arg(long, env = "POSTERN_IMAGE")]
    pub image: Option<String>,

    /// When the kubelet pulls it.
    #[arg(long, env = "POSTERN_IMAGE_PULL_POLICY", requires = "image")]
    pub image_pull_policy: Option<String>,

    /// Secrets by which it may.
    #[arg(long, env = "POSTERN_IMAGE_PULL_SECRETS", value_delimiter = ',', requires = "image")]
    pub image_pull_secrets: Vec<String>,

    /// The domain of the cluster's own names.
    #[arg(long, env = "POSTERN_CLUSTER_DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,

    /// Where `kubectl postern` is answered; left out, nowhere.
    #[arg(long, env = "POSTERN_LISTEN_ASK")]
    pub listen_ask: Option<SocketAddr>,

    /// What is logged: `info`, `debug`, or a filter such as `postern_operator=debug`.
    #[arg(long, env = "POSTERN_LOG", default_value = "info")]
    pub log: String,

    /// How a line of the log looks.
    #[arg(long, env = "POSTERN_LOG_FORMAT", default_value = "json")]
    pub log_format: LogFormat,
}

impl Args {
    /// What the workloads are made of; `None` where they are somebody else's to make.
    #[must_use]
    pub fn workloads(&self) -> Option<cluster::Options> {
        let image = self.image.as_ref().filter(|image| !image.is_empty())?;
        Some(cluster::Options {
            image: image.clone(),
            pull_policy: self.image_pull_policy.clone(),
            pull_secrets: self.image_pull_secrets.clone(),
            seal_key: cluster::KeyOfSecret { name: self.seal_key_secret.clone(), key: seal_key::DATA_KEY.to_owned() },
            cluster_domain: self.cluster_domain.clone(),
            egress_token: String::new(),
        })
    }
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

    fn run(flags: &str) -> Option<Box<Args>> {
        let words = ["postern-operator", "run"].into_iter().chain(flags.split_whitespace());
        match Cli::try_parse_from(words).ok()?.command {
            Command::Run(args) => Some(args),
            Command::Crds(_) => None,
        }
    }

    #[test]
    fn a_url_is_all_that_must_be_said() {
        let args = run("--database-url postgres://postern@db/postern").unwrap();
        assert!(args.leader_election && args.namespace == "mail-system" && args.cluster == "kubernetes");
        assert_eq!(args.workloads(), None);
        assert!(run("--database-url mysql://x").is_none());
    }

    #[test]
    fn an_image_makes_workloads() {
        let args = run("--database-url postgres://db/x --image postern:1 --image-pull-secrets a,b --seal-key-secret s").unwrap();
        let workloads = args.workloads().unwrap();
        assert_eq!((workloads.image.as_str(), workloads.seal_key.name.as_str()), ("postern:1", "s"));
        assert_eq!(workloads.pull_secrets, ["a", "b"]);
        assert!(Cli::try_parse_from(["postern-operator", "crds", "apply"]).is_ok());
    }
}
