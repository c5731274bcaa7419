//! `postern config check`: what holds and why, or all that is wrong, in the manifests too.

use clap::Subcommand;

use super::{Done, options::Options};
use crate::{config::report, folder::parse};

/// Verbs about the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the configuration as it holds, each line with its origin, or everything that is wrong with it or the manifests
    Check(Options),
}

impl Config {
    /// Does it.
    ///
    /// # Errors
    /// The problems, a line each: place, setting or field, what to write instead.
    pub fn run(self) -> Done {
        let Self::Check(options) = self;
        let (config, settings) = options.load()?;
        print!("{}", report::effective(&config, &settings));
        let problems = config.process.manifests.as_deref().map(parse::check).unwrap_or_default();
        if problems.is_empty() {
            return Ok(());
        }
        Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").into())
    }
}
