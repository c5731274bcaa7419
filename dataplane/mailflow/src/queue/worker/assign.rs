//! From rows to jobs: one message for one destination from one source is one transaction.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use postern_core::{EnhancedCode, Outcome};
use postern_store::{
    StoreError,
    queue::{QueueItem, SlotId},
};

use super::Sender;
use crate::{
    deliver::remote::source::Sources,
    queue::{
        courier::Courier,
        finish::finish,
        lane::{JOB_RECIPIENTS, Job, Lane, LaneKey},
        report::Told,
    },
};

impl Sender {
    /// Makes jobs of rows, by message and source, and hands them to lanes.
    pub(super) async fn assign(&mut self, items: Vec<QueueItem>) -> Result<(), StoreError> {
        let mut pools = HashMap::new();
        for slot in items.iter().map(|item| item.slot).collect::<HashSet<_>>() {
            if let Some(held) = self.held.get(&slot) {
                match self.crew.pool(held.slot.pool.as_ref()).await {
                    Ok(pool) => drop(pools.insert(slot, pool)),
                    Err(error) => tracing::warn!(%error, "a pool cannot be looked up"),
                }
            }
        }
        let mut dice = self.crew.dice();
        let mut chosen: HashMap<(i64, SlotId, Option<IpAddr>), Sources> = HashMap::new();
        let mut jobs: BTreeMap<usize, (LaneKey, Job)> = BTreeMap::new();
        let mut open: HashMap<(LaneKey, i64), usize> = HashMap::new();
        for item in items {
            if item.given_up {
                self.give_up(item);
                continue;
            }
            let Some(held) = self.held.get_mut(&item.slot) else { continue };
            let Some(pool) = pools.get(&item.slot) else {
                held.slot.settled(item.id);
                continue;
            };
            let (message, stays) = (item.message.clone(), item.source);
            let sources = chosen
                .entry((message.id, item.slot, stays))
                .or_insert_with(|| Sources::choose(pool.as_deref(), &held.slot.domain, stays, &mut dice))
                .clone();
            let key = LaneKey { slot: item.slot, sources };
            let at = *open.entry((key.clone(), message.id)).or_insert(jobs.len());
            match jobs.get_mut(&at) {
                Some((_, job)) if job.items.len() < JOB_RECIPIENTS => job.items.push(item),
                _ => {
                    open.insert((key.clone(), message.id), jobs.len());
                    jobs.insert(jobs.len(), (key, Job { message, items: vec![item], lease: held.lease.clone() }));
                }
            }
        }
        for (key, job) in jobs.into_values() {
            let most = self.crew.throttle(pools.get(&key.slot).and_then(Option::as_deref)).connections;
            self.hand_out(key, job, most);
        }
        Ok(())
    }

    /// Ends what an operator has given up: no server is asked.
    fn give_up(&self, item: QueueItem) {
        let (Some(held), Some(alive)) = (self.held.get(&item.slot), self.alive.0.clone()) else { return };
        let outcome = Outcome::permanent(554, EnhancedCode::EXPIRED, "Given up by the administrator of the mail server");
        let (lease, message) = (held.lease.clone(), item.message.clone());
        let work = finish(self.crew.clone(), lease, message, vec![Told::by_us(item, outcome)], Vec::new());
        tokio::spawn(async move {
            work.await;
            drop(alive);
        });
    }

    fn hand_out(&mut self, key: LaneKey, job: Job, most: u32) {
        let Some(held) = self.held.get(&key.slot) else { return job.give_back() };
        let lane = self
            .lanes
            .entry(key.clone())
            .or_insert_with(|| Arc::new(Lane::new(held.slot.pool.clone(), held.slot.domain.clone(), key.sources)))
            .clone();
        if lane.push(job, most)
            && let Some(alive) = self.alive.0.clone()
        {
            tokio::spawn(Courier::new(self.crew.clone(), lane, alive).run());
        }
    }
}
