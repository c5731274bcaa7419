//! SORT and UID SORT (RFC 5256 §3), with RETURN (RFC 5267 §3).

use postern_proto_imap::{
    encode,
    types::{Reply, SortArgs, Tag},
};

use super::{
    context,
    search::{self, Asked, Found},
};
use crate::{context::Context, refused::Answer, session::ImapSession, sort};

pub(super) async fn sort(session: &mut ImapSession, tag: &Tag, args: &SortArgs) -> Answer {
    let Found { view, key, indexes } = search::find(session, tag, &args.key, args.result).await?;
    session.all_or_none()?;
    let sorted = sort::sort(session, &view, indexes, &args.criteria).await?;
    let modseq = search::highest_modseq(&view, &key, &sorted, args.result);
    match args.result {
        Some(result) => {
            if result.update {
                let (order, found) = (Some(args.criteria.clone()), view.uids(&sorted));
                context::keep(session, Context { tag: tag.clone(), uid: args.uid, key, order, found })?;
            }
            search::extended(session, &view, &sorted, Asked { tag, uid: args.uid, result, modseq, mailbox: None })?;
        }
        None => encode::sort(session.server.output(), &search::numbers(&view, args.uid, &sorted), modseq),
    }
    Ok(Reply::ok("SORT completed"))
}
