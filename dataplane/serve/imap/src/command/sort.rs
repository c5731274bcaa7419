//! SORT and UID SORT (RFC 5256 §3), with RETURN (RFC 5267 §3).

use postern_proto_imap::{
    encode,
    types::{Reply, SortArgs, Tag},
};

use super::search;
use crate::{refused::Answer, session::ImapSession, sort};

pub(super) async fn sort(session: &mut ImapSession, tag: &Tag, args: &SortArgs) -> Answer {
    let found = search::find(session, &args.key, args.result).await?;
    let sorted = sort::sort(session, found, &args.criteria).await?;
    let modseq = search::highest_modseq(session.selected()?, &args.key, &sorted, args.result);
    match args.result {
        Some(result) => search::extended(session, tag, args.uid, result, &sorted, modseq)?,
        None => {
            let numbers = search::numbers(session, args.uid, &sorted)?;
            encode::sort(session.server.output(), &numbers, modseq);
        }
    }
    Ok(Reply::ok("SORT completed"))
}
