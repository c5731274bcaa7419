//! `postern migrate`: brings the schema up to this version, for processes that may not (`store.migrate = false`).
//!
//! Safe beside servers of the version before: every migration leaves them what they need (`store/migrations/README.md`).

use clap::Args;
use postern_store::{db::Db, migrations};

use super::{Done, options::Options};
use crate::wire;

/// Migrates. Whoever runs it needs the right to change tables.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    options: Options,
}

impl Migrate {
    /// Waits for the database as long as the configuration says, migrates, and says where the schema is.
    ///
    /// # Errors
    /// What is wrong with the configuration or the database; a schema that is newer than this version and still serves it is none.
    pub fn run(self) -> Done {
        let (config, _) = self.options.load()?;
        let options = wire::store_options(&config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let at = runtime.block_on(async {
            let db = Db::open(&options.location, options.wait).await?;
            let at = migrations::migrate(&db).await;
            db.close().await;
            at
        })?;
        println!("the schema is {at}; this version needs {}", migrations::newest());
        Ok(())
    }
}
