//! EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9). The EXPUNGE answers come as any change does.

use postern_core::Rights;
use postern_proto_imap::types::{Reply, SequenceSet};

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
    let uids = set.map(|set| selected.resolve(set, true)).transpose()?.map(|ranges| selected.uids(&ranges));
    let (account, folder) = (selected.account, selected.folder);
    session.boxes().expunge(account, folder, uids.as_deref()).await?;
    Ok(session.sure(moment, Reply::ok("EXPUNGE completed")).await)
}
