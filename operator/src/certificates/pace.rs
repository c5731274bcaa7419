//! How fast certificates are asked for: below what issuers bear, so that a bulk of new domains locks nobody out. Pure.

use std::time::Duration;

use postern_core::Timestamp;

/// Asked for at once, after a quiet time.
const BURST: u32 = 60;
/// One more for each of these: Let's Encrypt takes 300 orders of an account in three hours, which is one in 36 s.
const EVERY: Duration = Duration::from_secs(40);

/// A bucket of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    left: u32,
    filled: Timestamp,
}

impl Pace {
    /// Full.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self { left: BURST, filled: now }
    }

    /// Takes one permission, if there is one.
    pub fn take(&mut self, now: Timestamp) -> bool {
        while self.left < BURST && now.since(self.filled) >= EVERY {
            (self.left, self.filled) = (self.left + 1, self.filled + EVERY);
        }
        if self.left == BURST {
            self.filled = now;
        }
        let permitted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        permitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_at_a_time() {
        let mut now = Timestamp::from_secs(1_800_000_000);
        let mut pace = Pace::new(now);
        let taken = (0..200).filter(|_| pace.take(now)).count();
        assert_eq!(taken, 60);
        let in_an_hour = (0..3_600).filter(|_| {
            now = now + Duration::from_secs(1);
            pace.take(now)
        });
        assert_eq!(in_an_hour.count(), 90);
        now = now + Duration::from_secs(86_400);
        assert_eq!((0..200).filter(|_| pace.take(now)).count(), 60, "no more than a burst is saved");
    }
}
