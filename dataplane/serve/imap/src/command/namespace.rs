//! NAMESPACE (RFC 2342, RFC 9051 §6.3.10): the own box, and what other users share.

use postern_proto_imap::{encode, types::Reply};

use crate::{refused::Answer, session::ImapSession};

pub(super) fn namespace(session: &mut ImapSession) -> Answer {
    encode::namespace(session.server.output());
    Ok(Reply::ok("NAMESPACE completed"))
}
