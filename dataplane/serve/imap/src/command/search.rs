//! SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4), with SAVE (RFC 5182).

use postern_proto_imap::{
    encode::{self, SearchAnswer},
    types::{Code, Reply, SearchArgs, SearchKey, SearchReturn, Tag, UidSet},
};

use crate::{
    refused::{Answer, Refused},
    search::{self, Program},
    selected::{Selected, number},
    session::ImapSession,
    words,
};

pub(super) async fn search(session: &mut ImapSession, tag: &Tag, args: &SearchArgs) -> Answer {
    let found = find(session, &args.key, args.result).await?;
    let asked = args.answer(session.server.dialect());
    let modseq = highest_modseq(session.selected()?, &args.key, &found, asked);
    match asked {
        Some(result) => extended(session, tag, args.uid, result, &found, modseq)?,
        None => {
            let numbers = numbers(session, args.uid, &found)?;
            encode::search(session.server.output(), &numbers, modseq);
        }
    }
    Ok(Reply::ok("SEARCH completed"))
}

/// Indexes of the messages that match, ascending. When it fails and was to be saved, `$` is emptied (RFC 5182 §2.1).
pub(super) async fn find(session: &mut ImapSession, key: &SearchKey, result: Option<SearchReturn>) -> Result<Vec<usize>, Refused> {
    let now = session.shared.store.now();
    let mut program = Program::new(key, session.selected()?, now)?;
    match search::find(session, &mut program).await {
        Err(Refused(reply)) if result.is_some_and(|result| result.save) => {
            session.selected()?.saved = UidSet::new();
            Err(Refused(reply.with(Code::NotSaved)))
        }
        found => found,
    }
}

/// Answers with ESEARCH and saves what is to be saved; `found` is in the order of the result.
pub(super) fn extended(
    session: &mut ImapSession,
    tag: &Tag,
    uid: bool,
    result: SearchReturn,
    found: &[usize],
    modseq: Option<u64>,
) -> Result<(), Refused> {
    if result.save {
        let uids = numbers(session, true, found)?;
        let selected = session.selected()?;
        selected.saved = result.kept(&uids);
        selected.saved.shrink();
    }
    if !result.is_silent() {
        let numbers = numbers(session, uid, found)?;
        encode::esearch(session.server.output(), SearchAnswer { tag, uid, result, found: &numbers, modseq });
    }
    Ok(())
}

/// UIDs or sequence numbers of indexes, in their order.
pub(super) fn numbers(session: &mut ImapSession, uid: bool, found: &[usize]) -> Result<Vec<u32>, Refused> {
    let told = &session.selected()?.told;
    Ok(if uid {
        found.iter().filter_map(|index| told.get(*index)).map(|entry| entry.uid).collect()
    } else {
        found.iter().map(|index| number(index + 1)).collect()
    })
}

/// The highest MODSEQ of the messages that the answer names (RFC 7162 §3.1.6, §3.1.10): of the first or last one when only those are.
pub(super) fn highest_modseq(selected: &Selected, key: &SearchKey, found: &[usize], asked: Option<SearchReturn>) -> Option<u64> {
    if !key.asks_modseq() {
        return None;
    }
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
