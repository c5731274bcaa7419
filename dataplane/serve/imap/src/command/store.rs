//! STORE and UID STORE (RFC 9051 §6.4.6), on condition that nobody else was there before (RFC 7162 §3.1.3).

use postern_core::Rights;
use postern_proto_imap::types::{Code, Reply, SequenceSet, StoreMode, StoreOp, SystemFlags, UidSet};
use postern_store::mail::transfer::Stored;

use crate::{
    place::no_permission,
    refused::{Answer, Refused},
    selected::{Moment, Own, Selected, number},
    session::ImapSession,
    words,
};

/// Keywords that one STORE names at most.
pub(super) const MAX_KEYWORDS: usize = 64;

pub(super) async fn store(
    session: &mut ImapSession,
    uid: bool,
    set: &SequenceSet,
    unchanged_since: Option<u64>,
    op: &StoreOp,
    moment: Moment,
) -> Answer {
    let selected = session.selected()?;
    if selected.read_only {
        return Err(Refused::read_only());
    }
    if op.flags.keywords.len() > MAX_KEYWORDS {
        return Err(Refused::no(Code::Limit, "Too many keywords"));
    }
    let op = permitted(op, selected.rights)?;
    let ranges = selected.resolve(set, uid)?;
    let ranges = session.cut(ranges)?;
    let selected = session.selected()?;
    let uids = selected.uids(&ranges);
    let (account, folder, viewer) = (selected.account, selected.folder, selected.viewer);
    if uids.is_empty() {
        return Ok(Reply::ok("STORE completed"));
    }
    let since = unchanged_since.map(|since| i64::try_from(since).unwrap_or(i64::MAX));
    let stored = session.boxes().store_for(account, folder, viewer, &uids, &words::change(&op), since).await?;
    // The client hears of its own change below, or knows it (.SILENT); of anybody else's as ever.
    session.tell(moment, false, Some(&Own { uids: &uids, modseq: stored.modseq })).await;
    let Some(selected) = &session.selected else { return Ok(Reply::ok("STORE completed")) };
    let out = session.server.output();
    if !op.silent {
        selected.tell_flags(&uids, moment, out);
    } else if moment.dialect.condstore {
        // RFC 7162 §3.1.3: the new MODSEQ is told, .SILENT or not.
        let changed: Vec<i64> = stored.changed.iter().map(|placement| placement.uid.into()).collect();
        selected.tell_modseq(&changed, moment, out);
        selected.tell_flags(&stored.refused.iter().copied().map(i64::from).collect::<Vec<_>>(), moment, out);
    }
    Ok(match modified(selected, &stored, uid) {
        Some(code) => Reply::ok("Some have changed since and were left alone").with(code),
        None => Reply::ok("STORE completed"),
    })
}

/// MODIFIED: those that were left alone, in the numbers that the command used.
fn modified(selected: &Selected, stored: &Stored, uid: bool) -> Option<Code> {
    let numbers = stored.refused.iter().filter_map(|&refused| {
        let index = selected.told.index_of(refused)?;
        Some(if uid { refused } else { number(index + 1) })
    });
    let modified: UidSet = numbers.collect();
    (!modified.is_empty()).then_some(Code::Modified(modified))
}

/// What of a STORE the rights allow: a user who may change one of the flags named is not refused (RFC 4314 §4).
///
/// # Errors
/// `NO [NOPERM]` when nothing is left; FLAGS replaces all of them and needs every right.
fn permitted(op: &StoreOp, rights: Rights) -> Result<StoreOp, Refused> {
    let mut op = op.clone();
    let asked = !op.flags.keywords.is_empty() || op.flags.system != SystemFlags::default();
    op.flags.system = words::permitted(op.flags.system, rights);
    if !words::may_have_keywords(rights) {
        op.flags.keywords.clear();
    }
    let left = !op.flags.keywords.is_empty() || op.flags.system != SystemFlags::default();
    let all = rights.contains(Rights::SEEN | Rights::WRITE | Rights::DELETE_MESSAGES);
    if (asked && !left) || (op.mode == StoreMode::Replace && !all) {
        return Err(no_permission());
    }
    Ok(op)
}
