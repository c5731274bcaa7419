//! UNAUTHENTICATE (RFC 8437): the login ends and the connection stays, for another to log in.

use postern_proto_imap::types::Reply;

use crate::{refused::Answer, session::ImapSession};

pub(super) fn unauthenticate(session: &mut ImapSession) -> Answer {
    // RFC 8437 §3: what was selected and saved goes without an expunge.
    session.selected = None;
    session.watch = None;
    session.login = None;
    Ok(Reply::ok("Logged out"))
}
