//! The command line. Each verb is a file of [`crate::cli`]; here they are only listed.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::{backup, config, egress, get, index, migrate, queue, restore, serve, trace};

/// A mail server: SMTP, submission, IMAP and the queue, from one binary.
#[derive(Debug, Parser)]
#[command(name = "postern", version)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server, or some of its roles
    Serve(serve::Serve),
    /// Let senders of other machines leave from this one's addresses
    Egress(egress::Egress),
    /// Show domains, mailboxes and other resources of a running server
    Get(get::Get),
    /// Show what became of a message
    Trace(trace::Trace),
    /// Show what waits to be sent, retry it, or give it up
    Queue(queue::Queue),
    /// Bring the text index of a box up to its newest message, or make it again
    Index(index::Index),
    /// Have a running server write a copy of everything
    Backup(backup::Backup),
    /// Bring the schema of the database up to this version
    Migrate(migrate::Migrate),
    /// Fill an empty database from a backup
    Restore(restore::Restore),
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::Config),
}

impl Args {
    /// Does what was asked; what went wrong is said on standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Egress(egress) => egress.run(),
            Command::Get(get) => get.run(),
            Command::Trace(trace) => trace.run(),
            Command::Queue(queue) => queue.run(),
            Command::Index(index) => index.run(),
            Command::Backup(backup) => backup.run(),
            Command::Migrate(migrate) => migrate.run(),
            Command::Restore(restore) => restore.run(),
            Command::Config(config) => config.run(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Args::command().debug_assert();
        for good in
            ["postern queue --domain example.com", "postern queue retry 7 9", "postern serve --listen mx=off --listen imap=[::1]:143"]
        {
            assert!(Args::try_parse_from(good.split(' ')).is_ok(), "{good}");
        }
        for bad in ["postern", "postern queue drop", "postern serve --listen mx", "postern get", "postern queue --domain x retry"] {
            assert!(Args::try_parse_from(bad.split(' ')).is_err(), "{bad}");
        }
    }
}
