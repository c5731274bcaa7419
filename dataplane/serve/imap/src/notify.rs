//! NOTIFY (RFC 5465): what a client hears of mailboxes that it has not selected.
//!
//! The folders' rows are kept as the client was last told of them. When the account moves on they are read
//! again, and the difference is what there is to tell: a decision without I/O ([`changes`]). Of the mailbox
//! selected its own snapshot tells, as ever; only the moment is another.
//!
//! Folders that others share are watched where a group names them or they are subscribed, each owner's account by an ear of its
//! own, and as far as the rights go (RFC 5465 §7, RFC 4314 §4): what may not be looked up is not there, and of what may not be read
//! no message is told. Rights are looked at again whenever one of the accounts has moved on.

use std::{
    collections::{HashMap, HashSet},
    future::poll_fn,
    task::Poll,
};

use postern_access::Login;
use postern_core::{AccountId, FolderId, Rights};
use postern_proto_imap::types::{DELIMITER, MailboxName, NotifyEvents, NotifyMailboxes, NotifySet};
use postern_store::{
    changes::Subscription,
    mail::{Folder, INBOX, SpecialUse},
};

use crate::{command, refused::Refused, service::Shared};

/// Changes told at a time; more is more than the client can want to hear one by one (RFC 5465 §5.8).
const MOST: usize = 1_000;

/// What one session watches.
pub(crate) struct Watch {
    pub set: NotifySet,
    own: AccountId,
    known: Vec<Watched>,
    /// The own account's ear first, then those of owners whose folders are watched.
    feeds: Vec<(AccountId, Subscription)>,
    behind: bool,
}

/// A mailbox that may be watched: its row, under the name that it has here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Whose it is.
    pub account: AccountId,
    /// It is the session's own.
    pub own: bool,
    /// Its messages may be read.
    pub reads: bool,
    /// The row; the name is the session's name for it, subscribed is the session's subscription.
    pub folder: Folder,
}

/// One thing to tell of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Messages came, went or changed: STATUS.
    Messages(Watched),
    /// It was made, or shared: LIST.
    Made(Folder),
    /// It has another name now: LIST with OLDNAME.
    Renamed(Folder, String),
    /// It was deleted, or is no longer shared: LIST with `\NonExistent`.
    Deleted(String),
    /// It was subscribed, or not any more: LIST.
    Subscription(Folder),
}

impl Watch {
    /// Watches from now on.
    ///
    /// # Errors
    /// As the database says.
    pub async fn new(shared: &Shared, login: &Login, set: NotifySet) -> Result<Self, Refused> {
        // Listen first, look then.
        let feed = shared.store.boxes.subscribe(login.account);
        let mut watch = Self { set, own: login.account, known: Vec::new(), feeds: vec![(login.account, feed)], behind: false };
        watch.known = watch.look(shared, login).await?;
        Ok(watch)
    }

    /// Waits until there may be something to tell. Cancel safe.
    pub async fn news(&mut self) {
        if self.behind {
            return Box::pin(tokio::time::sleep(std::time::Duration::from_secs(1))).await;
        }
        let mut ears: Vec<_> = self.feeds.iter_mut().map(|(_, feed)| Box::pin(feed.moved())).collect();
        let heard = poll_fn(|context| {
            let any = ears.iter_mut().any(|ear| ear.as_mut().poll(context).is_ready());
            if any { Poll::Ready(()) } else { Poll::Pending }
        });
        heard.await;
        drop(ears);
        self.behind = true;
    }

    /// The mailboxes, other than the one selected, whose messages are watched: for STATUS at the beginning.
    pub fn watched(&self, selected: Option<(AccountId, FolderId)>) -> impl Iterator<Item = &Watched> {
        self.known.iter().filter(move |watched| {
            Some(watched.key()) != selected && watched.reads && events(&self.set, watched).is_some_and(|events| events.messages)
        })
    }

    /// What has changed since this was last called; `None` when it is more than is told.
    ///
    /// # Errors
    /// As the database says; the next call looks again.
    pub async fn changes(
        &mut self,
        shared: &Shared,
        login: &Login,
        selected: Option<(AccountId, FolderId)>,
    ) -> Result<Option<Vec<Change>>, Refused> {
        if !self.behind && !self.feeds.iter().any(|(_, feed)| feed.has_moved()) {
            return Ok(Some(Vec::new()));
        }
        for (_, feed) in &mut self.feeds {
            feed.seen();
        }
        self.behind = true;
        let now = self.look(shared, login).await?;
        self.behind = false;
        let changes = changes(&self.set, &self.known, &now, selected);
        self.known = now;
        Ok((changes.len() <= MOST).then_some(changes))
    }

    /// The mailboxes as they are, and an ear for every owner among them.
    async fn look(&mut self, shared: &Shared, login: &Login) -> Result<Vec<Watched>, Refused> {
        let boxes = &shared.store.boxes;
        let of_others = self.set.groups.iter().any(|group| may_hold_others(&group.mailboxes));
        if of_others {
            let owners: HashSet<AccountId> =
                boxes.shared_with(login.account, &login.tenant).await?.into_iter().map(|shared| shared.account).collect();
            self.feeds.retain(|(account, _)| *account == self.own || owners.contains(account));
            for owner in owners {
                if self.feeds.iter().all(|(account, _)| *account != owner) {
                    self.feeds.push((owner, boxes.subscribe(owner)));
                }
            }
        }
        let (own, missing) = boxes.folders_with_missing(self.own).await?;
        let mut known: Vec<_> = own.into_iter().map(|folder| Watched { account: self.own, own: true, reads: true, folder }).collect();
        if of_others {
            let subscribed: HashSet<String> = missing.into_iter().collect();
            for (name, found) in command::of_others(shared, login).await? {
                let reads = found.rights.contains(Rights::READ);
                let subscribed = subscribed.contains(name.as_str());
                let folder = Folder { name: name.as_str().to_owned(), subscribed, ..found.folder };
                known.push(Watched { account: found.account, own: false, reads, folder });
            }
        }
        Ok(known)
    }
}

impl Watched {
    const fn key(&self) -> (AccountId, FolderId) {
        (self.account, self.folder.id)
    }
}

/// The difference between two states of the mailboxes, so far as it is wanted.
fn changes(set: &NotifySet, before: &[Watched], now: &[Watched], selected: Option<(AccountId, FolderId)>) -> Vec<Change> {
    let old: HashMap<_, &Watched> = before.iter().map(|watched| (watched.key(), watched)).collect();
    let left: HashSet<_> = now.iter().map(Watched::key).collect();
    let wanted = |watched: &Watched| events(set, watched);
    let mut changes = Vec::new();
    for watched in now {
        let (events, folder) = (wanted(watched), &watched.folder);
        let Some(old) = old.get(&watched.key()) else {
            if events.is_some_and(|events| events.names) {
                changes.push(Change::Made(folder.clone()));
            }
            continue;
        };
        if old.folder.name != folder.name && (events.is_some_and(|e| e.names) || wanted(old).is_some_and(|e| e.names)) {
            changes.push(Change::Renamed(folder.clone(), old.folder.name.clone()));
        }
        if old.folder.subscribed != folder.subscribed && events.is_some_and(|events| events.subscriptions) {
            changes.push(Change::Subscription(folder.clone()));
        }
        let told = Some(watched.key()) != selected && watched.reads;
        if told && events.is_some_and(|events| is_told(events, &old.folder, folder)) {
            changes.push(Change::Messages(watched.clone()));
        }
    }
    for watched in before {
        if !left.contains(&watched.key()) && wanted(watched).is_some_and(|events| events.names) {
            changes.push(Change::Deleted(watched.folder.name.clone()));
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
fn events<'s>(set: &'s NotifySet, watched: &Watched) -> Option<&'s NotifyEvents> {
    set.groups.iter().find(|group| holds(&group.mailboxes, watched)).map(|group| &group.events)
}

fn holds(mailboxes: &NotifyMailboxes, watched: &Watched) -> bool {
    let Watched { own, folder, .. } = watched;
    let below =
        |name: &MailboxName| folder.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(DELIMITER));
    match mailboxes {
        NotifyMailboxes::Selected { .. } => false,
        // RFC 5465 §6.3: where delivery puts mail of itself.
        NotifyMailboxes::Inboxes => *own && (folder.id == INBOX || folder.special_use == Some(SpecialUse::Junk)),
        NotifyMailboxes::Personal => *own,
        NotifyMailboxes::Subscribed => folder.subscribed,
        NotifyMailboxes::Subtree(names) => names.iter().any(below),
        NotifyMailboxes::Mailboxes(names) => names.iter().any(|name| name.as_str() == folder.name),
    }
}

/// Whether a group can hold what somebody else shares; of most none can, and then nobody looks.
fn may_hold_others(mailboxes: &NotifyMailboxes) -> bool {
    match mailboxes {
        NotifyMailboxes::Selected { .. } | NotifyMailboxes::Inboxes | NotifyMailboxes::Personal => false,
        NotifyMailboxes::Subscribed => true,
        NotifyMailboxes::Subtree(names) | NotifyMailboxes::Mailboxes(names) => names.iter().any(MailboxName::is_of_others),
    }
}

#[cfg(test)]
mod tests {
    use postern_proto_imap::types::EventGroup;

    use super::*;

    fn folder(id: i64, name: &str) -> Watched {
        let folder = Folder {
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
        };
        Watched { account: AccountId(1), own: true, reads: true, folder }
    }

    fn changed(watched: Watched, change: impl FnOnce(&mut Folder)) -> Watched {
        let mut watched = watched;
        change(&mut watched.folder);
        watched
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
        now.iter_mut().for_each(|watched| watched.folder.messages += 1);
        assert_eq!(changes(&set, &before, &now, None), [Change::Messages(now[0].clone()), Change::Messages(now[2].clone())]);
        assert_eq!(
            changes(&set, &before, &now, Some((AccountId(1), FolderId(1)))),
            [Change::Messages(now[2].clone())],
            "not of the one selected"
        );
    }

    #[test]
    fn names_and_subscriptions_are_told_where_wanted() {
        let set = set(vec![(NotifyMailboxes::Personal, NotifyEvents { messages: false, flags: false, ..all() })]);
        let before = [folder(1, "INBOX"), folder(2, "Old"), folder(3, "Gone")];
        let now = [changed(folder(1, "INBOX"), |inbox| (inbox.subscribed, inbox.modseq) = (false, 9)), folder(2, "New"), folder(4, "Made")];
        assert_eq!(
            changes(&set, &before, &now, None),
            [
                Change::Subscription(now[0].folder.clone()),
                Change::Renamed(now[1].folder.clone(), "Old".into()),
                Change::Made(now[2].folder.clone()),
                Change::Deleted("Gone".into()),
            ]
        );
    }

    #[test]
    fn flags_are_told_only_when_asked_for() {
        let group = |flags| set(vec![(NotifyMailboxes::Inboxes, NotifyEvents { messages: true, flags, ..NotifyEvents::default() })]);
        let before = [folder(1, "INBOX"), folder(2, "Work")];
        let now = before.clone().map(|watched| changed(watched, |folder| folder.modseq = 8));
        assert!(changes(&group(false), &before, &now, None).is_empty());
        assert_eq!(changes(&group(true), &before, &now, None), [Change::Messages(now[0].clone())]);
    }

    #[test]
    fn of_others_only_what_is_named_and_may_be_read() {
        let theirs = |reads| Watched { account: AccountId(2), own: false, reads, ..folder(1, "Other Users/b@x.example/Team") };
        let tree = MailboxName::new("Other Users/b@x.example").unwrap();
        let named = set(vec![(NotifyMailboxes::Personal, all()), (NotifyMailboxes::Subtree(vec![tree]), all())]);
        let before = [folder(1, "INBOX"), theirs(true)];
        let now = before.clone().map(|watched| changed(watched, |folder| folder.messages += 1));
        let inbox = Some((AccountId(1), FolderId(1)));
        assert_eq!(changes(&named, &before, &now, inbox), [Change::Messages(now[1].clone())], "one id in two boxes is two folders");
        assert!(changes(&set(vec![(NotifyMailboxes::Personal, all())]), &before, &now, inbox).is_empty());
        let hidden = [folder(1, "INBOX"), changed(theirs(false), |folder| folder.messages += 1)];
        assert!(changes(&named, &before, &hidden, inbox).is_empty());
        assert_eq!(changes(&named, &before, &before[..1], inbox), [Change::Deleted("Other Users/b@x.example/Team".into())]);
    }
}
