//! MOVE and UID MOVE (RFC 6851, RFC 9051 §6.4.8): copy and expunge are one commit.

use postern_proto_imap::{
    encode,
    types::{MailboxName, Reply, SequenceSet},
};

use super::copy::{Transfer, copy_uid, prepare};
use crate::{
    refused::{Answer, Refused},
    selected::Moment,
    session::ImapSession,
};

pub(super) async fn r#move(session: &mut ImapSession, uid: bool, set: &SequenceSet, to: &MailboxName, moment: Moment) -> Answer {
    if session.selected()?.read_only {
        return Err(Refused::read_only());
    }
    let Transfer { account, from, uids, to } = prepare(session, uid, set, to).await?;
    let moved = session.boxes().move_to(account, from, &uids, to).await?;
    if let Some(code) = copy_uid(&uids, &moved)? {
        // RFC 6851 §4.3: COPYUID before the EXPUNGE answers, for their numbers go.
        encode::untagged(session.server.output(), &Reply::ok("Moved").with(code));
    }
    Ok(session.sure(moment, Reply::ok("MOVE completed")).await)
}
