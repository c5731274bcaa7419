//! SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8): of names, be they there or not.

use postern_proto_imap::types::{MailboxName, Reply};

use crate::{refused::Answer, session::ImapSession};

pub(super) async fn subscribe(session: &mut ImapSession, mailbox: &MailboxName, subscribed: bool) -> Answer {
    let account = session.account()?;
    session.boxes().set_subscribed(account, mailbox.as_str(), subscribed).await?;
    Ok(Reply::ok("Done"))
}
