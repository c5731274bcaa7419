//! `postern config check`: what holds and why, or all that is wrong.

use clap::Subcommand;

use super::{Done, options::Options};
use crate::config::report;

/// Verbs about the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the configuration as it holds, each line with its origin, or everything that is wrong with it
    Check(Options),
}

impl Config {
    /// Does it.
    ///
    /// # Errors
    /// The problems, a line each: place, setting, what to write instead.
    pub fn run(self) -> Done {
        let Self::Check(options) = self;
        let (config, settings) = options.load()?;
        print!("{}", report::effective(&config, &settings));
        Ok(())
    }
}
