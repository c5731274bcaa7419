//! The directory as the sender sees it: pools, relays of split domains, and who is at home here.

use std::sync::Arc;

use async_trait::async_trait;
use postern_core::{
    Address, DomainName,
    directory::{DomainMode, PoolRecord},
};
use postern_mailflow::{
    bounce::{LocalAddresses, Whose},
    queue::{Relay, Routing},
    route::{self, Door, Hop, Route},
};
use postern_store::{StoreError, directory::Directory, queue::PoolKey};

/// Port of a relay that names none.
const SMTP: u16 = 25;

/// What the sender asks.
#[derive(Clone, Debug)]
pub struct DirectoryRouting {
    /// The directory.
    pub directory: Directory,
    /// How far aliases lead, the same as on the way in.
    pub limits: route::Limits,
    /// Our own door for strangers: this process's as a client of the same machine reaches it, or another's.
    pub home: Option<Relay>,
}

#[async_trait]
impl Routing for DirectoryRouting {
    async fn pool(&self, key: &PoolKey) -> Result<Option<Arc<PoolRecord>>, StoreError> {
        let pools = self.directory.pools().await?;
        Ok(pools.iter().find(|pool| pool.tenant == key.tenant && pool.name == key.name).cloned())
    }

    async fn relay(&self, domain: &DomainName, _: Option<&PoolKey>) -> Result<Option<Relay>, StoreError> {
        let Some(entry) = self.directory.domain(domain).await? else { return Ok(None) };
        let (DomainMode::Split, Some(to)) = (entry.record.mode, &entry.record.split_to) else {
            // At home: a member of a group who had no room. Our own door says so, or takes it now. Never the domain's MX,
            // which may still be another's while a domain moves here.
            return Ok(self.home.clone());
        };
        let (host, port) = match to.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => (host.trim_matches(['[', ']']), port),
            _ => (to.as_str(), SMTP),
        };
        Ok(Some(Relay::plain(host, port)))
    }
}

#[async_trait]
impl LocalAddresses for DirectoryRouting {
    async fn find(&self, sender: &Address) -> Result<Whose, StoreError> {
        Ok(match route::route(&self.directory, &self.limits, Door::Exchanger, sender).await? {
            Route::To(hops) => match &hops[..] {
                // Of several boxes behind one address the first: a notice is not worth a copy for each.
                [Hop::Box(entry), ..] => Whose::Box(entry.id),
                _ => Whose::Elsewhere,
            },
            Route::Discard => Whose::Nobody,
            Route::Refuse(_) if self.directory.domain(sender.domain()).await?.is_some() => Whose::Nobody,
            Route::Refuse(_) => Whose::Elsewhere,
        })
    }
}
