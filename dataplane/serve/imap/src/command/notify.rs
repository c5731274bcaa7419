//! NOTIFY (RFC 5465 §3): what this session is to hear without asking, and where each mailbox stands now.

use postern_proto_imap::types::{Notify, Reply};

use crate::{notify::Watch, refused::Answer, session::ImapSession};

pub(super) async fn notify(session: &mut ImapSession, wanted: Notify) -> Answer {
    let login = session.logged_in()?.clone();
    // RFC 5465 §3.1: each NOTIFY takes the place of the one before.
    session.watch = None;
    let Notify::Set(set) = wanted else { return Ok(Reply::ok("NOTIFY completed")) };
    let tell_status = set.status;
    let watch = Watch::new(&session.shared, &login, set).await?;
    if tell_status {
        let selected = session.selected.as_ref().map(|selected| (selected.account, selected.folder));
        for watched in watch.watched(selected) {
            session.write_status(watched).await?;
        }
    }
    session.watch = Some(Box::new(watch));
    Ok(Reply::ok("NOTIFY completed"))
}
