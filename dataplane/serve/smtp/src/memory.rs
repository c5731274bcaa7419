//! How much of messages may be in memory while they come, over all sessions of a process.
//!
//! One message is bounded by its size, and sessions by their number; the product of both is more than any machine has.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The bound of a process. Listeners share it.
#[derive(Debug)]
pub struct Memory {
    most: u64,
    held: AtomicU64,
}

impl Memory {
    /// At most so many octets.
    #[must_use]
    pub fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { most, held: AtomicU64::new(0) })
    }
}

/// What one session holds of it.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Arc<Memory>,
    octets: u64,
}

impl Held {
    pub(crate) const fn new(memory: Arc<Memory>) -> Self {
        Self { memory, octets: 0 }
    }

    /// Holds so many from now on; `false` when there are not so many, and then this session holds nothing.
    pub(crate) fn hold(&mut self, octets: u64) -> bool {
        if octets == self.octets {
            return true;
        }
        let more = octets.saturating_sub(self.octets);
        let before = self.memory.held.fetch_add(more, Ordering::Relaxed);
        self.octets += more;
        let fits = more == 0 || before.saturating_add(more) <= self.memory.most;
        if !fits || octets == 0 {
            self.release();
        }
        fits
    }

    /// Gives all back.
    pub(crate) fn release(&mut self) {
        self.memory.held.fetch_sub(self.octets, Ordering::Relaxed);
        self.octets = 0;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_room_leaves_room_to_the_others() {
        let memory = Memory::new(100);
        let (mut one, mut two) = (Held::new(memory.clone()), Held::new(memory.clone()));
        assert!(one.hold(60));
        assert!(!two.hold(60));
        assert!(two.hold(40));
        assert!(!one.hold(61));
        assert!(two.hold(100));
        assert!(two.hold(0) && one.hold(100));
        drop((one, two));
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }
}
