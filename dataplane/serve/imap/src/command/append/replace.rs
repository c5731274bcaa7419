//! REPLACE and UID REPLACE (RFC 8508): the message that goes, and the answer that tells both changes.

use postern_core::Rights;
use postern_proto_imap::{
    encode,
    types::{Code, Replaced, Reply, SequenceRange, SequenceSet},
};
use postern_store::ingest;

use crate::{
    place::{Found, no_permission},
    refused::Refused,
    selected::Moment,
    session::ImapSession,
};

/// The placement that REPLACE names, as the client knows the mailbox; found before the new message is sent.
pub(super) fn placement(session: &mut ImapSession, replaced: Replaced, target: &Found) -> Result<ingest::Replaced, Refused> {
    let selected = session.selected()?;
    if selected.read_only {
        return Err(Refused::read_only());
    }
    // RFC 8508 §3.4: what STORE \Deleted and EXPUNGE would need.
    if !selected.may(Rights::DELETE_MESSAGES | Rights::EXPUNGE) {
        return Err(no_permission());
    }
    if selected.account != target.account {
        return Err(Refused::no(Code::Cannot, "A message is replaced within one box"));
    }
    let set = SequenceSet::Ranges(vec![SequenceRange { start: replaced.message, end: replaced.message }]);
    let ranges = selected.resolve(&set, replaced.uid)?;
    // RFC 8508 §3.2: what is not there cannot be replaced.
    let (_, entry) = selected.entries(&ranges).next().ok_or_else(|| Refused::no(Code::NonExistent, "No message has that UID"))?;
    Ok(ingest::Replaced { account: selected.account, folder: selected.folder, uid: entry.uid.into(), size: entry.size })
}

/// RFC 8508 §3.3: APPENDUID comes before the EXPUNGE of the old one is told.
pub(super) async fn answer(session: &mut ImapSession, appended: Code, moment: Moment) -> Reply {
    encode::untagged(session.server.output(), &Reply::ok("It has taken the old one's place").with(appended));
    session.sure(moment, Reply::ok("REPLACE completed")).await
}
