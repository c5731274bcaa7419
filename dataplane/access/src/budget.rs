//! How many recipients a box and a domain may send to in an hour: token buckets that fill steadily.
//!
//! A full bucket holds an hour's worth, so an hour's worth may go at once and nothing is lost to the edges of a
//! clock's hours; over any hour at most twice the limit can go. Each process counts for itself: with `n` of them the
//! overshoot is up to `n` times, until limits are leased from the database.
//!
//! Pure over a clock. A bucket is one point in time (when it will be full again) and is forgotten once it is full.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use postern_core::{AccountId, Clock, DomainName, Timestamp};

const HOUR: Duration = Duration::from_secs(3600);
/// Buckets above which full ones are looked for and forgotten.
const SWEEP_ABOVE: usize = 1024;

/// Whose limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spender {
    /// A box.
    Account(AccountId),
    /// A domain.
    Domain(DomainName),
}

/// A budget is used up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit of {limit} recipients an hour is used up")]
pub struct Exhausted {
    /// Whose.
    pub spender: Spender,
    /// The limit, recipients an hour.
    pub limit: u64,
    /// When the same request would pass; `None` when it never would, being greater than the limit.
    pub until: Option<Timestamp>,
}

/// All buckets of a process.
#[derive(Debug)]
pub struct Budgets {
    clock: Arc<dyn Clock>,
    full_at: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    full_at: HashMap<Spender, Timestamp>,
    sweep_at: usize,
}

impl Budgets {
    /// All full.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, full_at: Mutex::default() }
    }

    /// Takes `recipients` from the budget of each spender, from all or from none. A limit of `None` is no limit.
    ///
    /// # Errors
    /// [`Exhausted`] for the first spender that has too little.
    pub fn spend(&self, spenders: &[(Spender, Option<u64>)], recipients: u64) -> Result<(), Exhausted> {
        let now = self.clock.now();
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = Vec::with_capacity(spenders.len());
        for (spender, limit) in spenders {
            let Some(limit) = *limit else { continue };
            let exhausted = |until| Exhausted { spender: spender.clone(), limit, until };
            if recipients > limit {
                return Err(exhausted(None));
            }
            let full_at = buckets.full_at.get(spender).copied().unwrap_or(now).max(now) + cost(recipients, limit);
            // Empty is an hour away from full.
            if full_at.since(now) > HOUR {
                return Err(exhausted(Some(full_at - HOUR)));
            }
            after.push((spender.clone(), full_at));
        }
        buckets.full_at.extend(after);
        buckets.sweep(now);
        Ok(())
    }
}

impl Buckets {
    /// Forgets full buckets whenever their number has doubled.
    fn sweep(&mut self, now: Timestamp) {
        if self.full_at.len() > self.sweep_at.max(SWEEP_ABOVE) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.sweep_at = self.full_at.len() * 2;
        }
    }
}

/// How long a bucket takes to get so many back. Rounded down, so that exactly `limit` fit into an hour.
fn cost(recipients: u64, limit: u64) -> Duration {
    let micros = u128::from(recipients) * HOUR.as_micros() / u128::from(limit.max(1));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use postern_core::TestClock;
    use proptest::prelude::*;

    use super::*;

    fn budgets() -> (Arc<TestClock>, Budgets) {
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_000_000)));
        (clock.clone(), Budgets::new(clock))
    }

    fn account(limit: u64) -> (Spender, Option<u64>) {
        (Spender::Account(AccountId(1)), Some(limit))
    }

    #[test]
    fn an_hours_worth_at_once_then_as_it_fills() {
        let (clock, budgets) = budgets();
        for _ in 0..100 {
            assert_eq!(budgets.spend(&[account(100)], 1), Ok(()));
        }
        let until = budgets.spend(&[account(100)], 2).unwrap_err().until.unwrap();
        assert_eq!(until.since(clock.now()), Duration::from_secs(72));
        clock.set(until);
        assert_eq!(budgets.spend(&[account(100)], 2), Ok(()));
        assert_eq!(budgets.spend(&[account(100)], 101).unwrap_err().until, None);
    }

    #[test]
    fn takes_from_all_or_from_none() {
        let (_, budgets) = budgets();
        let domain = (Spender::Domain(DomainName::parse("example.org").unwrap()), Some(3));
        assert_eq!(budgets.spend(&[account(10), domain.clone()], 3), Ok(()));
        assert_eq!(budgets.spend(&[account(10), domain.clone()], 1).unwrap_err().spender, domain.0);
        assert_eq!(budgets.spend(&[account(10)], 7), Ok(()), "the refused one cost the box nothing");
        assert_eq!(budgets.spend(&[(domain.0, None)], 1000), Ok(()), "no limit");
    }

    #[test]
    fn forgets_full_buckets() {
        let (clock, budgets) = budgets();
        for id in 0..10_000 {
            budgets.spend(&[(Spender::Account(AccountId(id)), Some(3600))], 1).unwrap();
            clock.advance(Duration::from_secs(1));
        }
        assert!(budgets.full_at.lock().unwrap().full_at.len() <= SWEEP_ABOVE + 1);
    }

    proptest! {
        #[test]
        fn never_more_than_twice_the_limit_in_an_hour(limit in 1_u64..500, steps in prop::collection::vec((1_u64..20, 0_u64..600), 1..200)) {
            let (clock, budgets) = budgets();
            let mut sent: Vec<(Timestamp, u64)> = Vec::new();
            for (recipients, pause) in steps {
                if budgets.spend(&[account(limit)], recipients).is_ok() {
                    sent.push((clock.now(), recipients));
                }
                let last_hour: u64 = sent.iter().filter(|(at, _)| clock.now().since(*at) < HOUR).map(|(_, n)| n).sum();
                prop_assert!(last_hour <= 2 * limit);
                clock.advance(Duration::from_secs(pause));
            }
        }
    }
}
