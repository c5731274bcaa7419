//! SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4), with SAVE (RFC 5182) and UPDATE (RFC 5267).

use postern_proto_imap::{
    encode::{self, SearchAnswer, SearchedMailbox},
    types::{Code, Reply, SearchArgs, SearchKey, SearchReturn, Tag, UidSet},
};

use super::context;
use crate::{
    context::Context,
    filters,
    refused::{Answer, Refused},
    search::{self, Program},
    selected::{View, number},
    session::ImapSession,
    words,
};

pub(super) async fn search(session: &mut ImapSession, tag: &Tag, args: &SearchArgs) -> Answer {
    let Found { view, key, indexes } = find(session, tag, &args.key, args.result).await?;
    let asked = args.answer(session.server.dialect());
    let modseq = highest_modseq(&view, &key, &indexes, asked);
    match asked {
        Some(result) => {
            if result.update {
                // What is kept up to date cannot be a part of what was asked.
                session.all_or_none()?;
                let found = view.uids(&indexes);
                context::keep(session, Context { tag: tag.clone(), uid: args.uid, key, order: None, found })?;
            }
            extended(session, &view, &indexes, Asked { tag, uid: args.uid, result, modseq, mailbox: None })?;
        }
        None => encode::search(session.server.output(), &numbers(&view, args.uid, &indexes), modseq),
    }
    Ok(Reply::ok("SEARCH completed"))
}

/// What was found in the mailbox selected.
pub(super) struct Found {
    pub view: View,
    /// What was looked for, with filters put in.
    pub key: SearchKey,
    /// Where it lies, ascending.
    pub indexes: Vec<usize>,
}

/// Searches the mailbox selected. When it fails and was to be saved, `$` is emptied (RFC 5182 §2.1).
pub(super) async fn find(session: &mut ImapSession, tag: &Tag, key: &SearchKey, result: Option<SearchReturn>) -> Result<Found, Refused> {
    context::refuse_known_tag(session, tag, result)?;
    match find_now(session, key).await {
        Err(Refused(reply)) if result.is_some_and(|result| result.save) => {
            session.selected()?.saved = UidSet::new();
            Err(Refused(if reply.code.is_none() { reply.with(Code::NotSaved) } else { reply }))
        }
        found => found,
    }
}

async fn find_now(session: &mut ImapSession, key: &SearchKey) -> Result<Found, Refused> {
    let key = filters::resolve(session, key).await?.into_owned();
    let view = session.selected()?.view();
    let mut program = Program::new(&key, &view, session.shared.store.now())?;
    let ranges = session.cut(program.ranges(&view))?;
    let indexes = search::find_within(session, &view, &mut program, &ranges).await?;
    Ok(Found { view, key, indexes })
}

/// Indexes of the messages that match, ascending.
pub(super) async fn find_in(session: &ImapSession, view: &View, key: &SearchKey) -> Result<Vec<usize>, Refused> {
    let mut program = Program::new(key, view, session.shared.store.now())?;
    search::find(session, view, &mut program).await
}

/// How to answer.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub tag: &'a Tag,
    pub uid: bool,
    pub result: SearchReturn,
    pub modseq: Option<u64>,
    pub mailbox: Option<SearchedMailbox<'a>>,
}

/// Answers with ESEARCH and saves what is to be saved; `found` is in the order of the result.
pub(super) fn extended(session: &mut ImapSession, view: &View, found: &[usize], asked: Asked<'_>) -> Result<(), Refused> {
    let Asked { tag, uid, result, modseq, mailbox } = asked;
    if result.save {
        let selected = session.selected()?;
        selected.saved = result.kept(&view.uids(found));
        selected.saved.shrink();
    }
    if !result.is_silent() {
        let numbers = numbers(view, uid, found);
        encode::esearch(session.server.output(), SearchAnswer { tag, uid, result, found: &numbers, modseq, mailbox });
    }
    Ok(())
}

/// UIDs or sequence numbers of indexes, in their order.
pub(super) fn numbers(view: &View, uid: bool, found: &[usize]) -> Vec<u32> {
    if uid { view.uids(found) } else { found.iter().map(|index| number(index + 1)).collect() }
}

/// The highest MODSEQ of the messages that the answer names (RFC 7162 §3.1.6, §3.1.10): of the first or last one when only those are.
pub(super) fn highest_modseq(view: &View, key: &SearchKey, found: &[usize], asked: Option<SearchReturn>) -> Option<u64> {
    if !key.asks_modseq() {
        return None;
    }
    let only_ends = asked.filter(|asked| (asked.min || asked.max) && !asked.all && !asked.count);
    let modseq = |index: &usize| view.told.get(*index).map(|entry| words::modseq(entry.modseq));
    match only_ends {
        Some(asked) => {
            let min = found.first().filter(|_| asked.min).and_then(modseq);
            min.max(found.last().filter(|_| asked.max).and_then(modseq))
        }
        None => found.iter().filter_map(modseq).max(),
    }
}
