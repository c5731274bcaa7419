//! IMAP: sizes and patience.

use std::time::Duration;

use postern_core::ByteSize;

use super::reader::Reader;

/// Section `imap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imap {
    /// Largest message of APPEND (RFC 7889).
    pub append_limit: ByteSize,
    /// Most messages that one command works on (RFC 9738); 0 for all.
    pub message_limit: u32,
    /// Time to log in.
    pub login_timeout: Duration,
    /// Inactivity after which a session ends; RFC 9051 §5.4 asks for 30 minutes at least.
    pub idle_timeout: Duration,
}

impl Imap {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("imap");
        Self {
            append_limit: section.between("append_limit", ByteSize(50 << 20), ByteSize(64 << 10)..=ByteSize(1 << 30)),
            message_limit: section.between("message_limit", 0, 0..=u32::MAX),
            login_timeout: section.between("login_timeout", Duration::from_mins(1), Duration::from_secs(1)..=Duration::from_mins(30)),
            idle_timeout: section.between("idle_timeout", Duration::from_mins(31), Duration::from_mins(30)..=Duration::from_hours(24)),
        }
    }
}
