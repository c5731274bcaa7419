//! CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2).

use postern_proto_imap::types::Reply;

use crate::{refused::Answer, session::ImapSession};

pub(super) async fn close(session: &mut ImapSession) -> Answer {
    let selected = session.selected()?;
    let (account, folder, read_only) = (selected.account, selected.folder, selected.read_only);
    if !read_only && selected.told.folder.messages > 0 {
        // RFC 9051 §6.4.1: expunged in silence, and not at all after EXAMINE.
        session.boxes().expunge(account, folder, None).await?;
    }
    session.selected = None;
    Ok(Reply::ok("CLOSE completed"))
}

pub(super) fn unselect(session: &mut ImapSession) -> Answer {
    session.selected = None;
    Ok(Reply::ok("UNSELECT completed"))
}
