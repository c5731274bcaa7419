//! LSUB, of rev1 (RFC 3501 §6.3.9).

use postern_proto_imap::{
    encode, listing,
    types::{Pattern, Reply},
};

use super::mailboxes;
use crate::{refused::Answer, session::ImapSession};

pub(super) async fn lsub(session: &mut ImapSession, pattern: &Pattern) -> Answer {
    let dialect = session.server.dialect();
    let (known, _) = mailboxes::known(session).await?;
    let out = session.server.output();
    for (name, no_select) in listing::lsub(pattern, known) {
        encode::lsub(out, &name, no_select, dialect);
    }
    Ok(Reply::ok("LSUB completed"))
}
