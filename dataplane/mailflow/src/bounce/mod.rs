//! Notices to senders (RFC 3464): when one is due, and how it comes into the world together with what it tells of.
//!
//! ```text
//! recipients of one message ─▶ Notable… ─▶ one notice ─▶ sender's box here   (notice first, then the settlement)
//!                                                   └──▶ sender elsewhere    (queued in the settlement's transaction)
//! ```
//! A crash may make a second notice, never none. A notice is never written about a notice: its sender is `<>`.

mod notices;

use async_trait::async_trait;
use postern_core::{AccountId, Address, Outcome, Recipient, Timestamp};
use postern_message::dsn::Action;
use postern_store::{StoreError, queue::QueueItem};

pub use self::notices::Notices;

/// Where a notice to an address goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Into this box.
    Box(AccountId),
    /// To the server that serves it.
    Elsewhere,
    /// Nowhere: the domain is ours and the address is not in it.
    Nobody,
}

/// Knows the addresses of this installation.
#[async_trait]
pub trait LocalAddresses: Send + Sync {
    /// Whose address a sender's is: box, alias and alias domain looked through.
    ///
    /// # Errors
    /// When the directory cannot be read now.
    async fn find(&self, sender: &Address) -> Result<Whose, StoreError>;
}

/// What a notice says of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notable {
    /// Whom we tried to reach.
    pub recipient: Recipient,
    /// What became of it.
    pub action: Action,
    /// Why; `None` for success.
    pub outcome: Option<Outcome>,
    /// The other server's name and its reply.
    pub remote: Option<(String, String)>,
    /// Attempts in all.
    pub attempts: u32,
    /// The last of them.
    pub last_attempt: Timestamp,
    /// Until when we go on, when we do.
    pub retry_until: Timestamp,
}

/// Whether the sender of a queued message is to hear of this (RFC 3461 §4.1, RFC 5321 §6.1).
///
/// Only a user of ours is told. What a stranger brought and an alias or a split domain hands on bears a sender that
/// nobody has verified: a notice would as a rule reach somebody who never wrote (RFC 3834 §2; backscatter). The trail
/// tells what became of it.
#[must_use]
pub fn wants(item: &QueueItem, action: Action) -> bool {
    let notify = item.recipient.notify;
    item.message.sender.is_some()
        && item.message.account.is_some()
        && match action {
            Action::Failed => notify.wants_failure(),
            Action::Delayed => notify.wants_delay(),
            Action::Delivered | Action::Relayed => notify.given && notify.success,
        }
}
