//! How much one destination is given at a time. A destination is a pool's view of a set of MX hosts, however many
//! domains they serve: connections at once and messages a minute, halved when it pushes back, regained as it takes mail.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use postern_core::{Timestamp, directory::Throttle};
use tokio::sync::Notify;

/// Deliveries in a row after which one more connection is tried.
const REGAIN: u32 = 20;
/// Destinations remembered before those that nobody uses are forgotten.
const REMEMBERED: usize = 1_000;

/// All destinations of a process.
#[derive(Debug, Default)]
pub(super) struct Rollups(Mutex<HashMap<String, Arc<Rollup>>>);

impl Rollups {
    /// The destination of that name, with the limits that hold now.
    pub(super) fn of(&self, name: &str, throttle: Throttle) -> Arc<Rollup> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > REMEMBERED {
            known.retain(|_, rollup| Arc::strong_count(rollup) > 1);
        }
        let rollup = known.entry(name.to_owned()).or_insert_with(|| Arc::new(Rollup::new(throttle))).clone();
        drop(known);
        rollup.set(throttle);
        rollup
    }
}

/// One destination.
#[derive(Debug)]
pub(super) struct Rollup {
    state: Mutex<State>,
    freed: Notify,
    wanted: Notify,
}

#[derive(Debug)]
struct State {
    throttle: Throttle,
    in_use: u32,
    /// Couriers that wait for a place.
    waiting: u32,
    /// Connections that it bears now: 1 to the throttle's.
    bears: u32,
    taken: u32,
    /// When the next message may go, where there is a rate.
    next_at: Timestamp,
}

impl Rollup {
    fn new(throttle: Throttle) -> Self {
        let bears = throttle.connections.max(1);
        let state = State { throttle, in_use: 0, waiting: 0, bears, taken: 0, next_at: Timestamp::default() };
        Self { state: Mutex::new(state), freed: Notify::new(), wanted: Notify::new() }
    }

    fn set(&self, throttle: Throttle) {
        let mut state = self.state();
        if state.throttle != throttle {
            state.throttle = throttle;
            state.bears = throttle.connections.max(1);
            drop(state);
            self.freed.notify_waiters();
        }
    }

    /// A connection's place, if one is free.
    pub(super) fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.state();
        let free = state.in_use < state.bears;
        state.in_use += u32::from(free);
        drop(state);
        free.then(|| Place(self.clone()))
    }

    /// Waits for a connection's place.
    pub(super) async fn enter(self: &Arc<Self>) -> Place {
        let _waits = Waits::begin(self);
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Before looking: whoever leaves in between is heard.
            freed.as_mut().enable();
            if let Some(place) = self.try_enter() {
                return place;
            }
            self.wanted.notify_waiters();
            freed.await;
        }
    }

    /// Waits until somebody waits for a place: who only keeps one for later gives it up then.
    pub(super) async fn wanted(&self) {
        loop {
            let wanted = self.wanted.notified();
            tokio::pin!(wanted);
            wanted.as_mut().enable();
            if self.state().waiting > 0 {
                return;
            }
            wanted.await;
        }
    }

    /// It took a message.
    pub(super) fn took(&self) {
        let mut state = self.state();
        state.taken += 1;
        if state.taken >= REGAIN && state.bears < state.throttle.connections {
            (state.taken, state.bears) = (0, state.bears + 1);
            drop(state);
            self.freed.notify_one();
        }
    }

    /// It said "later": fewer at a time.
    pub(super) fn pushed_back(&self) {
        let mut state = self.state();
        (state.taken, state.bears) = (0, (state.bears / 2).max(1));
    }

    /// How long the next message has to wait, counted as sent then.
    pub(super) fn turn(&self, now: Timestamp) -> Duration {
        let mut state = self.state();
        let Some(rate) = state.throttle.messages_per_minute else { return Duration::ZERO };
        let at = state.next_at.max(now);
        state.next_at = at + Duration::from_mins(1) / rate.max(1);
        at.since(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counted among those who wait.
struct Waits<'a>(&'a Rollup);

impl<'a> Waits<'a> {
    fn begin(rollup: &'a Rollup) -> Self {
        rollup.state().waiting += 1;
        Self(rollup)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// One connection's place.
#[derive(Debug)]
pub(super) struct Place(Arc<Rollup>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.state().in_use -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(connections: u32, messages_per_minute: Option<u32>) -> Throttle {
        Throttle { connections, messages_per_minute }
    }

    #[tokio::test]
    async fn shrinks_and_regains() {
        let rollup = Rollups::default().of("mx.example", throttle(4, None));
        rollup.pushed_back();
        rollup.pushed_back();
        rollup.pushed_back();
        let first = rollup.enter().await;
        let waits = tokio::spawn({
            let rollup = rollup.clone();
            async move { rollup.enter().await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished(), "one at a time, and never less");
        for _ in 0..REGAIN {
            rollup.took();
        }
        let second = waits.await.unwrap();
        drop((first, second));
        assert_eq!(rollup.state().in_use, 0);
    }

    #[test]
    fn a_rate_spaces_messages() {
        let rollup = Rollups::default().of("mx.example", throttle(1, Some(60)));
        let now = Timestamp::from_secs(1_800_000_000);
        let waits: Vec<u64> = (0..3).map(|_| rollup.turn(now).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2]);
        assert_eq!(rollup.turn(now + Duration::from_secs(60)), Duration::ZERO);
    }
}
