//! DELETE (RFC 9051 §6.3.5).

use postern_core::Rights;
use postern_proto_imap::{
    encode,
    types::{Code, DELIMITER, MailboxName, Reply},
};

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
};

pub(super) async fn delete(session: &mut ImapSession, mailbox: &MailboxName) -> Answer {
    let place = session.place(mailbox).await?;
    if place.name == MailboxName::inbox().as_str() {
        return Err(Refused::no(Code::Cannot, "INBOX cannot be deleted"));
    }
    let found = session.found(&place).await?.ok_or_else(Refused::no_such_mailbox)?.with(Rights::DELETE_FOLDER)?;
    let folders = session.boxes().folders(place.account).await?;
    let below = format!("{}{DELIMITER}", place.name);
    if folders.iter().any(|folder| folder.name.starts_with(&below)) {
        return Err(Refused::no(Code::HasChildren, "There are mailboxes below it; delete those first"));
    }
    session.boxes().delete(place.account, &place.name).await?;
    let is_gone = |selected: &crate::selected::Selected| (selected.account, selected.folder) == (found.account, found.folder.id);
    if session.selected.as_deref().is_some_and(is_gone) {
        session.selected = None;
        session.server.deselect();
        encode::untagged(session.server.output(), &Reply::ok("The selected mailbox is gone").with(Code::Closed));
    }
    Ok(Reply::ok("DELETE completed"))
}
