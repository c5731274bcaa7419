//! Logs: one subscriber for the process, on standard error, so that standard output stays for answers.

use std::io;

use tracing_subscriber::{EnvFilter, fmt, util::TryInitError};

use crate::config::{Format, Log};

/// Installs the subscriber of the process.
///
/// # Errors
/// When there is one already. A level that does not parse counts as `info`; the configuration has refused it.
pub fn install(log: &Log) -> Result<(), TryInitError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr);
    match log.format {
        Format::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).finish().try_init(),
        Format::Json => lines.json().flatten_event(true).finish().try_init(),
    }
}
