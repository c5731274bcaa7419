//! What a sender held that died: free soon, and not while it may live.

use std::time::Duration;

use postern_core::role::Role;
use postern_store::{
    changes::{self, Changes, Hints},
    directory::process::{self, DEAD_AFTER, HEARTBEAT, Process},
    queue::{Fate, LEASE, RollCall, Settled, WorkerId},
};
use postern_tests::TestDatabase;

use crate::fixture::{BOB, Fixture};

/// A sender that is entered, and another's notes.
struct World {
    f: Fixture,
    process: Process,
    roll: RollCall,
}

impl World {
    async fn new() -> Self {
        let f = Fixture::open(&TestDatabase::postgres()).await;
        let process = process::register(&f.db, &[Role::Sender], "sender", f.now()).await.unwrap();
        f.send(&["a@one.example", "b@two.example"]).await;
        Self { f, process, roll: RollCall::default() }
    }

    fn worker(&self) -> WorkerId {
        WorkerId(self.process.id)
    }

    /// The other looks on for so long; how many slots it gave back.
    async fn pass(&mut self, time: Duration) -> u64 {
        let end = self.f.now() + time;
        let mut freed = self.roll.call(&self.f.queue, self.f.now()).await.unwrap();
        while self.f.now() < end {
            self.f.clock.advance(HEARTBEAT);
            freed += self.roll.call(&self.f.queue, self.f.now()).await.unwrap();
        }
        freed
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_sender_held_is_soon_free() {
    let mut world = World::new().await;
    let (mut slots, items) = world.f.take(world.worker()).await;
    assert_eq!(world.pass(DEAD_AFTER - HEARTBEAT).await, 0, "it may only be late");
    assert!(world.f.lease(BOB).await.is_empty());
    assert_eq!(world.pass(HEARTBEAT).await, 2);
    let (_slots, taken) = world.f.take(BOB).await;
    assert_eq!(taken.len(), 2);
    assert_eq!(world.pass(LEASE / 2).await, 0, "what is another's now stays the other's");

    // It was cut off, and comes back.
    assert_eq!(world.f.settle(&items[0], Fate::Delivered).await, Settled::Stale);
    let lost = world.f.queue.renew(world.worker(), &mut slots.iter_mut().collect::<Vec<_>>(), LEASE, world.f.now()).await.unwrap();
    assert_eq!(lost.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_renews_or_leases_is_alive() {
    let mut world = World::new().await;
    let mut slots = world.f.queue.lease(world.worker(), None, 1, LEASE, world.f.now()).await.unwrap();
    assert_eq!(world.pass(DEAD_AFTER - HEARTBEAT).await, 0);
    let lost = world.f.queue.renew(world.worker(), &mut slots.iter_mut().collect::<Vec<_>>(), LEASE, world.f.now()).await.unwrap();
    assert!(lost.is_empty());
    assert_eq!(world.pass(DEAD_AFTER - HEARTBEAT).await, 0);
    slots.extend(world.f.lease(world.worker()).await);
    assert_eq!(slots.len(), 2);
    assert_eq!(world.pass(DEAD_AFTER - HEARTBEAT).await, 0);
    assert_eq!(world.pass(HEARTBEAT * 2).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_sender_keeps_what_it_holds() {
    let mut world = World::new().await;
    let (_slots, items) = world.f.take(world.worker()).await;
    let connection = tokio::spawn(changes::relay(world.f.db.clone(), world.process, Changes::default(), Hints::default()));
    let shown = async {
        while !is_shown(&world).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), shown).await.expect("it shows that it is there");
    assert_eq!(world.pass(DEAD_AFTER * 3).await, 0);
    assert_eq!(world.f.settle(&items[0], Fate::Delivered).await, Settled::Done);

    connection.abort();
    let ended = async {
        while is_shown(&world).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the connection ends with it");
    assert_eq!(world.pass(HEARTBEAT).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_away_has_killed_nobody() {
    let mut world = World::new().await;
    world.f.lease(world.worker()).await;
    assert_eq!(world.pass(DEAD_AFTER - HEARTBEAT).await, 0);
    world.f.clock.advance(DEAD_AFTER);
    assert_eq!(world.pass(DEAD_AFTER - HEARTBEAT).await, 0, "nobody could show anything");
    assert_eq!(world.pass(HEARTBEAT).await, 2);
}

/// By the lock of its connection.
async fn is_shown(world: &World) -> bool {
    let sql = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objid::bigint = $1 \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    world.f.db.row(sql, &[world.process.id.into()]).await.unwrap().unwrap().int(0).unwrap() > 0
}
