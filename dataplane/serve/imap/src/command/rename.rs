//! RENAME (RFC 9051 §6.3.6); of INBOX it moves the mail.

use postern_core::Rights;
use postern_proto_imap::types::{Code, DELIMITER, MailboxName, Reply};

use super::create::{may_create, tell_normalised};
use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
};

pub(super) async fn rename(session: &mut ImapSession, from: &MailboxName, to: &MailboxName) -> Answer {
    if !to.may_be_created() {
        return Err(Refused::no(Code::Cannot, "A mailbox's name has no * and no %"));
    }
    if to.as_str().strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with(DELIMITER)) && !from.is_inbox() {
        return Err(Refused::no(Code::Cannot, "A mailbox cannot be moved below itself"));
    }
    let (old, new) = (session.place(from).await?, session.place(to).await?);
    if old.account != new.account {
        return Err(Refused::no(Code::Cannot, "A mailbox stays with its owner"));
    }
    // RFC 4314 §4: x on the mailbox, k on the one above its new name.
    session.found(&old).await?.ok_or_else(Refused::no_such_mailbox)?.with(Rights::DELETE_FOLDER)?;
    may_create(session, &new).await?;
    if !old.own && old.name == MailboxName::inbox().as_str() {
        return Err(Refused::no(Code::Cannot, "Only its owner moves the mail out of an INBOX"));
    }
    if session.boxes().folder(new.account, &new.name).await?.is_some() {
        return Err(Refused::no(Code::AlreadyExists, "There is a mailbox of the new name"));
    }
    session.boxes().rename(old.account, &old.name, &new.name).await?;
    tell_normalised(session, to);
    Ok(Reply::ok("RENAME completed"))
}
