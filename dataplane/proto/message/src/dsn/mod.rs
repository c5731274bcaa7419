//! Delivery status notifications (RFC 3464, RFC 6522): what a sender is told of a message that failed,
//! waits, or arrived; and the same read back from others.
//!
//! A notice is sent with an empty return path (RFC 3461 §6.1), so that it is never answered by another.
//! Everything in it is an argument, the boundary too: the same report makes the same octets.

mod compose;
mod original;
mod read;
mod words;

use postern_core::{Address, DomainName, Outcome, Timestamp, TraceId, envelope::Return};

pub use compose::{Notice, compose};
pub use read::{Bounce, BouncedRecipient, read};

/// Octets of the original that a notice returns at most; of a larger one only the header is returned.
pub const MAX_RETURNED: usize = 64 * 1024;

/// What became of the message for a recipient (RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It will not be delivered.
    Failed,
    /// Not yet; we go on trying.
    Delayed,
    /// It lies in the mailbox.
    Delivered,
    /// Handed to a server that tells nothing of delivery.
    Relayed,
}

impl Action {
    /// The word of the `Action` field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Failed, Self::Delayed, Self::Delivered, Self::Relayed].into_iter().find(|a| a.as_str().eq_ignore_ascii_case(word))
    }
}

/// A notice to be written.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// This host, which reports and is the notice's author.
    pub host: &'a DomainName,
    /// Who is told: the envelope sender of the message.
    pub to: &'a Address,
    /// The notice's own id.
    pub id: TraceId,
    /// When the notice is written.
    pub now: Timestamp,
    /// Parts the notice's parts; lengthened when the original contains it. Letters and digits, up to 60.
    pub boundary: &'a str,
    /// When the message came.
    pub arrived: Timestamp,
    /// ENVID as given, still in xtext.
    pub envid: Option<&'a str>,
    /// How much of the message the sender wants back; heeded when something failed (RFC 3461 §4.3).
    pub ret: Return,
    /// The message came with SMTPUTF8: the notice may be RFC 6533's.
    pub smtputf8: bool,
    /// The message.
    pub original: &'a [u8],
    /// What became of it, recipient by recipient; one at least.
    pub recipients: &'a [RecipientReport<'a>],
}

/// One recipient's part of a [`Report`].
#[derive(Clone, Copy, Debug)]
pub struct RecipientReport<'a> {
    /// Whom we tried to reach.
    pub address: &'a Address,
    /// ORCPT as `type;address`, still in xtext.
    pub original: Option<&'a str>,
    /// What became of it.
    pub action: Action,
    /// Why; `None` for success.
    pub outcome: Option<&'a Outcome>,
    /// Who said so, when it was another server.
    pub remote: Option<Remote<'a>>,
    /// How often we tried.
    pub attempts: u32,
    /// When we last tried.
    pub last_attempt: Option<Timestamp>,
    /// Until when we go on trying.
    pub retry_until: Option<Timestamp>,
}

/// The other server and its words.
#[derive(Clone, Copy, Debug)]
pub struct Remote<'a> {
    /// Its name, or its address in brackets.
    pub name: &'a str,
    /// Its reply, as `550 5.1.1 No such user`; lines of one reply parted by line breaks. Empty when it said nothing.
    pub reply: &'a str,
}
