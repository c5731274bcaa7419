//! Asks a running server and prints what it says: all that verbs about a server have in common.

use std::io::{self, Write};

use clap::Args;

use super::{Done, options::Options};
use crate::control::{Request, Response, ask};

/// Which server.
#[derive(Clone, Debug, Default, Args)]
pub struct Target {
    /// The data folder of the server [default: .postern]
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
    /// The server's configuration file, when it names the data folder
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

/// Asks and prints.
///
/// # Errors
/// When nobody answers, or the answer is a refusal; its text says what would be right.
pub fn run(target: Target, request: &Request) -> Done {
    let options = Options { data: target.data, config: target.config, ..Options::default() };
    let (config, _) = options.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let response = runtime.block_on(ask(&config.process.control_socket(), request))?;
    let text = match response {
        Response::Table { table } if table.rows.is_empty() => "Nothing found.\n".to_owned(),
        Response::Table { table } => table.to_string(),
        Response::Text { text } => text,
        Response::Refused { message } => return Err(message.into()),
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // `postern queue | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
