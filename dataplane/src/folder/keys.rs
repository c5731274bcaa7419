//! DKIM keys that the folder's domains lack, made behind everything else.

use std::time::Duration;

use postern_apply::keys;
use postern_core::directory::DomainRecord;
use postern_store::{Result, directory::Scope};

use super::Folder;

/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);
/// Records read at a time.
const PAGE: u32 = 500;

impl Folder {
    /// Makes every key that a domain of the directory lacks; returns how many.
    ///
    /// # Errors
    /// As the database says. Keys that were made by then are kept.
    pub async fn ensure_keys(&self) -> Result<usize> {
        let directory = &self.0.directory;
        let (mut made, mut after) = (0, None::<String>);
        loop {
            let page = directory.list::<DomainRecord>(Scope::All, after.as_deref(), PAGE).await?;
            for listed in page.iter().filter(|listed| listed.gone_until.is_none()) {
                made += self.ensure_keys_of(&listed.record).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.owner.clone()),
                _ => return Ok(made),
            }
        }
    }

    /// Waits until keys may be missing and makes them, for ever.
    pub(super) async fn keep_keys(&self) {
        loop {
            self.0.keys_wanted.notified().await;
            while let Err(error) = self.ensure_keys().await {
                tracing::warn!(%error, "DKIM keys could not be made; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn ensure_keys_of(&self, record: &DomainRecord) -> Result<usize> {
        let missing = keys::missing(&self.0.directory, &record.tenant, &record.name, &record.dkim.algorithms).await?;
        for algorithm in &missing {
            keys::make(&self.0.directory, &record.tenant, &record.name, *algorithm, self.0.seed(), self.0.store.now()).await?;
        }
        Ok(missing.len())
    }
}
