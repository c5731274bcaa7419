//! FETCH and UID FETCH (RFC 9051 §6.4.5): page by page, and no faster than the client takes it.
//!
//! ```text
//!  flags, dates, sizes     from the snapshot: no statement at all
//!  ENVELOPE, BODY…         and the summaries of a page of messages: one statement
//!  BODY[…], RFC822…        and the bodies of a smaller page: one more statement
//! ```
//! `\Seen` is set when the answers are written, for many messages in one commit: what the client never got
//! is never seen.

mod page;
mod pages;
mod write;

use std::{ops::Range, sync::Arc};

use postern_core::Rights;
use postern_proto_imap::{
    encode,
    types::{Code, FetchItem, FetchModifiers, Reply, SequenceSet},
};
use postern_store::{
    StoreError,
    mail::{FlagChange, Flags, snapshot::Snapshot},
};

use self::{page::Page, pages::Pages};
use super::finish;
use crate::{
    refused::{Answer, Refused},
    selected::{Moment, Selected},
    session::{FLUSH, Flow, ImapSession, Work},
};

/// Messages that one commit marks as seen.
const SEEN: usize = 1_000;

/// Octets written of new messages that nobody has asked for.
const UNASKED: usize = 1 << 20;

/// A FETCH that goes on when the client has taken what there is.
pub(crate) struct Fetch {
    moment: Moment,
    items: Vec<FetchItem>,
    /// The mailbox as the client knew it when it asked: no number moves meanwhile.
    told: Arc<Snapshot>,
    pages: Pages,
    page: Page,
    sets_seen: bool,
    seen: Vec<i64>,
    /// What is answered when all went well.
    reply: Reply,
    trouble: Option<Refused>,
}

/// Where the answers come from; each needs what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Snapshot,
    Summary,
    Body,
}

impl Needs {
    fn of(item: &FetchItem) -> Self {
        match item {
            FetchItem::Envelope | FetchItem::Body | FetchItem::BodyStructure | FetchItem::Preview | FetchItem::ThreadId => Self::Summary,
            item if item.needs_body() => Self::Body,
            _ => Self::Snapshot,
        }
    }
}

pub(super) async fn fetch(
    session: &mut ImapSession,
    uid: bool,
    set: &SequenceSet,
    items: Vec<FetchItem>,
    modifiers: &FetchModifiers,
    moment: Moment,
) -> Flow {
    match choose(session, uid, set, modifiers).await {
        Ok(ranges) => answer(session, ranges, items, moment, Reply::ok("FETCH completed")).await,
        Err(refused) => finish(session, moment, Err(refused)).await,
    }
}

/// Which messages are to be answered; VANISHED is written on the way (RFC 7162 §3.2.6).
async fn choose(session: &mut ImapSession, uid: bool, set: &SequenceSet, modifiers: &FetchModifiers) -> Result<Vec<Range<usize>>, Refused> {
    let limit = session.shared.config.message_limit;
    // RFC 9738 §3.1: a page is counted as it was asked for.
    if let (Some(page), Some(limit)) = (modifiers.partial, limit)
        && page.first.abs_diff(page.last) >= limit
    {
        return Err(Refused::no(Code::MessageLimit { limit, lowest: None }, "The page is larger than one command works on"));
    }
    let selected = session.selected()?;
    let ranges = selected.resolve(set, uid)?;
    // RFC 9394 §3.3: a page of those that all other modifiers leave.
    let page = |ranges: Vec<Range<usize>>| match modifiers.partial {
        Some(page) => page.of_ranges(&ranges),
        None => ranges,
    };
    let Some(since) = modifiers.changed_since else { return within_limit(session, page(ranges)) };
    let changed = selected.changed_since(&ranges, since);
    let known = modifiers.vanished.then(|| selected.named(set));
    if let (Some(known), Some(selected)) = (known, &session.selected) {
        let gone = selected.vanished(session.boxes(), &known, since, 1).await?;
        encode::vanished(session.server.output(), true, &gone);
    }
    within_limit(session, page(changed))
}

/// What one FETCH answers, from the highest UID down where it is not all (RFC 9738 §3.1).
fn within_limit(session: &mut ImapSession, ranges: Vec<Range<usize>>) -> Result<Vec<Range<usize>>, Refused> {
    let ranges = session.cut(ranges)?;
    if session.limited.is_none() {
        return Ok(ranges);
    }
    Ok(ranges.into_iter().rev().flat_map(|range| range.rev().map(|index| index..index + 1)).collect())
}

/// Answers `items` of the messages of the mailbox selected, then `reply`.
pub(super) async fn answer(
    session: &mut ImapSession,
    ranges: Vec<Range<usize>>,
    items: Vec<FetchItem>,
    moment: Moment,
    reply: Reply,
) -> Flow {
    match session.selected().map(|selected| Fetch::new(selected, ranges, items, moment, reply)) {
        Ok(fetch) => {
            session.work = Work::Fetch(Box::new(fetch));
            fetch_on(session).await
        }
        Err(refused) => finish(session, moment, Err(refused)).await,
    }
}

/// Answers `items` of messages that have just come, unasked (RFC 5465 §5.2); false when it is more than is held.
///
/// # Errors
/// As FETCH.
pub(crate) async fn fetch_new(session: &mut ImapSession, new: &[usize], items: Vec<FetchItem>, moment: Moment) -> Result<bool, Refused> {
    let ranges = new.iter().map(|index| *index..*index + 1).collect();
    let mut fetch = Fetch::new(session.selected()?, ranges, items, moment, Reply::ok("Done"));
    let most = session.server.output().len() + UNASKED;
    while !fetch.go_on(session).await? {
        if session.server.output().len() > most {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Goes on with the FETCH in hand.
pub(crate) async fn fetch_on(session: &mut ImapSession) -> Flow {
    let Work::Fetch(mut fetch) = std::mem::take(&mut session.work) else { return Flow::On };
    match fetch.go_on(session).await {
        Ok(true) => {
            let moment = fetch.moment;
            let answer = fetch.end();
            finish(session, moment, answer).await
        }
        Ok(false) => {
            session.work = Work::Fetch(fetch);
            Flow::Flush
        }
        Err(refused) => finish(session, fetch.moment, Err(refused)).await,
    }
}

impl Fetch {
    fn new(selected: &Selected, ranges: Vec<Range<usize>>, mut items: Vec<FetchItem>, moment: Moment, reply: Reply) -> Self {
        // RFC 9051 §6.4.9: UID FETCH answers with UIDs, asked for or not.
        if moment.uid && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        // RFC 7162 §3.1: once asked for, in every FETCH.
        if moment.dialect.condstore && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        let needs = items.iter().map(Needs::of).max().unwrap_or(Needs::Snapshot);
        Self {
            moment,
            sets_seen: selected.may(Rights::SEEN) && items.iter().any(FetchItem::sets_seen),
            items,
            told: selected.told.clone(),
            pages: Pages::new(selected.told.clone(), selected.account, needs, ranges),
            page: Page::default(),
            seen: Vec::new(),
            reply,
            trouble: None,
        }
    }

    /// Writes answers until there are none left (true) or the client must take some first (false).
    async fn go_on(&mut self, session: &mut ImapSession) -> Result<bool, Refused> {
        loop {
            while let Some(index) = self.page.next() {
                self.one(session, index)?;
                if self.seen.len() >= SEEN {
                    self.mark_seen(session).await?;
                }
                if session.server.output().len() >= FLUSH {
                    return Ok(false);
                }
            }
            self.page = self.pages.next(session.boxes()).await?;
            if self.page.is_empty() {
                self.mark_seen(session).await?;
                return Ok(true);
            }
        }
    }

    /// The answer for one message.
    fn one(&mut self, session: &mut ImapSession, index: usize) -> Result<(), Refused> {
        let Some(entry) = self.told.get(index) else { return Ok(()) };
        let content = match self.page.content(entry.message) {
            Ok(content) => content,
            // Expunged so long ago that it is swept.
            Err(StoreError::NotFound("message")) => {
                self.trouble = Some(Refused::no(Code::ExpungeIssued, "A message is gone"));
                return Ok(());
            }
            // The others can still be read.
            Err(error @ (StoreError::Damaged(_) | StoreError::NotFound(_))) => {
                self.trouble = Some(error.into());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let unknown = write::message(session.server.output(), self.moment, index, entry, &self.items, &content);
        if unknown {
            self.trouble = Some(Refused::no(Code::UnknownCte, "A part's transfer encoding cannot be undone"));
        }
        if self.sets_seen && !entry.flags.has(Flags::SEEN) {
            self.seen.push(entry.uid.into());
        }
        Ok(())
    }

    async fn mark_seen(&mut self, session: &ImapSession) -> Result<(), Refused> {
        let uids = std::mem::take(&mut self.seen);
        if let Some(selected) = session.selected.as_ref().filter(|_| !uids.is_empty()) {
            let change = FlagChange::Add(Flags::SEEN, Vec::new());
            session.boxes().store_for(selected.account, selected.folder, selected.viewer, &uids, &change, None).await?;
        }
        Ok(())
    }

    fn end(self) -> Answer {
        self.trouble.map_or(Ok(self.reply), Err)
    }
}
