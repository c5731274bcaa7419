//! The command line.

use clap::{Args as Flags, Parser, Subcommand, ValueEnum};

/// Ask Postern.
#[derive(Debug, Parser)]
#[command(name = "kubectl-postern", bin_name = "kubectl postern", version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// The namespace; that of the kubeconfig unless said
    #[arg(short, long, global = true)]
    pub namespace: Option<String>,
    /// All namespaces: for whoever may read them, or may have a token of the operator's
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// The context of the kubeconfig
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// The shape of the answer
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Output,
    /// Where the operator is, as namespace/Service
    #[arg(long, global = true, env = "POSTERN_OPERATOR", default_value = "mail-system/postern-operator", value_parser = place)]
    pub operator: (String, String),
    /// The ServiceAccount whose token proves the namespace; it needs no rights
    #[arg(long, global = true, default_value = "default")]
    pub service_account: String,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// One screen: installations, their pods, and domains that need somebody
    Status,
    /// The DNS records of a domain: what should be, what is, and what to do
    Dns {
        /// The domain, or the name of its resource
        domain: String,
        /// Print the records as lines of a zone file
        #[arg(long)]
        zone: bool,
    },
    /// What became of a message, step by step
    Trace(Trace),
    /// What waits to be sent
    Queue {
        /// Only recipients at this domain
        #[arg(long)]
        domain: Option<String>,
        /// Rows at most, the oldest first
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Send a message to a box by the way that mail from outside takes, and follow it
    SendTest {
        /// An address of the namespace
        to: String,
    },
}

/// Which messages.
#[derive(Debug, Flags)]
pub struct Trace {
    /// A Message-ID, the trace id that a reply named, an address or an IP address
    pub of: String,
    /// Show the SMTP dialogue too
    #[arg(long)]
    pub dialogue: bool,
    /// Messages at most, the newest
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
}

/// The shape of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Where to ask, and as whom.
#[derive(Debug)]
pub struct Desk {
    /// Namespace of the operator.
    pub namespace: String,
    /// Its Service.
    pub service: String,
    /// Namespace that is asked about; the operator's own for all.
    pub about: String,
    /// The ServiceAccount whose token says so.
    pub account: String,
}

impl Args {
    /// The namespace to read; `None` for all.
    pub fn scope(&self, namespace: &str) -> Option<String> {
        (!self.all_namespaces).then(|| namespace.to_owned())
    }

    /// Where to ask, and as whom.
    pub fn desk(&self, namespace: &str) -> Desk {
        let (own, service) = self.operator.clone();
        let about = if self.all_namespaces { own.clone() } else { namespace.to_owned() };
        Desk { namespace: own, service, about, account: self.service_account.clone() }
    }
}

fn place(text: &str) -> Result<(String, String), String> {
    let (namespace, service) = text.split_once('/').ok_or("write namespace/service, as mail-system/postern-operator")?;
    Ok((namespace.to_owned(), service.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Args::command().debug_assert();
        let all = Args::try_parse_from(["kubectl-postern", "queue", "-A", "--operator", "mail/op"]).unwrap();
        assert_eq!((all.scope("acme"), all.desk("acme").about), (None, "mail".to_owned()));
        let one = Args::try_parse_from(["kubectl-postern", "trace", "a@example.org"]).unwrap();
        assert_eq!((one.scope("acme").as_deref(), one.desk("acme").about.as_str()), (Some("acme"), "acme"));
        assert!(Args::try_parse_from(["kubectl-postern", "queue", "-A", "-n", "acme"]).is_err());
    }
}
