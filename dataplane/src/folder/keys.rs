//! DKIM keys that domains shall have and lack. RSA takes its time, so they are made behind everything else; until one is
//! there the domain's mail leaves unsigned, and its condition `DKIMReady` says so.

use std::time::Duration;

use postern_core::{
    DomainName,
    directory::{DkimAlgorithm, DomainRecord},
};
use postern_mailflow::dkim;
use postern_store::{
    Result, StoreError,
    directory::{DkimState, Scope},
};
use rand::{SeedableRng, rngs::StdRng};

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
        let directory = &self.0.directory;
        let served = directory.domain(&record.name).await?;
        if served.is_none_or(|entry| entry.record.tenant != record.tenant || entry.record.name != record.name) {
            return Ok(0);
        }
        let there = directory.dkim_keys(&record.name).await?;
        let lacks = |algorithm: &DkimAlgorithm| !there.iter().any(|k| k.algorithm == *algorithm && k.state != DkimState::Retired);
        let mut missing: Vec<DkimAlgorithm> = record.dkim.algorithms.iter().copied().filter(lacks).collect();
        // The quick ones first: the domain signs that much sooner.
        missing.sort_by_key(|algorithm| *algorithm != DkimAlgorithm::Ed25519);
        missing.dedup();
        for algorithm in &missing {
            self.make(&record.tenant, &record.name, *algorithm).await?;
        }
        Ok(missing.len())
    }

    /// The first key of a kind signs at once: a signature without its record is as good as none, and never worse.
    async fn make(&self, tenant: &str, domain: &DomainName, algorithm: DkimAlgorithm) -> Result<()> {
        let (seed, now) = (self.0.seed(), self.0.store.now());
        let selector = dkim::selector(algorithm, now);
        let making = tokio::task::spawn_blocking(move || dkim::generate(algorithm, selector, &mut StdRng::from_seed(seed)));
        let made = making.await.map_err(StoreError::unavailable)?.map_err(|e| StoreError::Refused(e.to_string()))?;
        let key = self.0.directory.ensure_dkim(tenant, domain, algorithm, DkimState::Active, now, || Ok(made)).await?;
        tracing::info!(%domain, ?algorithm, selector = key.selector, "a DKIM key was made; its record stands in `postern get domains -o yaml`");
        Ok(())
    }
}
