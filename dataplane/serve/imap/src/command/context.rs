//! UPDATE and CANCELUPDATE: searches whose results are kept up to date (RFC 5267 §4.3).

use postern_proto_imap::{
    encode,
    types::{Code, Reply, SearchReturn, Tag},
};

use crate::{
    context::Context,
    refused::{Answer, Refused},
    session::ImapSession,
};

/// Keeps the result of a search up to date, or says that it is not; the search itself is answered all the same (RFC 5267 §4.3.1).
pub(super) fn keep(session: &mut ImapSession, context: Context) -> Result<(), Refused> {
    let tag = context.tag.clone();
    if let Err(why) = session.selected()?.contexts.add(context) {
        encode::untagged(session.server.output(), &Reply::no(why).with(Code::NoUpdate(tag)));
    }
    Ok(())
}

/// Refuses to follow a search under the tag of another that is followed (RFC 5267 §4.3).
pub(super) fn refuse_known_tag(session: &mut ImapSession, tag: &Tag, result: Option<SearchReturn>) -> Result<(), Refused> {
    if result.is_some_and(|result| result.update) && session.selected()?.contexts.has(tag) {
        return Err(Refused(Reply::bad("That tag is of a search which is kept up to date")));
    }
    Ok(())
}

pub(super) fn cancel(session: &mut ImapSession, tags: &[Tag]) -> Answer {
    if session.selected()?.contexts.cancel(tags) {
        Ok(Reply::ok("No further updates"))
    } else {
        Err(Refused(Reply::no("No search of that tag is kept up to date")))
    }
}
