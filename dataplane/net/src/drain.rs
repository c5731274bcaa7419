//! The end of a process, in phases, so that nothing in hand is lost.
//!
//! ```text
//!  Serving ──SIGTERM──► NotReady ──grace──► Finishing ──all gone, or grace──► Stopped
//!          readiness fails,      accepting stops,          what is left is cut
//!          all else goes on      sessions are told
//! ```
//!
//! [`Drain`] is one value per process and cheap to clone. It only announces: listeners stop
//! accepting and the driver tells its sessions by themselves when they see a phase.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

/// How far the end has come. Phases only ever go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Everything runs.
    Serving,
    /// `/readyz` says no; connections are still accepted, for endpoints lag behind.
    NotReady,
    /// No connection is accepted; sessions finish the transaction in hand and leave.
    Finishing,
    /// What is still there is cut off.
    Stopped,
}

/// How long each phase may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Graces {
    /// From not ready to finishing: as long as load balancers take to notice.
    pub not_ready: Duration,
    /// From finishing to stopped, at most; shorter when the last session leaves before.
    pub finish: Duration,
}

impl Default for Graces {
    /// 15 s and 30 s.
    fn default() -> Self {
        Self { not_ready: Duration::from_secs(15), finish: Duration::from_secs(30) }
    }
}

/// The process's shutdown token and its count of live sessions.
#[derive(Clone, Debug)]
pub struct Drain(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: watch::Sender<(Phase, Instant)>,
    live: AtomicUsize,
    serial: AtomicU64,
    empty: Notify,
}

impl Default for Drain {
    fn default() -> Self {
        let phase = watch::Sender::new((Phase::Serving, Instant::now()));
        Self(Arc::new(Shared { phase, live: AtomicUsize::new(0), serial: AtomicU64::new(0), empty: Notify::new() }))
    }
}

impl Drain {
    /// A token in phase [`Phase::Serving`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The present phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase.borrow().0
    }

    /// How many sessions live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.0.live.load(Ordering::Acquire)
    }

    /// Counts a session in; it counts itself out when the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> Live {
        self.0.live.fetch_add(1, Ordering::AcqRel);
        let serial = self.0.serial.fetch_add(1, Ordering::Relaxed);
        Live { phase: self.0.phase.subscribe(), drain: self.clone(), serial }
    }

    /// Waits until a phase is reached or passed.
    pub fn reached(&self, phase: Phase) -> impl Future<Output = ()> + Send + 'static {
        let mut seen = self.0.phase.subscribe();
        async move {
            // The sender lives in the token that others hold; when all of them are gone, so is the need to wait.
            let _ = seen.wait_for(|(now, _)| *now >= phase).await;
        }
    }

    /// Goes to a phase at once, unless it has been passed already.
    pub fn advance(&self, to: Phase) {
        self.0.phase.send_if_modified(|(phase, since)| {
            let forward = to > *phase;
            if forward {
                (*phase, *since) = (to, Instant::now());
            }
            forward
        });
    }

    /// Walks through all phases; returns how many sessions had to be cut off at the end.
    pub async fn run(&self, graces: Graces) -> usize {
        self.advance(Phase::NotReady);
        tokio::select! {
            () = sleep(graces.not_ready) => {}
            () = self.reached(Phase::Finishing) => {} // somebody was in a hurry
        }
        self.advance(Phase::Finishing);
        tokio::select! {
            _ = timeout(graces.finish, self.empty()) => {}
            () = self.reached(Phase::Stopped) => {}
        }
        let cut = self.live();
        self.advance(Phase::Stopped);
        cut
    }

    /// Waits until no session lives.
    pub async fn empty(&self) {
        loop {
            let left = self.0.empty.notified();
            if self.live() == 0 {
                return;
            }
            left.await;
        }
    }
}

/// One live session, counted until it is dropped.
#[derive(Debug)]
pub struct Live {
    phase: watch::Receiver<(Phase, Instant)>,
    drain: Drain,
    serial: u64,
}

impl Live {
    /// The number of this session, unique in the process.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// The process's token.
    #[must_use]
    pub const fn drain(&self) -> &Drain {
        &self.drain
    }

    /// Waits until this session is to finish: the moment of [`Phase::Finishing`] plus its share of
    /// `spread`, so that ten thousand clients do not come back in the same instant. Cancel safe.
    pub async fn finishing(&mut self, spread: Duration) {
        let since = match self.phase.wait_for(|(phase, _)| *phase >= Phase::Finishing).await {
            Ok(at) => at.1,
            Err(_) => return,
        };
        if !spread.is_zero() {
            sleep_until(since + spread.mul_f64(fraction(self.serial))).await;
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.drain.0.live.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.drain.0.empty.notify_waiters();
        }
    }
}

/// Spreads consecutive numbers evenly over 0..1 (multiples of the golden ratio), without rolling dice.
fn fraction(serial: u64) -> f64 {
    let turned = serial.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    f64::from(u32::try_from(turned >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACES: Graces = Graces { not_ready: Duration::from_secs(15), finish: Duration::from_secs(30) };

    #[tokio::test(start_paused = true)]
    async fn ends_as_soon_as_the_last_session_leaves() {
        let drain = Drain::new();
        let mut session = drain.enter();
        let started = Instant::now();
        let run = tokio::spawn({
            let drain = drain.clone();
            async move { drain.run(GRACES).await }
        });
        session.finishing(Duration::ZERO).await;
        assert_eq!(started.elapsed(), GRACES.not_ready, "sessions are told after the endpoints had time to notice");
        drop(session);
        assert_eq!(run.await.unwrap(), 0);
        assert_eq!(drain.phase(), Phase::Stopped);
        assert_eq!(started.elapsed(), GRACES.not_ready);
    }

    #[tokio::test(start_paused = true)]
    async fn cuts_what_does_not_leave() {
        let drain = Drain::new();
        let _stays = drain.enter();
        let started = Instant::now();
        assert_eq!(drain.run(GRACES).await, 1);
        assert_eq!(started.elapsed(), GRACES.not_ready + GRACES.finish);
    }

    #[tokio::test(start_paused = true)]
    async fn farewells_are_spread_over_the_time_given() {
        let drain = Drain::new();
        let mut sessions: Vec<_> = (0..4).map(|_| drain.enter()).collect();
        drain.advance(Phase::Finishing);
        let started = Instant::now();
        let mut told = Vec::new();
        for session in &mut sessions {
            session.finishing(Duration::from_secs(8)).await;
            told.push(started.elapsed());
        }
        assert!(told.iter().all(|t| *t < Duration::from_secs(8)));
        assert!(told.last() > told.first());
    }

    #[test]
    fn phases_never_go_back() {
        let drain = Drain::new();
        drain.advance(Phase::Stopped);
        drain.advance(Phase::NotReady);
        assert_eq!(drain.phase(), Phase::Stopped);
    }
}
