//! COPY and UID COPY (RFC 9051 §6.4.7): all or none.

use std::ops::Range;

use postern_core::{AccountId, FolderId};
use postern_proto_imap::types::{Code, MailboxName, Reply, SequenceSet};
use postern_store::mail::{snapshot::Entry, transfer::Copied};

use super::copy_across::copy_across;
use crate::{
    place::Found,
    refused::{Answer, Refused},
    session::ImapSession,
};

pub(super) async fn copy(session: &mut ImapSession, uid: bool, set: &SequenceSet, to: &MailboxName) -> Answer {
    let ranges = session.selected()?.resolve(set, uid)?;
    session.refuse_more(&ranges)?;
    let Transfer { account, from, uids, entries, to } = prepare(session, ranges, to).await?;
    if to.account != account {
        return copy_across(session, entries, &to).await;
    }
    let copied = session.boxes().copy(account, from, &uids, to.folder.id).await?;
    let reply = Reply::ok("COPY completed");
    Ok(match copy_uid(&uids, &copied)? {
        Some(code) => reply.with(code),
        None => reply,
    })
}

/// What a COPY or MOVE is about to do.
pub(super) struct Transfer {
    pub account: AccountId,
    pub from: FolderId,
    pub uids: Vec<i64>,
    /// The messages of those UIDs, where the target is in another box; else nothing.
    pub entries: Vec<Entry>,
    pub to: Found,
}

/// Finds the messages and the target.
pub(super) async fn prepare(session: &mut ImapSession, ranges: Vec<Range<usize>>, to: &MailboxName) -> Result<Transfer, Refused> {
    let selected = session.selected()?;
    let (account, from, uids) = (selected.account, selected.folder, selected.uids(&ranges));
    let to = session.target(to).await?;
    let selected = session.selected()?;
    let entries = if to.account == account { Vec::new() } else { selected.entries(&ranges).map(|(_, entry)| entry.clone()).collect() };
    Ok(Transfer { account, from, uids, entries, to })
}

/// COPYUID (RFC 4315 §3); `None` when nothing was named.
///
/// # Errors
/// `NO [EXPUNGEISSUED]` when all that was named is gone.
pub(super) fn copy_uid(wanted: &[i64], copied: &Copied) -> Result<Option<Code>, Refused> {
    if copied.uids.is_empty() {
        return if wanted.is_empty() { Ok(None) } else { Err(Refused::no(Code::ExpungeIssued, "The messages are gone")) };
    }
    let (from, to) = copied.uids.iter().copied().unzip::<u32, u32, Vec<_>, Vec<_>>();
    Ok(Some(Code::CopyUid { validity: copied.uid_validity, from: from.into_iter().collect(), to: to.into_iter().collect() }))
}
