//! What ESEARCH asks: one search of several mailboxes (RFC 7377).

use super::{MailboxName, SearchArgs};

/// `source-mbox` (RFC 7377 §3): which mailboxes to search. A mailbox that several name is searched once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchSource {
    /// `selected`.
    Selected,
    /// `inboxes`: where mail arrives of itself.
    Inboxes,
    /// `personal`: all of the user's own.
    Personal,
    /// `subscribed`.
    Subscribed,
    /// `subtree`: these and all below them.
    Subtree(Vec<MailboxName>),
    /// `subtree-one`: these and those one level below.
    SubtreeOne(Vec<MailboxName>),
    /// `mailboxes`: these.
    Mailboxes(Vec<MailboxName>),
}

/// `esearch` (RFC 7377 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiSearchArgs {
    /// Where to look; at least one.
    pub sources: Vec<SearchSource>,
    /// What to find; always by UID and with RETURN.
    pub search: SearchArgs,
}

impl MultiSearchArgs {
    /// Whether nothing but the mailbox selected is searched.
    #[must_use]
    pub fn is_of_selected(&self) -> bool {
        self.sources.iter().all(|source| *source == SearchSource::Selected)
    }
}
