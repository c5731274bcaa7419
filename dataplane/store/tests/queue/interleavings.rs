//! Workers in any order, clocks that jump: nothing is in two hands under two valid leases, nothing is lost.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use postern_core::{QueueId, Timestamp};
use postern_store::queue::{Fate, LEASE, QueueItem, Settled, Slot, WorkerId};
use postern_tests::TestDatabase;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::fixture::{ALL, Fixture, deferral};

const WORKERS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Send(u8),
    Lease(usize),
    Due(usize),
    Deliver(usize),
    Defer(usize, u16),
    Renew(usize),
    Park(usize),
    Release(usize),
    /// Seconds, also backwards.
    Jump(i32),
}

fn step() -> impl Strategy<Value = Step> {
    let worker = || 0..WORKERS;
    prop_oneof![
        2 => (0..4u8).prop_map(Step::Send),
        3 => worker().prop_map(Step::Lease),
        4 => worker().prop_map(Step::Due),
        3 => worker().prop_map(Step::Deliver),
        2 => (worker(), 0..2000u16).prop_map(|(w, after)| Step::Defer(w, after)),
        1 => worker().prop_map(Step::Renew),
        1 => worker().prop_map(Step::Park),
        1 => worker().prop_map(Step::Release),
        3 => (-300..1000i32).prop_map(Step::Jump),
    ]
}

#[derive(Default)]
struct Worker {
    slots: Vec<Slot>,
    hand: Vec<QueueItem>,
}

struct World<'a> {
    f: &'a Fixture,
    workers: Vec<Worker>,
    delivered: HashSet<QueueId>,
    sent: usize,
    /// The latest time seen: a lease lapses for its holder even when the clock is set back afterwards.
    latest: Timestamp,
}

impl World<'_> {
    async fn act(&mut self, step: &Step) {
        match *step {
            Step::Send(domain) => {
                self.f.send(&[&format!("a@d{domain}.example"), &format!("b@d{}.example", domain / 2)]).await;
                self.sent += 2;
            }
            Step::Lease(w) => {
                let slots = self.f.queue.lease(id(w), None, 2, LEASE, self.f.now()).await.unwrap();
                self.workers[w].slots.extend(slots);
            }
            Step::Due(w) => self.take(w, 2).await,
            Step::Deliver(w) => self.settle(w, Fate::Delivered).await,
            Step::Defer(w, after) => self.settle(w, Fate::Deferred(deferral(self.f.now() + Duration::from_secs(after.into())))).await,
            Step::Renew(w) => {
                let mut slots: Vec<&mut Slot> = self.workers[w].slots.iter_mut().collect();
                let lost = self.f.queue.renew(id(w), &mut slots, LEASE, self.f.now()).await.unwrap();
                self.workers[w].slots.retain(|slot| !lost.contains(&slot.id));
            }
            Step::Park(w) => {
                let idle: Vec<&Slot> = self.workers[w].slots.iter().filter(|slot| slot.in_hand() == 0).collect();
                let gone = self.f.queue.park(&idle).await.unwrap();
                self.workers[w].slots.retain(|slot| !gone.contains(&slot.id) || slot.in_hand() > 0);
            }
            Step::Release(w) => {
                self.f.queue.release(id(w)).await.unwrap();
                self.workers[w].slots.clear();
            }
            Step::Jump(seconds) => {
                self.f.clock.set(Timestamp(self.f.now().0 + i64::from(seconds) * 1_000_000));
                self.latest = self.latest.max(self.f.now());
            }
        }
    }

    async fn take(&mut self, w: usize, each: u32) {
        let mut slots: Vec<&mut Slot> = self.workers[w].slots.iter_mut().collect();
        let items = self.f.queue.due(&mut slots, each, self.f.now()).await.unwrap();
        let valid = self.valid().await;
        let latest = self.latest;
        for item in &items {
            assert!(!self.delivered.contains(&item.id), "{item:?} was delivered before");
            assert_eq!(valid.get(&item.slot.0), Some(&item.token.0), "handed out under a lease that is valid");
            for other in &self.workers {
                if !other.hand.iter().any(|theirs| theirs.id == item.id) {
                    continue;
                }
                let believed = other.slots.iter().find(|slot| slot.id == item.slot && slot.token != item.token);
                assert!(believed.is_none_or(|slot| slot.until <= latest), "{item:?} is in another hand that may still send");
            }
        }
        self.workers[w].hand.extend(items);
    }

    async fn settle(&mut self, w: usize, fate: Fate) {
        let worker = &mut self.workers[w];
        let Some(item) = worker.hand.pop() else { return };
        let settled = self.f.settle(&item, fate.clone()).await;
        worker.slots.iter_mut().filter(|slot| slot.token == item.token).for_each(|slot| slot.settled(item.id));
        if settled == Settled::Done && fate == Fate::Delivered {
            assert!(self.delivered.insert(item.id), "settled twice");
        }
    }

    /// Slot → token of the leases that have not lapsed.
    async fn valid(&self) -> HashMap<i64, i64> {
        let rows = self.f.db.rows("SELECT id, token FROM queue_slot WHERE until > $1", &[self.f.now().into()]).await.unwrap();
        rows.iter().map(|row| (row.int(0).unwrap(), row.int(1).unwrap())).collect()
    }

    /// Lets everybody go and one worker finish: every recipient is delivered exactly once.
    async fn finish(&mut self) {
        for w in 0..WORKERS {
            self.f.queue.release(id(w)).await.unwrap();
            self.workers[w] = Worker::default();
        }
        self.f.clock.advance(Duration::from_secs(1_000_000));
        self.workers[0].slots = self.f.lease(id(0)).await;
        self.take(0, 10 * ALL).await;
        while !self.workers[0].hand.is_empty() {
            self.settle(0, Fate::Delivered).await;
        }
        assert_eq!(self.delivered.len(), self.sent);
        assert!(self.f.waiting().await.is_empty());
    }
}

fn id(worker: usize) -> WorkerId {
    WorkerId(worker as i64 + 1)
}

fn never_in_two_hands(at: &TestDatabase, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let f = runtime.block_on(Fixture::open(at));
    let mut runner = TestRunner::new(Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() });
    let result = runner.run(&proptest::collection::vec(step(), 1..60), |steps| {
        runtime.block_on(async {
            let mut tx = f.db.begin().await.unwrap();
            tx.script("DELETE FROM queue_due; DELETE FROM queue_recipient; DELETE FROM queue_message; DELETE FROM queue_slot")
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let workers = std::iter::repeat_with(Worker::default).take(WORKERS).collect();
            let mut world = World { f: &f, workers, delivered: HashSet::new(), sent: 0, latest: f.now() };
            for step in &steps {
                world.act(step).await;
            }
            world.finish().await;
        });
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn never_in_two_hands_on_sqlite() {
    never_in_two_hands(&TestDatabase::sqlite(), 60);
}

#[test]
fn never_in_two_hands_on_postgres() {
    never_in_two_hands(&TestDatabase::postgres(), 40);
}
