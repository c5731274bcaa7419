//! SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3; RFC 3501 §6.3.1 for clients of rev1), with CONDSTORE and QRESYNC (RFC 7162).

use std::ops::Range;

use postern_core::Rights;
use postern_proto_imap::{
    encode::{self, ListItem},
    types::{Code, FetchItem, Flags, MailboxName, Reply, Resync, SelectParams, SystemFlags, UidSet},
};

use super::{fetch, finish};
use crate::{
    object_id,
    refused::Refused,
    selected::{Moment, Selected, number},
    session::{Flow, ImapSession},
    words,
};

pub(super) async fn select(
    session: &mut ImapSession,
    mailbox: &MailboxName,
    read_only: bool,
    params: SelectParams,
    moment: Moment,
) -> Flow {
    let name = if read_only { "EXAMINE completed" } else { "SELECT completed" };
    let reply = match open(session, mailbox, read_only).await {
        Ok(true) => Reply::ok(name).with(Code::ReadOnly),
        Ok(false) => Reply::ok(name).with(Code::ReadWrite),
        Err(refused) => return finish(session, moment, Err(refused)).await,
    };
    match params.resync {
        Some(resync) => resynchronise(session, &resync, moment, reply).await,
        None => finish(session, moment, Ok(reply)).await,
    }
}

/// Selects, and says whether nothing may be changed.
async fn open(session: &mut ImapSession, mailbox: &MailboxName, read_only: bool) -> Result<bool, Refused> {
    if session.selected.take().is_some() {
        // RFC 9051 §7.1: what follows is of the new mailbox, and so it is when there will be none.
        encode::untagged(session.server.output(), &Reply::ok("The mailbox before is closed").with(Code::Closed));
    }
    let place = session.place(mailbox).await?;
    // Listen first, look then: what comes between is looked at twice and never missed.
    let feed = session.boxes().subscribe(place.account);
    let found = session.found(&place).await?.ok_or_else(Refused::no_such_mailbox)?.with(Rights::READ)?;
    let selected = Selected::open(session.boxes(), found, feed, read_only).await?;
    let read_only = selected.read_only;
    announce(session, mailbox, &selected);
    session.selected = Some(Box::new(selected));
    Ok(read_only)
}

/// What is gone and what has changed since the client was here (RFC 7162 §3.2.5): VANISHED (EARLIER), then FETCH.
async fn resynchronise(session: &mut ImapSession, resync: &Resync, moment: Moment, reply: Reply) -> Flow {
    session.arrive().await;
    match missed(session, resync).await {
        Ok(changed) => fetch::answer(session, changed, vec![FetchItem::Uid, FetchItem::Flags, FetchItem::ModSeq], moment, reply).await,
        Err(refused) => {
            // A failed SELECT leaves nothing selected (RFC 9051 §6.3.2).
            session.selected = None;
            finish(session, moment, Err(refused)).await
        }
    }
}

/// Writes VANISHED (EARLIER) and finds the messages that have changed.
async fn missed(session: &mut ImapSession, resync: &Resync) -> Result<Vec<Range<usize>>, Refused> {
    let selected = session.selected()?;
    if selected.told.folder.uid_validity != resync.uid_validity {
        // RFC 7162 §3.2.5.1: the client sees another UIDVALIDITY above and begins anew.
        return Ok(Vec::new());
    }
    let known = resync.known_uids.clone().unwrap_or_else(|| UidSet::of_ranges(vec![(1, selected.uid_next().saturating_sub(1))]));
    let ranges: Vec<_> = known.ranges().iter().map(|&(low, high)| selected.between(low, high)).filter(|range| !range.is_empty()).collect();
    let changed = selected.changed_since(&ranges, resync.modseq);
    let first = resync.first_unsure(|n| Some(selected.told.get((n as usize).checked_sub(1)?)?.uid));
    if let Some(selected) = &session.selected {
        let gone = selected.vanished(session.boxes(), &known, resync.modseq, first).await?;
        encode::vanished(session.server.output(), true, &gone);
    }
    Ok(changed)
}

fn announce(session: &mut ImapSession, mailbox: &MailboxName, selected: &Selected) {
    let dialect = session.server.dialect();
    let out = session.server.output();
    let mut flags = Flags { system: SystemFlags::ALL, keywords: selected.keywords().to_vec() };
    encode::flags(out, &flags);
    let new_keywords = selected.may(Rights::WRITE);
    if !new_keywords {
        flags.keywords.clear();
    }
    // RFC 4314 §4: only what the rights allow is told as permanent.
    flags.system = words::permitted(flags.system, if selected.read_only { Rights::NONE } else { selected.rights });
    let permanent = Code::PermanentFlags { flags, new_keywords };
    encode::untagged(out, &Reply::ok("What may be changed for good").with(permanent));
    encode::exists(out, selected.count());
    if dialect.rev2 {
        // RFC 9051 §6.3.2: with the name that was given, where it was not in form C.
        let given = mailbox.as_given();
        let item = ListItem { old_name: given.as_ref(), ..ListItem::plain(mailbox) };
        encode::list(out, Some(&item), dialect);
    } else {
        encode::recent(out);
        if let Some(first) = first_unseen(selected).filter(|_| !dialect.uid_only) {
            encode::untagged(out, &Reply::ok("First message not seen").with(Code::Unseen(first)));
        }
    }
    let folder = &selected.told.folder;
    encode::untagged(out, &Reply::ok("UIDs are valid").with(Code::UidValidity(folder.uid_validity)));
    encode::untagged(out, &Reply::ok("The next UID").with(Code::UidNext(selected.uid_next())));
    // RFC 8474 §4.2
    encode::untagged(out, &Reply::ok("The mailbox").with(Code::MailboxId(object_id::mailbox(selected.account, selected.folder))));
    // RFC 4467 §8
    encode::untagged(out, &Reply::ok("URLs can be authorised").with(Code::UrlMech));
    // RFC 7162 §3.1.2.1: of every mailbox, asked for or not.
    encode::untagged(out, &Reply::ok("Changes known up to").with(Code::HighestModSeq(words::modseq(selected.sure))));
}

/// UNSEEN, of rev1 (RFC 3501 §7.1).
fn first_unseen(selected: &Selected) -> Option<u32> {
    if selected.told.folder.unseen == 0 {
        return None;
    }
    selected.told.iter().position(|entry| !words::system(entry.flags).contains(SystemFlags::SEEN)).map(|index| number(index + 1))
}
