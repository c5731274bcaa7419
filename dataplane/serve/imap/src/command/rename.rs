//! RENAME (RFC 9051 §6.3.6); of INBOX it moves the mail.

use postern_proto_imap::types::{Code, DELIMITER, MailboxName, Reply};

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
};

pub(super) async fn rename(session: &mut ImapSession, from: &MailboxName, to: &MailboxName) -> Answer {
    let account = session.account()?;
    if !to.may_be_created() {
        return Err(Refused::no(Code::Cannot, "A mailbox's name has no * and no %"));
    }
    if to.as_str().strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with(DELIMITER)) && !from.is_inbox() {
        return Err(Refused::no(Code::Cannot, "A mailbox cannot be moved below itself"));
    }
    if session.boxes().folder(account, from.as_str()).await?.is_none() {
        return Err(Refused::no_such_mailbox());
    }
    if session.boxes().folder(account, to.as_str()).await?.is_some() {
        return Err(Refused::no(Code::AlreadyExists, "There is a mailbox of the new name"));
    }
    session.boxes().rename(account, from.as_str(), to.as_str()).await?;
    Ok(Reply::ok("RENAME completed"))
}
