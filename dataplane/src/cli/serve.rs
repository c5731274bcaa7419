//! `postern serve`: runs until a signal ends it.

use std::{
    env, fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::{Done, options::Options, welcome::Welcome};
use crate::{server::Server, signal::Signals, telemetry};

/// Runs the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    options: Options,
    /// Once it serves, print where to point a client, and then this text: {imaps} and the like in it become addresses
    #[arg(long, value_name = "FILE")]
    welcome: Option<PathBuf>,
}

impl Serve {
    /// Serves until SIGTERM or SIGINT, then drains.
    ///
    /// # Errors
    /// What is wrong with the configuration, or why the server did not start.
    pub fn run(self) -> Done {
        let (config, _) = self.options.load()?;
        let welcome = self.welcome.map(|file| fs::read_to_string(&file).map_err(|error| format!("--welcome {}: {error}", file.display())));
        let welcome = welcome.transpose()?;
        telemetry::install(&config.log)?;
        // A connection is a file; whatever the system lets us have, sessions may use (`limits.connections` is the bound).
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            // Caught before anything is bound, so that an early signal drains too.
            let signals = Signals::new()?;
            let graces = config.drain.graces();
            let data = config.process.data.clone();
            let server = Server::start(config).await?;
            for (name, address) in &server.addresses {
                tracing::info!(listener = %name, %address, "listening");
            }
            if let Some(words) = welcome {
                let program = env::args_os().next().map_or_else(|| PathBuf::from("postern"), PathBuf::from);
                let welcome =
                    Welcome { addresses: &server.addresses, authority: server.authority.as_deref(), program: &program, data: &data };
                // Whoever does not want to read it is served all the same.
                let _ = io::stdout().write_all(welcome.say(&words).as_bytes());
            }
            let cut = signals.drain(&server.drain, graces).await;
            if cut > 0 {
                tracing::warn!(sessions = cut, "cut off at the end of the grace period");
            }
            server.stopped().await;
            tracing::info!("stopped");
            Ok(())
        })
    }
}
