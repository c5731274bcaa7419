//! ID (RFC 2971): who speaks.

use postern_proto_imap::{encode, types::Reply};

use crate::{refused::Answer, session::ImapSession};

pub(super) fn id(session: &mut ImapSession, client: &[(String, Option<String>)]) -> Answer {
    let name = client.iter().find(|(field, _)| field.eq_ignore_ascii_case("name")).and_then(|(_, value)| value.as_deref());
    tracing::debug!(client = %session.client, name, "ID");
    encode::id(session.server.output(), &[("name", "Postern"), ("version", env!("CARGO_PKG_VERSION"))]);
    Ok(Reply::ok("ID completed"))
}
