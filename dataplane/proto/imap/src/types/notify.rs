//! NOTIFY: what a client wants to hear without asking (RFC 5465).

use super::{FetchItem, MailboxName};

/// `notify` (RFC 5465 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notify {
    /// `NONE`: nothing.
    None,
    /// `SET`: this, in the place of all before.
    Set(NotifySet),
}

/// `notify-set = "SET" [SP "STATUS"] SP event-group *(SP event-group)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifySet {
    /// `STATUS`: of every mailbox watched, at once.
    pub status: bool,
    /// The first group that holds a mailbox decides for it.
    pub groups: Vec<EventGroup>,
}

/// `event-group = "(" filter-mailboxes SP events ")"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventGroup {
    /// Of which mailboxes.
    pub mailboxes: NotifyMailboxes,
    /// What.
    pub events: NotifyEvents,
}

/// `filter-mailboxes` (RFC 5465 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyMailboxes {
    /// `SELECTED`, and `SELECTED-DELAYED`, which leaves EXPUNGE for the moments that RFC 9051 §7.5.1 allows.
    Selected {
        /// `SELECTED-DELAYED`.
        delayed: bool,
    },
    /// `INBOXES`: where mail arrives of itself.
    Inboxes,
    /// `PERSONAL`: all of the user's own.
    Personal,
    /// `SUBSCRIBED`.
    Subscribed,
    /// `SUBTREE`: these and all below them.
    Subtree(Vec<MailboxName>),
    /// `MAILBOXES`: these.
    Mailboxes(Vec<MailboxName>),
}

/// `events`; all false is `NONE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyEvents {
    /// `MessageNew` and `MessageExpunge`, which come together (RFC 5465 §5.2).
    pub messages: bool,
    /// What FETCH tells of a new message; only of the mailbox selected.
    pub fetch: Vec<FetchItem>,
    /// `FlagChange`.
    pub flags: bool,
    /// `MailboxName`: made, deleted, renamed.
    pub names: bool,
    /// `SubscriptionChange`.
    pub subscriptions: bool,
}

impl NotifySet {
    /// The group of the mailbox selected.
    #[must_use]
    pub fn selected(&self) -> Option<(&NotifyEvents, bool)> {
        self.groups.iter().find_map(|group| match group.mailboxes {
            NotifyMailboxes::Selected { delayed } => Some((&group.events, delayed)),
            _ => None,
        })
    }
}
