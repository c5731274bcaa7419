//! SMTP as a server: sizes, counts, patience.

use std::time::Duration;

use postern_core::ByteSize;

use super::reader::Reader;

/// Section `smtp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Largest message taken (RFC 1870).
    pub max_message_size: ByteSize,
    /// What messages that come in at once may take of memory together; beyond it they are told to come later.
    pub receive_memory: ByteSize,
    /// Recipients of a transaction at most; RFC 5321 §4.5.3.1.8 asks for 100 at least.
    pub max_recipients: u32,
    /// Errors and refusals after which the session ends.
    pub max_errors: u32,
    /// Transactions of a session at most.
    pub max_transactions: u32,
    /// Time to wait for the next command; RFC 5321 §4.5.3.2.7 asks for 5 minutes.
    pub command_timeout: Duration,
    /// Time to wait for the next piece of a message.
    pub data_timeout: Duration,
}

impl Smtp {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("smtp");
        let patience = Duration::from_secs(1)..=Duration::from_hours(1);
        Self {
            // RFC 5321 §4.5.3.1.7: at least 64K octets.
            max_message_size: section.between("max_message_size", ByteSize(50 << 20), ByteSize(64 << 10)..=ByteSize(1 << 30)),
            receive_memory: section.between("receive_memory", ByteSize(512 << 20), ByteSize(1 << 20)..=ByteSize(1 << 40)),
            max_recipients: section.between("max_recipients", 1000, 100..=100_000),
            max_errors: section.between("max_errors", 50, 1..=10_000),
            max_transactions: section.between("max_transactions", 10_000, 1..=u32::MAX),
            command_timeout: section.between("command_timeout", Duration::from_mins(5), patience.clone()),
            data_timeout: section.between("data_timeout", Duration::from_mins(5), patience),
        }
    }
}
