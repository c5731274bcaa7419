//! Summaries of messages, page by page, for whoever needs something of each.

use postern_message::SummaryRef;
use postern_store::mail::snapshot::Entry;

use super::PAGE;
use crate::{
    message::{self, Message},
    refused::Refused,
    selected::View,
    session::ImapSession,
};

/// Calls `each` with the place in `found`, the entry and the summary of every message; those that are swept already are
/// passed over, as are indexes that there are not.
pub(crate) async fn each_summary(
    session: &ImapSession,
    view: &View,
    found: &[usize],
    mut each: impl FnMut(usize, &Entry, &SummaryRef<'_>),
) -> Result<(), Refused> {
    let View { account, ref told, .. } = *view;
    let boxes = session.boxes();
    let (mut progress, mut first) = (session.progress(), 0);
    for page in found.chunks(PAGE) {
        progress.alive();
        let entries: Vec<&Entry> = page.iter().filter_map(|index| told.get(*index)).collect();
        let ids: Vec<i64> = entries.iter().map(|entry| entry.message).collect();
        let rows = boxes.messages(account, &ids).await?;
        for (place, entry) in (first..).zip(entries) {
            let Some(row) = rows.get(&entry.message) else { continue };
            if message::is_readable(row) {
                each(place, entry, &SummaryRef::new(&row.summary).unwrap_or_default());
            } else {
                let message = Message::read(boxes, row.clone()).await?;
                each(place, entry, &message.summary());
            }
        }
        first += page.len();
        tokio::task::yield_now().await;
    }
    Ok(())
}
