//! SEARCH: which messages a program of keys names.
//!
//! Every key has a price: what the snapshot knows is free, a summary costs a share of a statement, a body a
//! statement of its own. A program is evaluated in three-valued logic from the cheapest upwards, and a
//! message goes to the next price only while its answer is still open.

mod header;
mod needle;
mod program;
mod summaries;

use postern_store::mail::snapshot::Entry;

pub(crate) use self::{program::Program, summaries::each_summary};
use crate::{
    message::{self, Message},
    refused::Refused,
    session::ImapSession,
};

/// Messages whose summaries are looked at together.
const PAGE: usize = 1_000;

/// Indexes of the messages that match, ascending.
pub(crate) async fn find(session: &mut ImapSession, program: &Program) -> Result<Vec<usize>, Refused> {
    let account = session.selected()?.account;
    let told = session.selected()?.told.clone();
    let (mut found, mut open): (Vec<usize>, Vec<(usize, &Entry)>) = (Vec::new(), Vec::new());
    let everything = 0..told.len();
    for range in program.candidates().unwrap_or(std::slice::from_ref(&everything)) {
        for (index, entry) in (range.start..).zip(told.iter_from(range.start)).take(range.len()) {
            match program.by_entry(index, entry) {
                Some(true) => found.push(index),
                Some(false) => {}
                None => open.push((index, entry)),
            }
        }
    }
    let boxes = session.boxes();
    for page in open.chunks(PAGE) {
        let ids: Vec<i64> = page.iter().map(|(_, entry)| entry.message).collect();
        let rows = boxes.messages(account, &ids).await?;
        for &(index, entry) in page {
            let Some(row) = rows.get(&entry.message) else { continue };
            let by_summary = if message::is_readable(row) { program.by_summary(index, entry, row) } else { None };
            let matches = match by_summary {
                Some(known) => known,
                None => {
                    // The semaphore is never closed.
                    let _turn = session.shared.body_searches.acquire().await;
                    let message = Message::read(boxes, row.clone()).await?;
                    program.by_message(index, entry, &message)
                }
            };
            if matches {
                found.push(index);
            }
        }
        tokio::task::yield_now().await;
    }
    found.sort_unstable();
    Ok(found)
}
