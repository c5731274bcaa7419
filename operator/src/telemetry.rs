//! Logs: one subscriber for the process, on standard error. Values of Secrets never reach it.

use std::io;

use tracing_subscriber::{
    EnvFilter, fmt,
    util::{SubscriberInitExt, TryInitError},
};

use crate::args::LogFormat;

/// Installs the subscriber of the process. A filter that does not parse counts as `info`.
///
/// # Errors
/// When there is one already.
pub fn install(filter: &str, format: LogFormat) -> Result<(), TryInitError> {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }
}
