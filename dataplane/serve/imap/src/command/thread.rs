//! THREAD and UID THREAD (RFC 5256 §3).

use postern_proto_imap::{
    encode,
    types::{Reply, ThreadArgs},
};

use super::search;
use crate::{refused::Answer, session::ImapSession, thread};

pub(super) async fn thread(session: &mut ImapSession, args: &ThreadArgs) -> Answer {
    let found = search::find(session, &args.key, None).await?;
    let numbers = search::numbers(session, args.uid, &found)?;
    let forest = thread::thread(session, &found, &numbers, args.algorithm).await?;
    encode::thread(session.server.output(), &forest);
    Ok(Reply::ok("THREAD completed"))
}
