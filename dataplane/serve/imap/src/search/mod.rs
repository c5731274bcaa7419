//! SEARCH: which messages a program of keys names.
//!
//! Every key has a price: what the snapshot knows is free, a summary costs a share of a statement, a body a share of one
//! with few others, and what is attached to it is read out of archives. A program is evaluated in three-valued logic from
//! the cheapest upwards, and a message goes to the next price only while its answer is still open.

mod header;
mod known;
mod needle;
mod program;
mod summaries;

use std::ops::Range;

use postern_core::{AccountId, FolderId};
use postern_store::{
    StoreError,
    mail::{boxes::Boxes, read::StoredMessage, snapshot::Entry},
};

pub(crate) use self::{program::Program, summaries::each_summary};
use crate::{
    message::{self, Message},
    refused::Refused,
    selected::View,
    session::ImapSession,
};

/// Messages whose summaries are looked at together.
const PAGE: usize = 1_000;
/// Messages whose bodies are read together.
const BODIES: usize = 64;
/// Octets of those bodies, if it is more than one.
const OCTETS: u64 = 2 << 20;
/// Fewer messages than these are looked at sooner than the text index is asked.
const WORTH_ASKING: usize = 64;
/// More messages than these behind the index's watermark are worth indexing at once.
const LONG_TAIL: usize = 256;

/// Indexes of the messages that match, ascending.
pub(crate) async fn find(session: &ImapSession, view: &View, program: &mut Program) -> Result<Vec<usize>, Refused> {
    let ranges = program.ranges(view);
    find_within(session, view, program, &ranges).await
}

/// The same among the messages of these ranges alone.
pub(crate) async fn find_within(
    session: &ImapSession,
    view: &View,
    program: &mut Program,
    ranges: &[Range<usize>],
) -> Result<Vec<usize>, Refused> {
    let View { account, folder, ref told, .. } = *view;
    let (mut found, mut open): (Vec<usize>, Vec<(usize, &Entry)>) = (Vec::new(), Vec::new());
    for range in ranges {
        for (first, run) in told.runs(range.clone()) {
            for (index, entry) in (first..).zip(run) {
                match program.by_entry(index, entry) {
                    Some(true) => found.push(index),
                    Some(false) => {}
                    None => open.push((index, entry)),
                }
            }
        }
    }
    let boxes = session.boxes();
    if open.len() > WORTH_ASKING {
        let asked = ask_index(boxes, account, folder, program).await;
        // A folder that was filled just now is looked through once, and not until the janitor's next pass.
        let tail = |upto: u32| open.iter().filter(|(_, entry)| entry.uid > upto).count();
        if asked.is_some_and(|(upto, lacking)| lacking > LONG_TAIL || tail(upto) > LONG_TAIL) {
            boxes.want_index(account, folder);
        }
        open.retain(|&(index, entry)| match program.by_entry(index, entry) {
            Some(matches) => {
                found.extend(matches.then_some(index));
                false
            }
            None => true,
        });
    }
    let (mut progress, mut done) = (session.progress(), 0);
    for page in open.chunks(PAGE) {
        progress.at(done, open.len());
        let ids: Vec<i64> = page.iter().map(|(_, entry)| entry.message).collect();
        let rows = boxes.messages(account, &ids).await?;
        let mut unread = Vec::new();
        for &(index, entry) in page {
            let Some(row) = rows.get(&entry.message) else { continue };
            let by_summary = if message::is_readable(row) { program.by_summary(index, entry, row) } else { None };
            match by_summary {
                Some(true) => found.push(index),
                Some(false) => {}
                None => unread.push((index, entry, row)),
            }
        }
        let mut left = &unread[..];
        while !left.is_empty() {
            let (group, rest) = left.split_at(together(left));
            left = rest;
            progress.at(done + page.len() - left.len(), open.len());
            // The semaphore is never closed.
            let _turn = session.shared.body_searches.acquire().await;
            let bodies = boxes.bodies(group.iter().map(|(.., row)| *row)).await?;
            for &(index, entry, row) in group {
                // What could not be read with the others says why when it is read alone.
                let message = match bodies.get(&row.blob) {
                    Some(Ok(body)) => Message::of(row.clone(), body.clone()),
                    _ => Message::read(boxes, row.clone()).await?,
                };
                let matches = match program.by_message(index, entry, &message) {
                    Some(matches) => matches,
                    None => program.by_attachments(index, entry, &message, &message.attached().await?),
                };
                if matches {
                    found.push(index);
                }
            }
        }
        done += page.len();
        tokio::task::yield_now().await;
    }
    found.sort_unstable();
    Ok(found)
}

/// How many of these, from the first on, are read together.
fn together(messages: &[(usize, &Entry, &StoredMessage)]) -> usize {
    let mut octets = 0;
    let fits = messages.iter().take(BODIES).take_while(|(_, entry, _)| {
        octets += u64::from(entry.size);
        octets <= OCTETS
    });
    fits.count().max(1)
}

/// Lets the program know what the text index says; its watermark, and how many messages it knows without what is attached to them,
/// when there was something to ask. Without it, everything is looked at.
async fn ask_index(boxes: &Boxes, account: AccountId, folder: FolderId, program: &mut Program) -> Option<(u32, usize)> {
    let questions = program.questions();
    if questions.is_empty() {
        return None;
    }
    let answers = async {
        let index = boxes.index(account, folder).await?;
        Ok::<_, StoreError>((index.upto(), index.lacking(), index.ask(&questions).await?))
    };
    match answers.await {
        Ok((upto, lacking, answers)) => {
            program.learn(upto, answers);
            Some((upto, lacking))
        }
        Err(error) => {
            tracing::warn!(%error, account = account.0, folder = folder.0, "the text index cannot be asked");
            None
        }
    }
}
