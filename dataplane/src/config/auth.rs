//! Logins: on what channel, how long one is remembered, how many may fail.

use std::time::Duration;

use super::reader::Reader;

/// Section `auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Whether passwords may be sent without TLS by peers that are not this machine.
    pub allow_plaintext: bool,
    /// How long a verified login is remembered, so that hashing costs a client once; `0` forgets at once.
    pub verified_ttl: Duration,
    /// Failures of one account or network until it must wait.
    pub failures: u32,
    /// Time after which failures are forgotten.
    pub failure_window: Duration,
}

impl Auth {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("auth");
        Self {
            allow_plaintext: section.value("allow_plaintext", false),
            verified_ttl: section.between("verified_ttl", Duration::from_mins(5), Duration::ZERO..=Duration::from_hours(1)),
            failures: section.between("failures", 10, 1..=10_000),
            failure_window: section.between("failure_window", Duration::from_mins(10), Duration::from_secs(1)..=Duration::from_hours(24)),
        }
    }
}
