//! STATUS (RFC 9051 §6.3.11), from the folder's counters: no message is looked at.

use postern_core::{AccountId, Rights};
use postern_proto_imap::{
    encode,
    types::{MailboxName, Reply, StatusItem, StatusValue},
};
use postern_store::mail::Folder;

use crate::{
    object_id,
    place::Found,
    refused::{Answer, Refused},
    session::ImapSession,
    words,
};

pub(super) async fn status(session: &mut ImapSession, mailbox: &MailboxName, items: &[StatusItem]) -> Answer {
    let Found { account, folder, .. } = session.find(mailbox, Rights::READ).await?;
    let values = values(session, account, &folder, items).await?;
    let dialect = session.server.dialect();
    encode::status(session.server.output(), mailbox, &values, dialect);
    Ok(Reply::ok("STATUS completed"))
}

/// What is asked of a folder, of its messages too.
///
/// # Errors
/// As the database says.
pub(crate) async fn values(
    session: &ImapSession,
    account: AccountId,
    folder: &Folder,
    items: &[StatusItem],
) -> Result<Vec<(StatusItem, StatusValue)>, Refused> {
    let deleted_size = if folder.deleted > 0 && items.contains(&StatusItem::DeletedStorage) {
        session.boxes().deleted_size(account, folder.id).await?
    } else {
        0
    };
    let mut folder = folder.clone();
    if account != session.account()? && items.contains(&StatusItem::Unseen) {
        // What somebody else has seen is theirs alone; the row's number is the owner's.
        folder.unseen = session.unseen(account, &folder).await?;
    }
    Ok(of_row(session, account, &folder, items, deleted_size))
}

/// What a folder's row answers; `deleted_size` is the octets of what is `\Deleted`.
fn of_row(
    session: &ImapSession,
    account: AccountId,
    folder: &Folder,
    items: &[StatusItem],
    deleted_size: i64,
) -> Vec<(StatusItem, StatusValue)> {
    let append_limit = session.shared.config.append_limit;
    let number = |item: StatusItem| match item {
        StatusItem::Messages => folder.messages.into(),
        StatusItem::Recent | StatusItem::MailboxId => 0,
        StatusItem::UidNext => folder.uid_next.into(),
        StatusItem::UidValidity => folder.uid_validity.into(),
        StatusItem::Unseen => folder.unseen.into(),
        StatusItem::Deleted => folder.deleted.into(),
        StatusItem::Size => u64::try_from(folder.size).unwrap_or(0),
        // In units of 1024 octets, as STORAGE is (RFC 9208 §4.1.4).
        StatusItem::DeletedStorage => u64::try_from(deleted_size).unwrap_or(0).div_ceil(1024),
        StatusItem::AppendLimit => append_limit,
        StatusItem::HighestModSeq => words::modseq(folder.modseq),
    };
    let value = |item: StatusItem| match item {
        StatusItem::MailboxId => StatusValue::Id(object_id::mailbox(account, folder.id)),
        other => StatusValue::Number(number(other)),
    };
    items.iter().map(|item| (*item, value(*item))).collect()
}
