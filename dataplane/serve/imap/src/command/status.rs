//! STATUS (RFC 9051 §6.3.11), from the folder's counters: no message is looked at.

use postern_proto_imap::{
    encode,
    types::{MailboxName, Reply, StatusItem},
};
use postern_store::mail::Folder;

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
    words,
};

pub(super) async fn status(session: &mut ImapSession, mailbox: &MailboxName, items: &[StatusItem]) -> Answer {
    let account = session.account()?;
    let folder = session.boxes().folder(account, mailbox.as_str()).await?.ok_or_else(Refused::no_such_mailbox)?;
    let values = values(&folder, items, session.shared.config.append_limit);
    let dialect = session.server.dialect();
    encode::status(session.server.output(), mailbox, &values, dialect);
    Ok(Reply::ok("STATUS completed"))
}

/// What a folder's row answers.
pub(super) fn values(folder: &Folder, items: &[StatusItem], append_limit: u64) -> Vec<(StatusItem, u64)> {
    let value = |item: &StatusItem| match item {
        StatusItem::Messages => folder.messages.into(),
        StatusItem::Recent => 0,
        StatusItem::UidNext => folder.uid_next.into(),
        StatusItem::UidValidity => folder.uid_validity.into(),
        StatusItem::Unseen => folder.unseen.into(),
        StatusItem::Deleted => folder.deleted.into(),
        StatusItem::Size => u64::try_from(folder.size).unwrap_or(0),
        StatusItem::AppendLimit => append_limit,
        StatusItem::HighestModSeq => words::modseq(folder.modseq),
    };
    items.iter().map(|item| (*item, value(item))).collect()
}
