//! `postern get domains`: what the directory holds, as columns or whole.

use clap::Args;

use super::{
    Done,
    remote::{self, Target},
};
use crate::control::{Output, Request};

/// Shows resources.
#[derive(Debug, Args)]
pub struct Get {
    /// domains, mailboxes, aliases, ippools, brandings or mailclusters, the singular will do; problems lists broken manifests
    kind: String,
    /// One of them, by name
    name: Option<String>,
    /// Only this tenant's
    #[arg(short, long, value_name = "TENANT")]
    namespace: Option<String>,
    /// All tenants', as without -n
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// The shape of the answer
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    target: Target,
}

impl Get {
    /// Asks and prints.
    ///
    /// # Errors
    /// As [`remote::run`].
    pub fn run(self) -> Done {
        let Self { kind, name, namespace, output, target, .. } = self;
        remote::run(target, &Request::Get { kind, name, namespace, output })
    }
}
