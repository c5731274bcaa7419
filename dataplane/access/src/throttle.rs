//! Guessing made slow: failures are counted per account and per client network, and after the first few each one
//! closes the door for twice as long as the one before.
//!
//! Pure over a clock. Memory is bounded: the key least recently used is forgotten first.

use std::{net::IpAddr, sync::Arc, time::Duration};

use moka::{ops::compute::Op, policy::EvictionPolicy, sync::Cache};
use postern_core::{Address, Clock, Network, Timestamp};

/// How many failures are forgiven, and what the others cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures without consequence.
    pub free: u32,
    /// How long the door stays closed after the first one beyond.
    pub first: Duration,
    /// The longest that it stays closed: the lock-out.
    pub longest: Duration,
    /// Failures are forgotten so long after the last one (and after the door has opened again).
    pub forget: Duration,
}

/// The throttle's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For one account, from wherever.
    pub account: Policy,
    /// For one client network, to whatever account.
    pub network: Policy,
    /// Prefix that makes an IPv4 client's network.
    pub v4_prefix: u8,
    /// The same for IPv6.
    pub v6_prefix: u8,
    /// Keys that are kept at most.
    pub capacity: u64,
}

impl Default for Settings {
    /// 10 free per account and 50 per /24 or /64, then 1 s doubling to 15 min, forgotten after an hour.
    fn default() -> Self {
        let account =
            Policy { free: 10, first: Duration::from_secs(1), longest: Duration::from_secs(900), forget: Duration::from_secs(3600) };
        Self { account, network: Policy { free: 50, ..account }, v4_prefix: 24, v6_prefix: 64, capacity: 100_000 }
    }
}

/// Whose failures count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A login name, hashed; also one that no account has, so that throttling tells nobody which exist.
    Account([u8; 16]),
    /// A network.
    Network(Network),
}

impl Key {
    /// The key of a login name. Neither case matters nor how an address is quoted: each spelling would buy a guesser
    /// the free failures anew.
    #[must_use]
    pub fn account(login: &str) -> Self {
        let mut short = [0; 16];
        blake3::Hasher::new().update(spelled(login).as_bytes()).finalize_xof().fill(&mut short);
        Self::Account(short)
    }
}

/// The one spelling of a login name.
pub(crate) fn spelled(login: &str) -> String {
    Address::parse(login).map_or_else(|_| login.to_lowercase(), |address| address.key())
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    closed_until: Timestamp,
}

/// The counts. Clones share them.
#[derive(Clone, Debug)]
pub struct Throttle {
    settings: Settings,
    counts: Cache<Key, Count>,
    clock: Arc<dyn Clock>,
}

impl Throttle {
    /// Nobody has failed yet.
    #[must_use]
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let counts = Cache::builder().max_capacity(settings.capacity).eviction_policy(EvictionPolicy::lru()).build();
        Self { settings, counts, clock }
    }

    /// The network that a client counts under.
    #[must_use]
    pub fn network(&self, client: IpAddr) -> Network {
        Network::of_client(client, self.settings.v4_prefix, self.settings.v6_prefix)
    }

    /// Whether a key may try now.
    ///
    /// # Errors
    /// The time at which it may.
    pub fn check(&self, key: Key) -> Result<(), Timestamp> {
        match self.counts.get(&key) {
            Some(count) if self.clock.now() < count.closed_until => Err(count.closed_until),
            _ => Ok(()),
        }
    }

    /// Counts a failure.
    pub fn failed(&self, key: Key) {
        let (now, policy) = (self.clock.now(), self.policy(key));
        self.counts.entry(key).and_compute_with(|entry| {
            let before = entry.map(|e| *e.value()).filter(|count| now.since(count.closed_until) < policy.forget);
            let failures = before.map_or(0, |count| count.failures).saturating_add(1);
            // An attempt that was let in before the door closed must not open it earlier.
            let closed_until = before.map_or(now, |count| count.closed_until).max(now + penalty(policy, failures));
            Op::Put(Count { failures, closed_until })
        });
    }

    /// A success: the account's failures are forgotten. The network's are not, for one good account would
    /// otherwise buy any number of guesses at others.
    pub fn succeeded(&self, account: Key) {
        if matches!(account, Key::Account(_)) {
            self.counts.invalidate(&account);
        }
    }

    const fn policy(&self, key: Key) -> Policy {
        match key {
            Key::Account(_) => self.settings.account,
            Key::Network(_) => self.settings.network,
        }
    }
}

/// Zero for the free ones, then doubling.
fn penalty(policy: Policy, failures: u32) -> Duration {
    match failures.checked_sub(policy.free.saturating_add(1)) {
        None => Duration::ZERO,
        Some(beyond) => policy.first.saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX)).min(policy.longest),
    }
}

#[cfg(test)]
mod tests {
    use postern_core::TestClock;
    use proptest::prelude::*;

    use super::*;

    fn throttle(settings: Settings) -> (Arc<TestClock>, Throttle) {
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_000_000)));
        (clock.clone(), Throttle::new(settings, clock))
    }

    #[test]
    fn grows_is_capped_and_forgets() {
        let (clock, throttle) = throttle(Settings::default());
        let (key, policy) = (Key::account("alice@example.org"), Settings::default().account);
        for _ in 0..policy.free {
            throttle.failed(key);
            assert_eq!(throttle.check(key), Ok(()));
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            throttle.failed(key);
            let until = clock.now() + Duration::from_secs(seconds);
            assert_eq!(throttle.check(key), Err(until));
            clock.set(until);
            assert_eq!(throttle.check(key), Ok(()));
        }
        clock.advance(policy.forget);
        throttle.failed(key);
        assert_eq!(throttle.check(key), Ok(()), "after an hour it begins anew");
    }

    #[test]
    fn success_forgives_the_account_but_not_the_network() {
        let (_, throttle) = throttle(Settings::default());
        let (account, network) = (Key::account("a@example.org"), Key::Network(throttle.network("192.0.2.7".parse().unwrap())));
        for _ in 0..60 {
            throttle.failed(account);
            throttle.failed(network);
        }
        throttle.succeeded(Key::account("A@Example.org"));
        throttle.succeeded(network);
        assert_eq!(throttle.check(account), Ok(()));
        assert!(throttle.check(network).is_err());
        let neighbour = Key::Network(throttle.network("192.0.2.200".parse().unwrap()));
        assert!(throttle.check(neighbour).is_err(), "one /24 is one client");
    }

    #[test]
    fn one_address_counts_once_however_it_is_written() {
        let (_, throttle) = throttle(Settings::default());
        let spellings = ["alice@example.org", "\"alice\"@example.org", r#""\alice"@example.org"#, r#""a\li\ce"@EXAMPLE.org"#];
        for spelling in spellings.iter().cycle().take(11) {
            throttle.failed(Key::account(spelling));
        }
        assert!(spellings.iter().all(|spelling| throttle.check(Key::account(spelling)).is_err()));
        assert_eq!(throttle.check(Key::account("bob@example.org")), Ok(()));
        assert_ne!(Key::account("no address"), Key::account("another"));
    }

    proptest! {
        /// However it is timed, a guesser gets no more tries in a day than the free ones and one per penalty.
        #[test]
        fn tries_in_a_day_are_bounded(pauses in prop::collection::vec(0_u64..2000, 1..400)) {
            let (clock, throttle) = throttle(Settings::default());
            let key = Key::account("victim@example.org");
            let end = clock.now() + Duration::from_secs(86_400);
            let mut tries = 0_u32;
            for pause in pauses.iter().cycle().take(5000) {
                if clock.now() >= end {
                    break;
                }
                if throttle.check(key).is_ok() {
                    throttle.failed(key);
                    tries += 1;
                }
                clock.advance(Duration::from_secs(*pause));
            }
            // 10 free, 10 on the way up to 900 s, one per 900 s afterwards.
            prop_assert!(tries <= 10 + 10 + 86_400 / 900 + 1, "{tries}");
        }

        /// A failure never opens a door earlier.
        #[test]
        fn doors_never_open_early(pauses in prop::collection::vec(0_u64..100, 1..60)) {
            let (clock, throttle) = throttle(Settings::default());
            let key = Key::account("a@example.org");
            let mut closed_until = Timestamp::default();
            for pause in pauses {
                throttle.failed(key);
                let until = throttle.check(key).err().unwrap_or_default();
                prop_assert!(until >= closed_until || clock.now() >= closed_until);
                closed_until = until;
                clock.advance(Duration::from_secs(pause));
            }
        }
    }
}
