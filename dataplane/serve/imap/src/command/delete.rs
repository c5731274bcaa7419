//! DELETE (RFC 9051 §6.3.5).

use postern_proto_imap::{
    encode,
    types::{Code, DELIMITER, MailboxName, Reply},
};

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
};

pub(super) async fn delete(session: &mut ImapSession, mailbox: &MailboxName) -> Answer {
    let account = session.account()?;
    if mailbox.is_inbox() {
        return Err(Refused::no(Code::Cannot, "INBOX cannot be deleted"));
    }
    let folders = session.boxes().folders(account).await?;
    let Some(folder) = folders.iter().find(|folder| folder.name == mailbox.as_str()) else {
        return Err(Refused::no_such_mailbox());
    };
    let below = format!("{mailbox}{DELIMITER}");
    if folders.iter().any(|folder| folder.name.starts_with(&below)) {
        return Err(Refused::no(Code::HasChildren, "There are mailboxes below it; delete those first"));
    }
    session.boxes().delete(account, mailbox.as_str()).await?;
    if session.selected.as_ref().is_some_and(|selected| selected.folder == folder.id) {
        session.selected = None;
        session.server.deselect();
        encode::untagged(session.server.output(), &Reply::ok("The selected mailbox is gone").with(Code::Closed));
    }
    Ok(Reply::ok("DELETE completed"))
}
