//! `postern restore FILE`: fills an empty database from a backup, of whichever kind of database it was made.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use postern_store::backup;

use super::{Done, options::Options};
use crate::wire;

/// Restores a backup. The server must not run.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    from: PathBuf,
    /// What becomes of mail that waited to be sent when the backup was made
    #[arg(long, value_enum, default_value_t)]
    queue: QueueFate,
    #[command(flatten)]
    options: Options,
}

/// What becomes of the queue.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum QueueFate {
    /// Held until an operator releases it: some of it may have left since the backup
    #[default]
    Hold,
    /// Sent: for a move to another database, where nothing was sent since
    Send,
}

impl Restore {
    /// Restores and says what.
    ///
    /// # Errors
    /// What is wrong with the archive, the database or the configuration.
    pub fn run(self) -> Done {
        let (config, _) = self.options.load()?;
        std::fs::create_dir_all(&config.process.data)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let fate = match self.queue {
            QueueFate::Hold => backup::QueueFate::Hold,
            QueueFate::Send => backup::QueueFate::Send,
        };
        let restored = runtime
            .block_on(async { backup::restore(&self.from, &wire::store_options(&config)?, fate).await.map_err(wire::PartsError::from) })?;
        let rows: u64 = restored.summary.rows.values().sum();
        println!("{rows} rows of {} are back; every client resynchronises (epoch {})", restored.summary.head.taken_at, restored.epoch);
        if !config.process.seal_key.exists() {
            println!("put the seal key of the old server at {} before you start the server", config.process.seal_key.display());
        }
        Ok(())
    }
}
