//! The one task that holds the slots: leases them, takes what is due, sends couriers (`assign`), gives back.

mod assign;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use postern_core::Timestamp;
use postern_net::{Drain, Phase, Resolver};
use postern_store::{
    Store, StoreError,
    queue::{LEASE, Settler, Slot, SlotId, Token, WorkerId},
};
use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep},
};

use super::{
    Bodies, Config, Routing,
    crew::Crew,
    lane::{Lane, LaneKey},
    lease::{Ask, Lease},
    rollup::Rollups,
};
use crate::bounce::{LocalAddresses, Notices};

/// Leases are renewed when this much of them has gone: well before they are no longer sure, so that no final dot has to ask.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a slot with nothing due is kept, so that a trickle of mail does not lease it anew each time.
const LINGER: Duration = Duration::from_secs(1);
/// Looked at unasked at least this often: hints of other processes may get lost.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Never more often, unasked.
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
/// Slots leased in one statement.
const LEASE_AT_ONCE: u32 = 200;

/// What a sender is made of.
pub struct Parts {
    /// Its name in the queue: the number of its process.
    pub worker: WorkerId,
    /// Queue, bodies, trail, boxes.
    pub store: Store,
    /// DNS.
    pub resolver: Arc<dyn Resolver>,
    /// Pools and relays.
    pub routing: Arc<dyn Routing>,
    /// Who hears of failures here.
    pub local: Arc<dyn LocalAddresses>,
    /// Bodies that were accepted a moment ago.
    pub bodies: Bodies,
    /// The process's end.
    pub drain: Drain,
    /// Begins the dice.
    pub seed: u64,
}

/// The sender role of a process. One is enough.
pub struct Sender {
    crew: Arc<Crew>,
    worker: WorkerId,
    held: HashMap<SlotId, Held>,
    lanes: HashMap<LaneKey, Arc<Lane>>,
    asks: (mpsc::UnboundedSender<Ask>, mpsc::UnboundedReceiver<Ask>),
    /// Cloned by whatever is under way; gone when all of it is.
    alive: (Option<mpsc::Sender<()>>, mpsc::Receiver<()>),
    /// There may be slots to lease.
    wants_slots: bool,
    /// When the next slot has work, as the database said last.
    next_wake: Option<Timestamp>,
    looked: Instant,
}

/// A slot in our hand.
struct Held {
    slot: Slot,
    lease: Arc<Lease>,
    /// Rows may be due that we have not seen.
    more: bool,
    /// When it was last read, or had something in hand.
    busy: Instant,
}

impl Sender {
    /// A sender that has not begun.
    #[must_use]
    pub fn new(config: Config, parts: Parts) -> Self {
        let Parts { worker, store, resolver, routing, local, bodies, drain, seed } = parts;
        // The task ends with the last clone of the handle, having settled all that came in.
        let (settler, _) = Settler::start(store.queue.clone(), store.clock.clone());
        let notices = Notices { store: store.clone(), local, host: config.hostname.clone(), bodies: bodies.clone() };
        let (alive, gone) = mpsc::channel(1);
        let crew = Crew {
            connections: Semaphore::new(config.connections.max(1)),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            rollups: Rollups::default(),
            config,
            store,
            resolver,
            routing,
            settler,
            notices,
            bodies,
            drain,
        };
        Self {
            worker,
            crew: Arc::new(crew),
            held: HashMap::new(),
            lanes: HashMap::new(),
            asks: mpsc::unbounded_channel(),
            alive: (Some(alive), gone),
            wants_slots: true,
            next_wake: None,
            looked: Instant::now(),
        }
    }

    /// Sends until the process drains, then gives every slot back.
    pub async fn run(mut self) {
        let _live = self.crew.drain.enter();
        let queue = self.crew.store.queue.clone();
        let finishing = self.crew.drain.reached(Phase::Finishing);
        tokio::pin!(finishing);
        loop {
            let pause = match self.round().await {
                Ok(()) => self.pause(),
                Err(error) => {
                    tracing::warn!(%error, "the queue cannot be read");
                    SHORTEST_SLEEP
                }
            };
            tokio::select! {
                biased;
                () = &mut finishing => break,
                Some(ask) = self.asks.1.recv() => self.answer_all(ask).await,
                hinted = queue.announced() => self.hinted(&hinted),
                () = sleep(pause) => self.wants_slots |= self.is_time(),
            }
        }
        self.finish().await;
    }

    /// Everything that can be done now.
    async fn round(&mut self) -> Result<(), StoreError> {
        self.heartbeat().await?;
        self.take_slots().await?;
        self.take_rows().await?;
        self.park_idle().await
    }

    fn hinted(&mut self, slots: &[SlotId]) {
        self.wants_slots |= slots.is_empty();
        for slot in slots {
            match self.held.get_mut(slot) {
                Some(held) => held.more = true,
                None => self.wants_slots = true,
            }
        }
    }

    fn is_time(&self) -> bool {
        self.next_wake.is_some_and(|at| at <= self.now()) || self.looked.elapsed() >= LONGEST_SLEEP
    }

    fn pause(&self) -> Duration {
        if !self.held.is_empty() {
            return SHORTEST_SLEEP;
        }
        self.next_wake.map_or(LONGEST_SLEEP, |at| at.since(self.now())).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    async fn heartbeat(&mut self) -> Result<(), StoreError> {
        let now = self.now();
        let old: Vec<SlotId> =
            self.held.values().filter(|held| held.slot.until.since(now) <= LEASE - HEARTBEAT).map(|held| held.slot.id).collect();
        self.renew(&old).await
    }

    /// Renews leases and forgets those that are another's.
    async fn renew(&mut self, slots: &[SlotId]) -> Result<(), StoreError> {
        let wanted: HashSet<SlotId> = slots.iter().copied().collect();
        let mut held: Vec<&mut Held> = self.held.values_mut().filter(|held| wanted.contains(&held.slot.id)).collect();
        if held.is_empty() {
            return Ok(());
        }
        let now = self.crew.store.now();
        let lost = {
            let mut slots: Vec<&mut Slot> = held.iter_mut().map(|held| &mut held.slot).collect();
            self.crew.store.queue.renew(self.worker, &mut slots, LEASE, now).await?
        };
        for held in held {
            held.lease.lasts(if lost.contains(&held.slot.id) { Timestamp::default() } else { held.slot.until });
        }
        self.forget(&lost);
        Ok(())
    }

    fn forget(&mut self, lost: &[SlotId]) {
        for slot in lost {
            tracing::warn!(slot = slot.0, "a lease was lost: another worker sends what waits there");
            if let Some(held) = self.held.remove(slot) {
                held.lease.lasts(Timestamp::default());
            }
        }
    }

    async fn take_slots(&mut self) -> Result<(), StoreError> {
        while self.wants_slots {
            let room = self.crew.config.slots.saturating_sub(self.held.len());
            let most = u32::try_from(room).unwrap_or(u32::MAX).min(LEASE_AT_ONCE);
            if most == 0 {
                return Ok(());
            }
            let now = self.now();
            let slots = self.crew.store.queue.lease(self.worker, None, most, LEASE, now).await?;
            self.looked = Instant::now();
            self.wants_slots = slots.len() >= most as usize;
            for slot in slots {
                let lease = Arc::new(Lease::new(slot.id, slot.token, slot.until, self.crew.store.clock.clone(), self.asks.0.clone()));
                self.held.insert(slot.id, Held { slot, lease, more: true, busy: Instant::now() });
            }
            if !self.wants_slots {
                self.next_wake = self.crew.store.queue.next_wake(now).await?;
            }
        }
        Ok(())
    }

    async fn take_rows(&mut self) -> Result<(), StoreError> {
        let (rows, now) = (self.crew.config.rows.max(1), self.now());
        let low = usize::try_from(rows / 2).unwrap_or(usize::MAX);
        // What was deferred in a slot that is kept busy becomes due without a hint.
        for held in self.held.values_mut() {
            held.more |= held.slot.in_hand() > 0 && held.busy.elapsed() >= LINGER;
        }
        let mut slots: Vec<&mut Held> = self.held.values_mut().filter(|held| held.more && held.slot.in_hand() <= low).collect();
        if slots.is_empty() {
            return Ok(());
        }
        let items = {
            let mut slots: Vec<&mut Slot> = slots.iter_mut().map(|held| &mut held.slot).collect();
            self.crew.store.queue.due(&mut slots, rows, now).await?
        };
        let mut found: HashMap<SlotId, u32> = HashMap::new();
        items.iter().for_each(|item| *found.entry(item.slot).or_default() += 1);
        for held in slots {
            held.more = found.get(&held.slot.id).is_some_and(|found| *found >= rows);
            held.busy = Instant::now();
        }
        self.assign(items).await
    }

    async fn park_idle(&mut self) -> Result<(), StoreError> {
        let idle: Vec<SlotId> = self
            .held
            .values()
            .filter(|held| held.slot.in_hand() == 0 && !held.more && held.busy.elapsed() >= LINGER)
            .map(|held| held.slot.id)
            .collect();
        self.park(&idle).await?;
        self.lanes.retain(|key, lane| self.held.contains_key(&key.slot) || !lane.is_deserted());
        Ok(())
    }

    async fn park(&mut self, slots: &[SlotId]) -> Result<(), StoreError> {
        let parked: Vec<&Slot> = slots.iter().filter_map(|slot| self.held.get(slot)).map(|held| &held.slot).collect();
        if parked.is_empty() {
            return Ok(());
        }
        let gone = self.crew.store.queue.park(&parked).await?;
        for slot in slots {
            if gone.contains(slot) {
                self.held.remove(slot);
            } else if let Some(held) = self.held.get_mut(slot) {
                held.more = true;
            }
        }
        self.next_wake = self.crew.store.queue.next_wake(self.now()).await?;
        Ok(())
    }

    /// Answers one question and whatever else has come.
    async fn answer_all(&mut self, first: Ask) {
        let mut next = Some(first);
        while let Some(ask) = next {
            self.answer(ask).await;
            next = self.asks.1.try_recv().ok();
        }
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Done { slot, token, rows } => {
                if let Some(held) = self.held_as(slot, token) {
                    rows.into_iter().for_each(|row| held.slot.settled(row));
                    held.busy = Instant::now();
                }
            }
            Ask::Renew { slot, token, answer } => {
                let ours = self.held_as(slot, token).is_some();
                if ours && let Err(error) = self.renew(&[slot]).await {
                    tracing::warn!(%error, "a lease cannot be renewed");
                }
                // Whoever asked looks at the lease itself; it may also have stopped waiting.
                let _ = answer.send(self.held_as(slot, token).is_some());
            }
        }
    }

    fn held_as(&mut self, slot: SlotId, token: Token) -> Option<&mut Held> {
        self.held.get_mut(&slot).filter(|held| held.slot.token == token)
    }

    /// The end: nothing new is begun, idle slots go back at once, the others when what is under way is settled.
    async fn finish(mut self) {
        self.lanes.values().for_each(|lane| lane.close());
        self.alive.0 = None;
        let stopped = self.crew.drain.reached(Phase::Stopped);
        tokio::pin!(stopped);
        loop {
            while let Ok(ask) = self.asks.1.try_recv() {
                self.answer(ask).await;
            }
            let idle: Vec<SlotId> = self.held.values().filter(|held| held.slot.in_hand() == 0).map(|held| held.slot.id).collect();
            if let Err(error) = self.park(&idle).await {
                tracing::warn!(%error, "slots cannot be given back now");
            }
            tokio::select! {
                biased;
                // Ready with `None` when nothing is under way: nobody ever sends.
                _ = self.alive.1.recv() => break,
                () = &mut stopped => break,
                Some(ask) = self.asks.1.recv() => self.answer_all(ask).await,
                () = sleep(SHORTEST_SLEEP) => {
                    if let Err(error) = self.heartbeat().await {
                        tracing::warn!(%error, "leases cannot be renewed");
                    }
                }
            }
        }
        if let Err(error) = self.crew.store.queue.release(self.worker).await {
            tracing::warn!(%error, "leases are left to lapse");
        }
    }

    fn now(&self) -> Timestamp {
        self.crew.store.clock.now()
    }
}
