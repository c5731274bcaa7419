//! `postern index ADDRESS`: the text index of a box, brought up or made again by the running server.

use clap::Args;

use super::{
    Done,
    remote::{self, Target},
};
use crate::control::Request;

/// Brings the text index of a box up to its newest message.
#[derive(Debug, Args)]
pub struct Index {
    /// The box, by any of its addresses
    address: String,
    /// Forget what there is first, and make it all again
    #[arg(long)]
    anew: bool,
    #[command(flatten)]
    target: Target,
}

impl Index {
    /// Asks and prints.
    ///
    /// # Errors
    /// As [`remote::run`].
    pub fn run(self) -> Done {
        let Self { address, anew, target } = self;
        remote::run(target, &Request::Index { address, anew })
    }
}
