//! SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4), with SAVE (RFC 5182).

use postern_proto_imap::{
    encode::{self, SearchAnswer},
    types::{Code, Reply, SearchArgs, Tag, UidSet},
};

use crate::{
    refused::{Answer, Refused},
    search::{self, Program},
    selected::number,
    session::ImapSession,
};

pub(super) async fn search(session: &mut ImapSession, tag: &Tag, args: &SearchArgs) -> Answer {
    let now = session.shared.store.now();
    let program = Program::new(&args.key, session.selected()?, now)?;
    let saves = args.result.is_some_and(|result| result.save);
    let found = match search::find(session, &program).await {
        Ok(found) => found,
        Err(Refused(reply)) if saves => {
            // RFC 5182 §2.1: a search that fails leaves $ empty.
            session.selected()?.saved = UidSet::new();
            return Err(Refused(reply.with(Code::NotSaved)));
        }
        Err(refused) => return Err(refused),
    };
    let selected = session.selected()?;
    let uids: UidSet = found.iter().filter_map(|index| selected.told.get(*index)).map(|entry| entry.uid).collect();
    if let Some(result) = args.result.filter(|result| result.save) {
        selected.saved = result.kept(&uids);
        selected.saved.shrink();
    }
    let numbers = if args.uid { uids } else { found.iter().map(|index| number(index + 1)).collect() };
    let dialect = session.server.dialect();
    let out = session.server.output();
    match args.answer(dialect) {
        Some(result) if result.is_silent() => {}
        Some(result) => encode::esearch(out, SearchAnswer { tag, uid: args.uid, result, found: &numbers }),
        None => encode::search(out, &numbers),
    }
    Ok(Reply::ok("SEARCH completed"))
}
