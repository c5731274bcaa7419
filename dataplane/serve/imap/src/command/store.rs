//! STORE and UID STORE (RFC 9051 §6.4.6).

use postern_proto_imap::types::{Code, Reply, SequenceSet, StoreOp};

use crate::{
    refused::{Answer, Refused},
    selected::{Moment, Own},
    session::ImapSession,
    words,
};

/// Keywords that one STORE names at most.
pub(super) const MAX_KEYWORDS: usize = 64;

pub(super) async fn store(session: &mut ImapSession, uid: bool, set: &SequenceSet, op: &StoreOp, moment: Moment) -> Answer {
    let selected = session.selected()?;
    if selected.read_only {
        return Err(Refused::read_only());
    }
    if op.flags.keywords.len() > MAX_KEYWORDS {
        return Err(Refused::no(Code::Limit, "Too many keywords"));
    }
    let ranges = selected.resolve(set, uid)?;
    let uids = selected.uids(&ranges);
    let (account, folder) = (selected.account, selected.folder);
    if uids.is_empty() {
        return Ok(Reply::ok("STORE completed"));
    }
    let stored = session.boxes().store(account, folder, &uids, &words::change(op), None).await?;
    // The client hears of its own change below, or knows it (.SILENT); of anybody else's as ever.
    session.tell(moment, false, Some(&Own { uids: &uids, modseq: stored.modseq })).await;
    if !op.silent
        && let Some(selected) = &session.selected
    {
        selected.tell_flags(&uids, moment, session.server.output());
    }
    Ok(Reply::ok("STORE completed"))
}
