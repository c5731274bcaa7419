//! EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9). The EXPUNGE answers come as any change does.

use postern_core::Rights;
use postern_proto_imap::types::{Reply, SequenceSet};
use postern_store::mail::Flags;

use crate::{
    place::no_permission,
    refused::{Answer, Refused},
    selected::Moment,
    session::ImapSession,
};

pub(super) async fn expunge(session: &mut ImapSession, set: Option<&SequenceSet>, moment: Moment) -> Answer {
    let selected = session.selected()?;
    if selected.read_only {
        return Err(Refused::read_only());
    }
    if !selected.may(Rights::EXPUNGE) {
        return Err(no_permission());
    }
    let (account, folder) = (selected.account, selected.folder);
    let uids = match set {
        Some(set) => Some(named(session, set)?),
        None => None,
    };
    session.boxes().expunge(account, folder, uids.as_deref()).await?;
    Ok(session.sure(moment, Reply::ok("EXPUNGE completed")).await)
}

/// The UIDs of UID EXPUNGE. Where there may be too many, those that are not deleted do not count (RFC 9738 §3.1).
fn named(session: &mut ImapSession, set: &SequenceSet) -> Result<Vec<i64>, Refused> {
    let limited = session.shared.config.message_limit.is_some();
    let selected = session.selected()?;
    let mut ranges = selected.resolve(set, true)?;
    if limited {
        let deleted = selected.entries(&ranges).filter(|(_, entry)| entry.flags.has(Flags::DELETED));
        ranges = deleted.map(|(index, _)| index..index + 1).collect();
        ranges = session.cut(ranges)?;
    }
    Ok(session.selected()?.uids(&ranges))
}
