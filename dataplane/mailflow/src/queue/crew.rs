//! What all couriers share: settings, the ways out of this process, and the way to a destination.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use postern_core::{
    DomainName, EnhancedCode, Outcome,
    directory::{PoolRecord, Throttle},
};
use postern_net::{Answer, Drain, Resolver};
use postern_store::{
    Store, StoreError,
    queue::{PoolKey, Settler},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::Semaphore;

use super::{
    Bodies, Config, Relay, Routing,
    lane::Lane,
    rollup::{Rollup, Rollups},
};
use crate::{
    bounce::Notices,
    deliver::remote::{
        mx::{self, Host},
        session::Demands,
    },
};

/// Shared by all couriers of a sender.
pub(super) struct Crew {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) routing: Arc<dyn Routing>,
    pub(super) settler: Settler,
    pub(super) notices: Notices,
    pub(super) bodies: Bodies,
    pub(super) rollups: Rollups,
    pub(super) connections: Semaphore,
    pub(super) drain: Drain,
    pub(super) chance: Mutex<StdRng>,
}

/// The way to a destination.
pub(super) struct Route {
    pub(super) hosts: Vec<Host>,
    pub(super) demands: Demands,
    pub(super) rollup: Arc<Rollup>,
}

/// Why there is none.
pub(super) enum NoRoute {
    /// For the sender to hear.
    Outcome(Outcome),
    /// For us to mend.
    Store(StoreError),
}

impl Crew {
    /// Dice of one's own.
    pub(super) fn dice(&self) -> StdRng {
        StdRng::seed_from_u64(self.roll())
    }

    /// One throw.
    pub(super) fn roll(&self) -> u64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }

    /// The pool of a slot; `None` is the host's own addresses.
    pub(super) async fn pool(&self, key: Option<&PoolKey>) -> Result<Option<Arc<PoolRecord>>, StoreError> {
        match key {
            Some(key) => self.routing.pool(key).await,
            None => Ok(None),
        }
    }

    /// The limits of a pool, or our own.
    pub(super) fn throttle(&self, pool: Option<&PoolRecord>) -> Throttle {
        pool.map_or(Throttle { connections: self.config.per_destination, messages_per_minute: None }, |pool| pool.throttle)
    }

    /// Where a lane's mail goes now.
    pub(super) async fn route(&self, lane: &Lane) -> Result<Route, NoRoute> {
        let relay = match self.config.fixed.get(&lane.domain) {
            Some(relay) => Some(relay.clone()),
            None => self.routing.relay(&lane.domain, lane.pool.as_ref()).await.map_err(NoRoute::Store)?,
        };
        let pool = self.pool(lane.pool.as_ref()).await.map_err(NoRoute::Store)?;
        let (hosts, demands) = match relay {
            Some(relay) => (vec![self.relay_host(&relay).await.map_err(NoRoute::Outcome)?], relay.demands),
            None => {
                let mut dice = self.dice();
                let hosts = mx::resolve(&lane.domain, &*self.resolver, &self.config.mx, &mut dice).await.map_err(NoRoute::Outcome)?;
                (hosts, Demands::default())
            }
        };
        let mut names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        names.sort_unstable();
        let name = format!("{} {}", lane.pool.as_ref().map(ToString::to_string).unwrap_or_default(), names.join(" "));
        let rollup = self.rollups.of(&name, self.throttle(pool.as_deref()));
        Ok(Route { hosts, demands, rollup })
    }

    /// A relay is the administrator's word: its address may be private.
    async fn relay_host(&self, relay: &Relay) -> Result<Host, Outcome> {
        let unreachable = |cause: String| {
            Outcome::temporary(451, EnhancedCode::DIRECTORY, format!("The relay {} has no address", relay.host)).because(cause)
        };
        let name = || relay.host.clone();
        if let Ok(ip) = relay.host.parse::<IpAddr>() {
            return Ok(Host { name: name(), addresses: vec![SocketAddr::new(ip, relay.port)] });
        }
        let domain = DomainName::parse(&relay.host).map_err(|error| unreachable(error.to_string()))?;
        match self.resolver.ip(&domain).await {
            Answer::Found { records, .. } => {
                Ok(Host { name: name(), addresses: records.into_iter().map(|ip| SocketAddr::new(ip, relay.port)).collect() })
            }
            Answer::Temporary(cause) => Err(unreachable(cause)),
            Answer::NoRecords | Answer::NxDomain => Err(unreachable("no such name in DNS".to_owned())),
        }
    }
}
