//! CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2).

use postern_core::Rights;
use postern_proto_imap::types::Reply;

use crate::{refused::Answer, session::ImapSession};

pub(super) async fn close(session: &mut ImapSession) -> Answer {
    let selected = session.selected()?;
    let (account, folder) = (selected.account, selected.folder);
    if selected.may(Rights::EXPUNGE) && selected.told.folder.messages > 0 {
        // RFC 9051 §6.4.1, RFC 4314 §4: expunged in silence; not after EXAMINE, and not without the right.
        session.boxes().expunge(account, folder, None).await?;
    }
    session.selected = None;
    Ok(Reply::ok("CLOSE completed"))
}

pub(super) fn unselect(session: &mut ImapSession) -> Answer {
    session.selected = None;
    Ok(Reply::ok("UNSELECT completed"))
}
