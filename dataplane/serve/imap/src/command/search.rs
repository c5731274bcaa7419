//! SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4), with SAVE (RFC 5182).

use postern_proto_imap::{
    encode::{self, SearchAnswer},
    types::{Code, Reply, SearchArgs, SearchReturn, Tag, UidSet},
};

use crate::{
    refused::{Answer, Refused},
    search::{self, Program},
    selected::{Selected, number},
    session::ImapSession,
    words,
};

pub(super) async fn search(session: &mut ImapSession, tag: &Tag, args: &SearchArgs) -> Answer {
    let now = session.shared.store.now();
    let dialect = session.server.dialect();
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
    let asked = args.answer(dialect);
    let modseq = args.key.asks_modseq().then(|| highest_modseq(selected, &found, asked)).flatten();
    let numbers = if args.uid { uids } else { found.iter().map(|index| number(index + 1)).collect() };
    let out = session.server.output();
    match asked {
        Some(result) if result.is_silent() => {}
        Some(result) => encode::esearch(out, SearchAnswer { tag, uid: args.uid, result, found: &numbers, modseq }),
        None => encode::search(out, &numbers, modseq),
    }
    Ok(Reply::ok("SEARCH completed"))
}

/// The highest MODSEQ of the messages that the answer names (RFC 7162 §3.1.6, §3.1.10): of the first or last one when only those are.
fn highest_modseq(selected: &Selected, found: &[usize], asked: Option<SearchReturn>) -> Option<u64> {
    let only_ends = asked.filter(|asked| (asked.min || asked.max) && !asked.all && !asked.count);
    let modseq = |index: &usize| selected.told.get(*index).map(|entry| words::modseq(entry.modseq));
    match only_ends {
        Some(asked) => {
            let min = found.first().filter(|_| asked.min).and_then(modseq);
            min.max(found.last().filter(|_| asked.max).and_then(modseq))
        }
        None => found.iter().filter_map(modseq).max(),
    }
}
