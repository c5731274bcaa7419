//! CREATE (RFC 9051 §6.3.4) with special uses (RFC 6154 §3).

use postern_proto_imap::types::{Code, MailboxName, Reply, SpecialUse};

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
    words,
};

pub(super) async fn create(session: &mut ImapSession, mailbox: &MailboxName, special_use: &[SpecialUse]) -> Answer {
    let account = session.account()?;
    if !mailbox.may_be_created() {
        return Err(Refused::no(Code::Cannot, "A mailbox's name has no * and no %"));
    }
    let special_use = match special_use {
        [] => None,
        [asked] => Some(words::special_use(*asked).ok_or_else(|| Refused::no(Code::UseAttr, "No mailbox can be for that here"))?),
        _ => return Err(Refused::no(Code::UseAttr, "A mailbox is for one thing at most")),
    };
    if session.boxes().folder(account, mailbox.as_str()).await?.is_some() {
        return Err(Refused::no(Code::AlreadyExists, "There is a mailbox of that name"));
    }
    session.boxes().create(account, mailbox.as_str(), special_use).await?;
    Ok(Reply::ok("CREATE completed"))
}
