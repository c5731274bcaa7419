//! Sizes that the machines enforce and time-outs that their callers must.

use std::time::Duration;

/// Longest command line with its CRLF. RFC 5321 §4.5.3.1.4 says 512 and lets extensions add to it: SMTPUTF8, DSN and
/// AUTH= together stay below 4096.
pub const COMMAND_LINE: usize = 4096;

/// Longest AUTH command and longest answer to a challenge (RFC 4954 §4).
pub const AUTH_LINE: usize = 12_288;

/// Longest path with its angle brackets (RFC 5321 §4.5.3.1.3).
pub const PATH: usize = 256;

/// Recipients that must be taken in one transaction (RFC 5321 §4.5.3.1.8): the least that a limit may be.
pub const MIN_RECIPIENTS: u32 = 100;

/// Longest reply line that our client reads; RFC 5321 §4.5.3.1.5 allows 512, real servers write more.
pub const REPLY_LINE: usize = 4096;

/// Most lines of one reply that our client reads.
pub const REPLY_LINES: usize = 128;

/// How long a server waits for the next command (RFC 5321 §4.5.3.2.7).
pub const SERVER_TIMEOUT: Duration = Duration::from_mins(5);

/// How long a client waits for the greeting (RFC 5321 §4.5.3.2.1).
pub const GREETING_TIMEOUT: Duration = Duration::from_mins(5);

/// How long a client waits for the reply to MAIL (RFC 5321 §4.5.3.2.2).
pub const MAIL_TIMEOUT: Duration = Duration::from_mins(5);

/// How long a client waits for the reply to RCPT (RFC 5321 §4.5.3.2.3).
pub const RCPT_TIMEOUT: Duration = Duration::from_mins(5);

/// How long a client waits for the 354 to DATA (RFC 5321 §4.5.3.2.4).
pub const DATA_TIMEOUT: Duration = Duration::from_mins(2);

/// How long a client waits for each block of the message to be taken (RFC 5321 §4.5.3.2.5).
pub const BLOCK_TIMEOUT: Duration = Duration::from_mins(3);

/// How long a client waits for the reply to the end of the message (RFC 5321 §4.5.3.2.6): giving up earlier makes
/// copies (RFC 1047).
pub const END_OF_DATA_TIMEOUT: Duration = Duration::from_mins(10);
