//! COPY and UID COPY (RFC 9051 §6.4.7): all or none.

use postern_core::{AccountId, FolderId};
use postern_proto_imap::types::{Code, MailboxName, Reply, SequenceSet};
use postern_store::mail::transfer::Copied;

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
};

pub(super) async fn copy(session: &mut ImapSession, uid: bool, set: &SequenceSet, to: &MailboxName) -> Answer {
    let Transfer { account, from, uids, to } = prepare(session, uid, set, to).await?;
    let copied = session.boxes().copy(account, from, &uids, to).await?;
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
    pub to: FolderId,
}

/// Finds the messages and the target.
pub(super) async fn prepare(session: &mut ImapSession, uid: bool, set: &SequenceSet, to: &MailboxName) -> Result<Transfer, Refused> {
    let selected = session.selected()?;
    let ranges = selected.resolve(set, uid)?;
    let (account, from, uids) = (selected.account, selected.folder, selected.uids(&ranges));
    // RFC 9051 §6.4.7: TRYCREATE, unless it could not be created either.
    let to = session.boxes().folder(account, to.as_str()).await?.ok_or_else(Refused::try_create)?;
    Ok(Transfer { account, from, uids, to: to.id })
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
