//! The command line. Each verb is a file of [`crate::cli`]; here they are only listed.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::{config, serve};

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
