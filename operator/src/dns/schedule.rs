//! When a name is looked at again: soon while something is to be expected, seldom once all is well. Pure.

use std::time::Duration;

use postern_core::Timestamp;

/// The first pause of a name that is not as it should be; each further one is half as long again.
const FIRST: Duration = Duration::from_secs(20);
/// The longest pause of one, for whoever waits for it is told to wait minutes.
const LONGEST: Duration = Duration::from_secs(20 * 60);
/// The pause of a name that is as it should be.
const SETTLED: Duration = Duration::from_secs(4 * 3_600);

/// When one name is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    due: Timestamp,
    /// Looks since the last change of what is wanted that did not find all well.
    unsettled: u32,
}

impl Schedule {
    /// At once.
    #[must_use]
    pub const fn at_once(now: Timestamp) -> Self {
        Self { due: now, unsettled: 0 }
    }

    /// Somewhere within a pause, for names that were well before: ten thousand of them shall not be asked for in one moment.
    #[must_use]
    pub fn some_time(now: Timestamp, chance: f64) -> Self {
        Self { due: now + LONGEST.mul_f64(chance.clamp(0.0, 1.0)), unsettled: 0 }
    }

    /// Whether it is due.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due <= now
    }

    /// When it is due.
    #[must_use]
    pub const fn due(&self) -> Timestamp {
        self.due
    }

    /// After a look. `chance` from 0 to 1 makes the pause up to a quarter longer.
    #[must_use]
    pub fn looked(self, settled: bool, now: Timestamp, chance: f64) -> Self {
        let (pause, unsettled) = if settled {
            (SETTLED, 0)
        } else {
            (
                FIRST.mul_f64(1.5_f64.powi(i32::try_from(self.unsettled.min(20)).unwrap_or(20))).min(LONGEST),
                self.unsettled.saturating_add(1),
            )
        };
        Self { due: now + pause.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 4.0), unsettled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn pauses_grow_to_minutes_and_are_hours_when_all_is_well() {
        let (mut schedule, mut pauses) = (Schedule::at_once(NOW), Vec::new());
        assert!(schedule.is_due(NOW));
        for _ in 0..15 {
            schedule = schedule.looked(false, NOW, 0.0);
            pauses.push(schedule.due().since(NOW).as_secs());
        }
        assert_eq!((pauses[0], pauses[1], pauses[14]), (20, 30, 1_200));
        assert!(pauses.is_sorted());
        let well = schedule.looked(true, NOW, 1.0);
        assert_eq!(well.due().since(NOW), SETTLED.mul_f64(1.25));
        assert_eq!(well.looked(false, NOW, 0.0).due().since(NOW), FIRST, "a slip is looked at soon again");
    }
}
