//! `postern trace <message-id|address>`: what became of a message, step by step.

use clap::Args;

use super::{
    Done,
    remote::{self, Target},
};
use crate::control::Request;

/// Shows the timeline of a message.
#[derive(Debug, Args)]
pub struct Trace {
    /// A Message-ID, the trace id that a reply named, or an address
    of: String,
    /// Show the SMTP dialogue too
    #[arg(long)]
    dialogue: bool,
    /// Messages at most, the newest first
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    target: Target,
}

impl Trace {
    /// Asks and prints.
    ///
    /// # Errors
    /// As [`remote::run`].
    pub fn run(self) -> Done {
        let Self { of, dialogue, limit, target } = self;
        remote::run(target, &Request::Trace { of, dialogue, limit })
    }
}
