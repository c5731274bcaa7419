//! LIST (RFC 9051 §6.3.9), with LIST-STATUS (RFC 5819), LIST-MYRIGHTS (RFC 8440) and LIST-METADATA (RFC 9590).

use postern_core::Rights;
use postern_proto_imap::{
    encode::{self, ListItem},
    listing,
    types::{ListArgs, Pattern, Reply},
};

use super::{mailboxes, metadata, status};
use crate::{refused::Answer, session::ImapSession};

pub(super) async fn list(session: &mut ImapSession, args: &ListArgs) -> Answer {
    let dialect = session.server.dialect();
    if args.patterns.iter().all(Pattern::is_empty) {
        encode::list(session.server.output(), None, dialect);
        return Ok(Reply::ok("LIST completed"));
    }
    let (known, found) = mailboxes::known(session).await?;
    for listed in listing::list(args, known) {
        let item = ListItem {
            name: &listed.name,
            attributes: listed.attributes,
            special_use: &listed.special_use,
            child_info: &listed.child_info,
            old_name: None,
        };
        encode::list(session.server.output(), Some(&item), dialect);
        let Some(found) = found.get(&listed.name).filter(|_| listed.exists) else { continue };
        // RFC 5819 §2: no STATUS for what may not be read.
        if !args.result.status.is_empty() && found.rights.contains(Rights::READ) {
            let values = status::values(session, found.account, &found.folder, &args.result.status).await?;
            encode::status(session.server.output(), &listed.name, &values, dialect);
        }
        if args.result.my_rights {
            encode::my_rights(session.server.output(), &listed.name, found.rights, dialect);
        }
        if !args.result.metadata.is_empty() {
            let values = metadata::listed(session, found, &args.result.metadata).await?;
            let values: Vec<_> = values.iter().map(|(name, value)| (name.clone(), value.as_deref())).collect();
            encode::metadata(session.server.output(), Some(&listed.name), &values, dialect);
        }
    }
    Ok(Reply::ok("LIST completed"))
}
