//! `postern backup FILE`: a copy of everything, made by the running server, consistent in itself.

use std::path::PathBuf;

use clap::Args;

use super::{
    Done,
    remote::{self, Target},
};
use crate::control::Request;

/// Makes a backup.
#[derive(Debug, Args)]
pub struct Backup {
    /// A file that does not exist yet, where the server can write
    to: PathBuf,
    #[command(flatten)]
    target: Target,
}

impl Backup {
    /// Asks and prints. The path is made absolute here, for the server stands elsewhere.
    ///
    /// # Errors
    /// As [`remote::run`].
    pub fn run(self) -> Done {
        let to = std::path::absolute(self.to)?;
        remote::run(self.target, &Request::Backup { to })
    }
}
