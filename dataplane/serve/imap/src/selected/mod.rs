//! The selected mailbox: what this session has told its client of it.
//!
//! A client's sequence numbers are those of the mailbox as it was told. So a session keeps that very
//! [`Snapshot`], which it shares with all others that have been told the same, and at the moments that
//! RFC 9051 §7.5.1 allows it tells the difference to the newest and keeps that one instead:
//!
//! ```text
//!                told ──difference──► newest       EXPUNGE … EXISTS, FETCH (FLAGS …)
//!   no EXPUNGE:  told ──difference──► newest and what is gone      EXISTS, FETCH (FLAGS …)
//! ```
//! While EXPUNGE is not allowed the session goes on with a snapshot of its own that still holds what is
//! gone: flags and new messages are never held back, and no number moves.

mod set;
mod tell;
mod vanished;
mod view;

use std::{ops::Range, sync::Arc};

use postern_core::{AccountId, FolderId, Rights};
use postern_proto_imap::types::{Command, Keyword, SearchArgs, SearchKey, SequenceSet, SortArgs, ThreadArgs, UidSet};
use postern_store::{
    Result, StoreError,
    changes::Subscription,
    mail::{
        boxes::Boxes,
        cell::{Coming, FolderCell, Opened},
        snapshot::{Entry, Snapshot},
    },
};

pub(crate) use self::{
    tell::{Moment, Told, number},
    view::View,
};
use crate::{context::Contexts, place::Found, refused::Refused, words};

/// A mailbox that a session has selected.
pub(crate) struct Selected {
    pub account: AccountId,
    pub folder: FolderId,
    /// Who looks, if it is not the owner.
    pub viewer: Option<AccountId>,
    /// Opened by EXAMINE, or nothing in it may be changed.
    pub read_only: bool,
    /// What the owner lets this session do.
    pub rights: Rights,
    /// As the client knows it.
    pub told: Arc<Snapshot>,
    /// The MODSEQ up to which it knows everything, EXPUNGEs too: lower than that of `told` while some are held back.
    pub sure: i64,
    /// `$`: what the last SEARCH saved (RFC 9051 §6.4.4.1).
    pub saved: UidSet,
    /// Searches whose results are kept up to date.
    pub contexts: Contexts,
    /// Keywords that a FLAGS response has named.
    keywords: Vec<Keyword>,
    /// The entries of [`Selected::told`], while they are on their way: it is empty till then.
    coming: Option<Box<Coming>>,
    cell: Arc<FolderCell>,
    feed: Subscription,
    /// Something was heard that has not been looked at, or the last look failed.
    behind: bool,
}

/// Rights of which one at least makes a mailbox more than read-only (RFC 4314 §4).
const CHANGING: Rights = Rights::ALL.without(Rights::LOOKUP).without(Rights::READ).without(Rights::POST).without(Rights::ADMINISTER);

/// The session's own STORE, which the client knows or is told of otherwise.
pub(crate) struct Own<'u> {
    /// Ascending.
    pub uids: &'u [i64],
    /// The MODSEQ that it gave them.
    pub modseq: i64,
}

/// Whether EXPUNGE may be told before a command is answered (RFC 9051 §7.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expunges {
    /// Yes.
    Told,
    /// Not during FETCH, STORE and SEARCH by sequence number.
    Held,
}

impl Expunges {
    /// What this command allows. The UID forms are other commands and allow it, unless a search in them counts messages.
    pub fn during(command: &Command) -> Self {
        match command {
            Command::Fetch { uid: false, .. } | Command::Store { uid: false, .. } => Self::Held,
            Command::Search(SearchArgs { uid, key, .. })
            | Command::Sort(SortArgs { uid, key, .. })
            | Command::Thread(ThreadArgs { uid, key, .. })
                if !uid || SearchKey::may_use_sequence_numbers(key) =>
            {
                Self::Held
            }
            Command::MultiSearch(args) if args.search.key.may_use_sequence_numbers() => Self::Held,
            _ => Self::Told,
        }
    }
}

impl Selected {
    /// Opens a folder and takes it as it is; `row` was read after `feed` began to listen, so that nothing is missed.
    ///
    /// # Errors
    /// As [`Boxes::open`].
    pub async fn open(boxes: &Boxes, found: Found, feed: Subscription, read_only: bool) -> Result<Self> {
        let Found { account, folder: row, rights, viewer } = found;
        // RFC 4314 §4: READ-ONLY where no right to change anything is held.
        let read_only = read_only || !rights.any_of(CHANGING);
        let folder = row.id;
        let cell = boxes.cell_for(account, folder, viewer);
        let (told, coming) = match boxes.open(&cell, row).await? {
            Opened::Here(snapshot) => (snapshot, None),
            Opened::Coming(row, coming) => (row, Some(Box::new(coming))),
        };
        let keywords = set::keywords(&told);
        let sure = told.folder.modseq;
        Ok(Self {
            account,
            folder,
            viewer,
            read_only,
            rights,
            told,
            sure,
            saved: UidSet::new(),
            contexts: Contexts::default(),
            keywords,
            coming,
            cell,
            feed,
            behind: false,
        })
    }

    /// EXISTS, also while the entries are on their way.
    pub fn count(&self) -> u32 {
        if self.coming.is_some() { self.told.folder.messages } else { number(self.told.len()) }
    }

    /// Waits for the entries, before anything is done with them; says whether there are keywords that were not told.
    ///
    /// # Errors
    /// As the database says. The numbers that were told mean nothing then.
    pub async fn arrive(&mut self, boxes: &Boxes) -> Result<bool> {
        let Some(coming) = &mut self.coming else { return Ok(false) };
        self.told = coming.arrive().await?;
        self.coming = None;
        boxes.keep(&self.cell);
        self.keywords = set::keywords(&self.told);
        Ok(!self.keywords.is_empty())
    }

    /// Whether this session may do what needs these rights, here and now.
    pub fn may(&self, needed: Rights) -> bool {
        !self.read_only && self.rights.contains(needed)
    }

    /// UIDNEXT: never below what the snapshot holds, whose rows may be newer than the folder's.
    pub fn uid_next(&self) -> u32 {
        let last = self.told.len().checked_sub(1).and_then(|last| self.told.get(last)).map_or(0, |entry| entry.uid);
        self.told.folder.uid_next.max(last.saturating_add(1))
    }

    /// Keywords in use when it was opened and since.
    pub fn keywords(&self) -> &[Keyword] {
        &self.keywords
    }

    /// Waits until there may be something to tell. Cancel safe.
    pub async fn news(&mut self) {
        if self.behind {
            return Box::pin(tokio::time::sleep(std::time::Duration::from_secs(1))).await;
        }
        self.feed.moved().await;
        self.behind = true;
    }

    /// Whether an EXPUNGE is held back.
    pub fn holds_back(&self) -> bool {
        self.sure < self.told.folder.modseq
    }

    /// Reads the folder as it is now; `None` when nothing has moved since the last look and `look` does not insist.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the folder is gone; else as the database says, and the next call looks again.
    pub async fn newest(&mut self, boxes: &Boxes, look: bool) -> Result<Option<Arc<Snapshot>>> {
        if self.coming.is_some() || !(look || self.behind || self.feed.has_moved()) {
            return Ok(None);
        }
        let heard = self.feed.seen();
        let newest = if look { boxes.refresh(&self.cell).await } else { boxes.refresh_to(&self.cell, heard).await };
        self.behind = newest.as_ref().is_err_and(StoreError::is_temporary);
        newest.map(Some)
    }

    /// Where the messages that a set names lie in [`Selected::told`]: ascending, disjoint.
    ///
    /// # Errors
    /// BAD for a sequence number above the count, `*` in an empty mailbox included. UIDs may name anything.
    pub fn resolve(&self, set: &SequenceSet, uid: bool) -> std::result::Result<Vec<Range<usize>>, Refused> {
        set::resolve(&self.told, &self.saved, set, uid).ok_or_else(Refused::no_such_message)
    }

    /// The entries of ranges, with their index.
    pub fn entries<'s>(&'s self, ranges: &'s [Range<usize>]) -> impl Iterator<Item = (usize, &'s Entry)> {
        ranges.iter().flat_map(|range| (range.start..).zip(self.told.iter_from(range.start)).take(range.len()))
    }

    /// Where the messages with UIDs from `low` to `high` lie.
    pub fn between(&self, low: u32, high: u32) -> Range<usize> {
        set::between(&self.told, low, high)
    }

    /// Those of the ranges that have a higher MODSEQ (RFC 7162 §3.1.4.1).
    pub fn changed_since(&self, ranges: &[Range<usize>], modseq: u64) -> Vec<Range<usize>> {
        let changed = self.entries(ranges).filter(|(_, entry)| words::modseq(entry.modseq) > modseq);
        set::disjoint(changed.map(|(index, _)| index..index + 1).collect())
    }

    /// The UIDs that a set may have named whenever the client made it: `*` is the highest that was ever given.
    pub fn named(&self, set: &SequenceSet) -> UidSet {
        match set {
            SequenceSet::Saved => self.saved.clone(),
            SequenceSet::Ranges(ranges) => {
                let highest = self.uid_next().saturating_sub(1);
                UidSet::of_ranges(ranges.iter().map(|range| range.bounds(highest)).collect())
            }
        }
    }

    /// UIDs of `known` that are gone since a MODSEQ; `first` is the lowest that can be, as far as the client can show.
    ///
    /// # Errors
    /// As [`Boxes::expunged_since`].
    pub async fn vanished(&self, boxes: &Boxes, known: &UidSet, since: u64, first: u32) -> Result<UidSet> {
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let expunged = boxes.expunged_since(self.account, self.folder, since).await?;
        Ok(vanished::vanished(&self.told, known, expunged, first))
    }

    /// The UIDs of ranges, ascending.
    pub fn uids(&self, ranges: &[Range<usize>]) -> Vec<i64> {
        self.entries(ranges).map(|(_, entry)| entry.uid.into()).collect()
    }
}
