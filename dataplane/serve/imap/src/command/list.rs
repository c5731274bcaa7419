//! LIST (RFC 9051 §6.3.9), with LIST-STATUS (RFC 5819).

use postern_proto_imap::{
    encode::{self, ListItem},
    listing,
    types::{ListArgs, Pattern, Reply},
};

use super::{mailboxes, status};
use crate::{refused::Answer, session::ImapSession};

pub(super) async fn list(session: &mut ImapSession, args: &ListArgs) -> Answer {
    let account = session.account()?;
    let dialect = session.server.dialect();
    if args.patterns.iter().all(Pattern::is_empty) {
        encode::list(session.server.output(), None, dialect);
        return Ok(Reply::ok("LIST completed"));
    }
    let (known, folders) = mailboxes::known(session.boxes(), account).await?;
    let append_limit = session.shared.config.append_limit;
    let out = session.server.output();
    for listed in listing::list(args, known) {
        let item = ListItem {
            name: &listed.name,
            attributes: listed.attributes,
            special_use: &listed.special_use,
            child_subscribed: listed.child_subscribed,
        };
        encode::list(out, Some(&item), dialect);
        if let Some(folder) = folders.iter().find(|folder| listed.exists && folder.name == listed.name.as_str())
            && !args.result.status.is_empty()
        {
            let values = status::values(folder, &args.result.status, append_limit);
            encode::status(out, &listed.name, &values, dialect);
        }
    }
    Ok(Reply::ok("LIST completed"))
}
