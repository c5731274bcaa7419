//! THREAD and UID THREAD (RFC 5256 §3).

use postern_proto_imap::{
    encode,
    types::{Reply, Tag, ThreadArgs},
};

use super::search::{self, Found};
use crate::{refused::Answer, session::ImapSession, thread};

pub(super) async fn thread(session: &mut ImapSession, tag: &Tag, args: &ThreadArgs) -> Answer {
    let Found { view, indexes, .. } = search::find(session, tag, &args.key, None).await?;
    session.all_or_none()?;
    let numbers = search::numbers(&view, args.uid, &indexes);
    let forest = thread::thread(session, &view, &indexes, &numbers, args.algorithm).await?;
    encode::thread(session.server.output(), &forest);
    Ok(Reply::ok("THREAD completed"))
}
