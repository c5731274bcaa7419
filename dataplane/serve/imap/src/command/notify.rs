//! NOTIFY (RFC 5465 §3): what this session is to hear without asking, and where each mailbox stands now.

use postern_proto_imap::types::{Notify, Reply};

use crate::{notify::Watch, refused::Answer, session::ImapSession};

pub(super) async fn notify(session: &mut ImapSession, wanted: Notify) -> Answer {
    let account = session.account()?;
    // RFC 5465 §3.1: each NOTIFY takes the place of the one before.
    session.watch = None;
    let Notify::Set(set) = wanted else { return Ok(Reply::ok("NOTIFY completed")) };
    let tell_status = set.status;
    let watch = Watch::new(session.boxes(), account, set).await?;
    if tell_status {
        let selected = session.selected.as_ref().filter(|selected| selected.account == account).map(|selected| selected.folder);
        let watched: Vec<_> = watch.watched(selected).cloned().collect();
        watched.iter().for_each(|folder| session.write_status(account, folder));
    }
    session.watch = Some(Box::new(watch));
    Ok(Reply::ok("NOTIFY completed"))
}
