//! When a message that could not be delivered is tried again, when its sender hears of the delay, and when it is
//! given up (RFC 5321 §4.5.4.1): a pure function of how often and for how long it has been tried.
//!
//! It must not know why an attempt failed, nor read a clock.

use std::time::Duration;

/// Waits and ends. Settable; the default follows RFC 5321 §4.5.4.1, which asks for 30 minutes once the first tries have
/// failed and for giving up after four to five days at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The wait after the first attempt, after the second, …; the last one repeats. Empty means an hour each time.
    pub waits: Vec<Duration>,
    /// Age at which the sender is told once that the message is late.
    pub delayed_notice: Duration,
    /// Age at which the message comes back.
    pub expire: Duration,
}

impl Default for Schedule {
    /// 1, 5, 15, 30 minutes, 1, 2, then every 4 hours; told after 4 hours, given up after 3 days.
    fn default() -> Self {
        let waits = [1, 5, 15, 30, 60, 120, 240].map(Duration::from_mins).to_vec();
        Self { waits, delayed_notice: Duration::from_hours(4), expire: Duration::from_hours(72) }
    }
}

/// What to do after an attempt that failed for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after this long.
    Retry(Duration),
    /// The same, and tell the sender that it is late.
    RetryAndTell(Duration),
    /// Do not try again.
    GiveUp,
}

impl Schedule {
    /// What follows the attempt that makes `attempts` in all (1 is the first), on a message of this age. `told` says that
    /// its sender knows of the delay. `chance` (0 to `u32::MAX`) lengthens the wait by up to an eighth, so that what
    /// failed together does not come back together.
    #[must_use]
    pub fn next(&self, attempts: u32, age: Duration, told: bool, chance: u32) -> Next {
        if age >= self.expire {
            return Next::GiveUp;
        }
        let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = self.waits.get(index).or(self.waits.last()).copied().unwrap_or(Duration::from_hours(1));
        let jitter = (wait / 8).mul_f64(f64::from(chance) / f64::from(u32::MAX));
        // The last attempt falls on the day of the end, not hours after it.
        let wait = (wait + jitter).min(self.expire.saturating_sub(age)).max(Duration::from_secs(1));
        if !told && age >= self.delayed_notice { Next::RetryAndTell(wait) } else { Next::Retry(wait) }
    }

    /// How old a message can become before it is given up.
    #[must_use]
    pub const fn expire(&self) -> Duration {
        self.expire
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays a destination that never answers; the ages at which it was tried, and at which the sender was told.
    fn play(schedule: &Schedule, chances: impl Fn(u32) -> u32) -> (Vec<Duration>, Vec<Duration>) {
        let (mut age, mut told, mut tries) = (Duration::ZERO, Vec::new(), Vec::new());
        for attempt in 1..10_000 {
            tries.push(age);
            match schedule.next(attempt, age, !told.is_empty(), chances(attempt)) {
                Next::GiveUp => return (tries, told),
                Next::Retry(wait) => age += wait,
                Next::RetryAndTell(wait) => {
                    told.push(age);
                    age += wait;
                }
            }
        }
        panic!("it never gives up");
    }

    #[test]
    fn waits_grow_and_the_last_attempt_is_at_the_end() {
        let (tries, told) = play(&Schedule::default(), |_| 0);
        let minutes: Vec<u64> = tries.iter().take(8).map(|t| t.as_secs() / 60).collect();
        assert_eq!(minutes, [0, 1, 6, 21, 51, 111, 231, 471]);
        assert_eq!(tries.last(), Some(&Duration::from_hours(72)));
        assert_eq!(told, [Duration::from_mins(471)], "the first attempt after four hours");
    }

    proptest! {
        #[test]
        fn ends_and_tells_once(
            minutes in proptest::collection::vec(1u64..600, 0..8),
            delayed in 1u64..5_000,
            expire in 1u64..10_000,
            seed: u32,
        ) {
            let schedule = Schedule {
                waits: minutes.into_iter().map(Duration::from_mins).collect(),
                delayed_notice: Duration::from_mins(delayed),
                expire: Duration::from_mins(expire),
            };
            let (tries, told) = play(&schedule, |attempt| seed.wrapping_mul(attempt));
            prop_assert!(told.len() <= 1);
            prop_assert!(told.iter().all(|at| *at >= schedule.delayed_notice && *at < schedule.expire));
            let last = *tries.last().unwrap();
            prop_assert!(last >= schedule.expire && last < schedule.expire + Duration::from_secs(1));
        }

        #[test]
        fn chance_only_lengthens_and_by_an_eighth_at_most(attempts in 1u32..40, age in 0u64..200_000, chance: u32) {
            let (schedule, age) = (Schedule::default(), Duration::from_secs(age));
            let wait = |chance| match schedule.next(attempts, age, true, chance) {
                Next::Retry(wait) | Next::RetryAndTell(wait) => wait,
                Next::GiveUp => unreachable!("younger than three days"),
            };
            prop_assert!(wait(chance) >= wait(0));
            prop_assert!(wait(chance) <= wait(0) + wait(0) / 8);
        }
    }
}
