//! MOVE and UID MOVE (RFC 6851, RFC 9051 §6.4.8): copy and expunge are one commit.

use postern_core::Rights;
use postern_proto_imap::{
    encode,
    types::{Code, MailboxName, Reply, SequenceSet},
};

use super::copy::{Transfer, copy_uid, prepare};
use crate::{
    place::no_permission,
    refused::{Answer, Refused},
    selected::Moment,
    session::ImapSession,
};

pub(super) async fn r#move(session: &mut ImapSession, uid: bool, set: &SequenceSet, to: &MailboxName, moment: Moment) -> Answer {
    let selected = session.selected()?;
    if selected.read_only {
        return Err(Refused::read_only());
    }
    // RFC 6851 §4.1: what STORE and EXPUNGE would need.
    if !selected.may(Rights::DELETE_MESSAGES | Rights::EXPUNGE) {
        return Err(no_permission());
    }
    let ranges = selected.resolve(set, uid)?;
    let ranges = session.cut(ranges)?;
    let Transfer { account, from, uids, to, .. } = prepare(session, ranges, to).await?;
    if to.account != account {
        return Err(Refused::no(Code::Cannot, "A message moves within one box; copy it, then expunge it here"));
    }
    let moved = session.boxes().move_to(account, from, &uids, to.folder.id).await?;
    if let Some(code) = copy_uid(&uids, &moved)? {
        // RFC 6851 §4.3: COPYUID before the EXPUNGE answers, for their numbers go.
        encode::untagged(session.server.output(), &Reply::ok("Moved").with(code));
    }
    Ok(session.sure(moment, Reply::ok("MOVE completed")).await)
}
