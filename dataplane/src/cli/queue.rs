//! `postern queue`: what waits to be sent, and what to do about it.

use clap::{Args, Subcommand};

use super::{
    Done,
    remote::{self, Target},
};
use crate::control::{QueueAction, Request};

/// Shows or moves the queue.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Queue {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Args)]
struct List {
    /// Only recipients at this domain
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Rows at most, the oldest first
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Try again now: those named, or all
    Retry {
        /// As listed
        ids: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Keep and do not try
    Hold {
        /// As listed
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Try what was held
    Release {
        /// As listed
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Give up and tell the sender
    Bounce {
        /// As listed
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Give up and tell nobody
    Drop {
        /// As listed
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
}

impl Queue {
    /// Asks and prints.
    ///
    /// # Errors
    /// As [`remote::run`].
    pub fn run(self) -> Done {
        let List { domain, limit, target } = self.list;
        let (action, target) = match self.verb {
            None => (QueueAction::List { domain, limit }, target),
            Some(Verb::Retry { ids, target }) => (QueueAction::Retry { ids }, target),
            Some(Verb::Hold { ids, target }) => (QueueAction::Hold { ids }, target),
            Some(Verb::Release { ids, target }) => (QueueAction::Release { ids }, target),
            Some(Verb::Bounce { ids, target }) => (QueueAction::Bounce { ids }, target),
            Some(Verb::Drop { ids, target }) => (QueueAction::Drop { ids }, target),
        };
        remote::run(target, &Request::Queue { action })
    }
}
