//! `postern serve`: runs until a signal ends it.

use clap::Args;

use super::{Done, options::Options};
use crate::{server::Server, signal::Signals, telemetry};

/// Runs the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    options: Options,
}

impl Serve {
    /// Serves until SIGTERM or SIGINT, then drains.
    ///
    /// # Errors
    /// What is wrong with the configuration, or why the server did not start.
    pub fn run(self) -> Done {
        let (config, _) = self.options.load()?;
        telemetry::install(&config.log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            // Caught before anything is bound, so that an early signal drains too.
            let signals = Signals::new()?;
            let graces = config.drain.graces();
            let server = Server::start(config).await?;
            for (name, address) in &server.addresses {
                tracing::info!(listener = %name, %address, "listening");
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
