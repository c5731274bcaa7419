//! NOTIFY (RFC 5465): what a client hears of mailboxes that it has not selected.
//!
//! The folders' rows are kept as the client was last told of them. When the account moves on they are read
//! again, and the difference is what there is to tell: a decision without I/O ([`changes`]). Of the mailbox
//! selected its own snapshot tells, as ever; only the moment is another.

use std::collections::{HashMap, HashSet};

use postern_core::{AccountId, FolderId};
use postern_proto_imap::types::{DELIMITER, MailboxName, NotifyEvents, NotifyMailboxes, NotifySet};
use postern_store::{
    Result,
    changes::Subscription,
    mail::{Folder, INBOX, SpecialUse, boxes::Boxes},
};

/// Changes told at a time; more is more than the client can want to hear one by one (RFC 5465 §5.8).
const MOST: usize = 1_000;

/// What one session watches.
pub(crate) struct Watch {
    pub set: NotifySet,
    known: Vec<Folder>,
    feed: Subscription,
    behind: bool,
}

/// One thing to tell of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Messages came, went or changed: STATUS.
    Messages(Folder),
    /// It was made: LIST.
    Made(Folder),
    /// It has another name now: LIST with OLDNAME.
    Renamed(Folder, String),
    /// It was deleted: LIST with `\NonExistent`.
    Deleted(String),
    /// It was subscribed, or not any more: LIST.
    Subscription(Folder),
}

impl Watch {
    /// Watches from now on.
    ///
    /// # Errors
    /// As the database says.
    pub async fn new(boxes: &Boxes, account: AccountId, set: NotifySet) -> Result<Self> {
        // Listen first, look then.
        let feed = boxes.subscribe(account);
        Ok(Self { set, known: boxes.folders(account).await?, feed, behind: false })
    }

    /// Waits until there may be something to tell. Cancel safe.
    pub async fn news(&mut self) {
        if self.behind {
            return Box::pin(tokio::time::sleep(std::time::Duration::from_secs(1))).await;
        }
        self.feed.moved().await;
        self.behind = true;
    }

    /// The mailboxes, other than the one selected, whose messages are watched: for STATUS at the beginning.
    pub fn watched(&self, selected: Option<FolderId>) -> impl Iterator<Item = &Folder> {
        self.known
            .iter()
            .filter(move |folder| Some(folder.id) != selected && events(&self.set, folder).is_some_and(|events| events.messages))
    }

    /// What has changed since this was last called; `None` when it is more than is told.
    ///
    /// # Errors
    /// As the database says; the next call looks again.
    pub async fn changes(&mut self, boxes: &Boxes, account: AccountId, selected: Option<FolderId>) -> Result<Option<Vec<Change>>> {
        if !self.behind && !self.feed.has_moved() {
            return Ok(Some(Vec::new()));
        }
        self.feed.seen();
        self.behind = true;
        let now = boxes.folders(account).await?;
        self.behind = false;
        let changes = changes(&self.set, &self.known, &now, selected);
        self.known = now;
        Ok((changes.len() <= MOST).then_some(changes))
    }
}

/// The difference between two states of an account's mailboxes, so far as it is wanted.
fn changes(set: &NotifySet, before: &[Folder], now: &[Folder], selected: Option<FolderId>) -> Vec<Change> {
    let old: HashMap<FolderId, &Folder> = before.iter().map(|folder| (folder.id, folder)).collect();
    let left: HashSet<FolderId> = now.iter().map(|folder| folder.id).collect();
    let wanted = |folder: &Folder| events(set, folder);
    let mut changes = Vec::new();
    for folder in now {
        let events = wanted(folder);
        let Some(old) = old.get(&folder.id) else {
            if events.is_some_and(|events| events.names) {
                changes.push(Change::Made(folder.clone()));
            }
            continue;
        };
        if old.name != folder.name && (events.is_some_and(|e| e.names) || wanted(old).is_some_and(|e| e.names)) {
            changes.push(Change::Renamed(folder.clone(), old.name.clone()));
        }
        if old.subscribed != folder.subscribed && events.is_some_and(|events| events.subscriptions) {
            changes.push(Change::Subscription(folder.clone()));
        }
        if Some(folder.id) != selected && events.is_some_and(|events| is_told(events, old, folder)) {
            changes.push(Change::Messages(folder.clone()));
        }
    }
    for folder in before {
        if !left.contains(&folder.id) && wanted(folder).is_some_and(|events| events.names) {
            changes.push(Change::Deleted(folder.name.clone()));
        }
    }
    changes
}

/// Whether what happened to the messages is wanted. FlagChange is every change of the mod-sequence.
fn is_told(events: &NotifyEvents, old: &Folder, folder: &Folder) -> bool {
    let came_or_went = (old.uid_next, old.messages) != (folder.uid_next, folder.messages);
    (events.messages && came_or_went) || (events.flags && old.modseq != folder.modseq)
}

/// The events of the first group that holds a mailbox (RFC 5465 §3.1).
fn events<'s>(set: &'s NotifySet, folder: &Folder) -> Option<&'s NotifyEvents> {
    set.groups.iter().find(|group| holds(&group.mailboxes, folder)).map(|group| &group.events)
}

fn holds(mailboxes: &NotifyMailboxes, folder: &Folder) -> bool {
    let below =
        |name: &MailboxName| folder.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(DELIMITER));
    match mailboxes {
        NotifyMailboxes::Selected { .. } => false,
        // RFC 5465 §6.3: where delivery puts mail of itself.
        NotifyMailboxes::Inboxes => folder.id == INBOX || folder.special_use == Some(SpecialUse::Junk),
        NotifyMailboxes::Personal => true,
        NotifyMailboxes::Subscribed => folder.subscribed,
        NotifyMailboxes::Subtree(names) => names.iter().any(below),
        NotifyMailboxes::Mailboxes(names) => names.iter().any(|name| name.as_str() == folder.name),
    }
}

#[cfg(test)]
mod tests {
    use postern_proto_imap::types::EventGroup;

    use super::*;

    fn folder(id: i64, name: &str) -> Folder {
        Folder {
            id: FolderId(id),
            name: name.into(),
            special_use: None,
            subscribed: true,
            uid_validity: 1,
            uid_next: 5,
            modseq: 7,
            history_floor: 1,
            messages: 4,
            unseen: 0,
            deleted: 0,
            size: 0,
        }
    }

    fn set(groups: Vec<(NotifyMailboxes, NotifyEvents)>) -> NotifySet {
        let groups = groups.into_iter().map(|(mailboxes, events)| EventGroup { mailboxes, events }).collect();
        NotifySet { status: false, groups }
    }

    fn all() -> NotifyEvents {
        NotifyEvents { messages: true, fetch: Vec::new(), flags: true, names: true, subscriptions: true }
    }

    #[test]
    fn the_first_group_decides() {
        let work = MailboxName::new("Work").unwrap();
        let set = set(vec![(NotifyMailboxes::Subtree(vec![work]), NotifyEvents::default()), (NotifyMailboxes::Personal, all())]);
        let before = [folder(1, "INBOX"), folder(2, "Work/Bills"), folder(3, "Workers")];
        let mut now = before.clone();
        now.iter_mut().for_each(|folder| folder.messages += 1);
        assert_eq!(changes(&set, &before, &now, None), [Change::Messages(now[0].clone()), Change::Messages(now[2].clone())]);
        assert_eq!(changes(&set, &before, &now, Some(FolderId(1))), [Change::Messages(now[2].clone())], "not of the one selected");
    }

    #[test]
    fn names_and_subscriptions_are_told_where_wanted() {
        let set = set(vec![(NotifyMailboxes::Personal, NotifyEvents { messages: false, flags: false, ..all() })]);
        let before = [folder(1, "INBOX"), folder(2, "Old"), folder(3, "Gone")];
        let now = [Folder { subscribed: false, modseq: 9, ..folder(1, "INBOX") }, folder(2, "New"), folder(4, "Made")];
        assert_eq!(
            changes(&set, &before, &now, None),
            [
                Change::Subscription(now[0].clone()),
                Change::Renamed(now[1].clone(), "Old".into()),
                Change::Made(now[2].clone()),
                Change::Deleted("Gone".into()),
            ]
        );
    }

    #[test]
    fn flags_are_told_only_when_asked_for() {
        let group = |flags| set(vec![(NotifyMailboxes::Inboxes, NotifyEvents { messages: true, flags, ..NotifyEvents::default() })]);
        let before = [folder(1, "INBOX"), folder(2, "Work")];
        let now = before.clone().map(|folder| Folder { modseq: 8, ..folder });
        assert!(changes(&group(false), &before, &now, None).is_empty());
        assert_eq!(changes(&group(true), &before, &now, None), [Change::Messages(now[0].clone())]);
    }
}
