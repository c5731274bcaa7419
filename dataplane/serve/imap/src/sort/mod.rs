//! SORT: the order of what was found (RFC 5256 §3, RFC 5957).

use std::cmp::Ordering;

use postern_core::Timestamp;
use postern_message::{SummaryRef, search::sort as keys};
use postern_proto_imap::types::{SortCriterion, SortKey};
use postern_store::mail::{sent::SentDates, snapshot::Entry};

use crate::{refused::Refused, search::each_summary, selected::View, session::ImapSession};

/// What one criterion compares, message by message.
enum Column {
    Number(Vec<i64>),
    Text(Vec<Box<str>>),
}

/// Puts indexes in order; they come ascending, and where all criteria are equal they stay so (RFC 5256 §3).
pub(crate) async fn sort(session: &ImapSession, view: &View, found: Vec<usize>, criteria: &[SortCriterion]) -> Result<Vec<usize>, Refused> {
    let entries: Vec<&Entry> = found.iter().filter_map(|index| view.told.get(*index)).collect();
    let mut columns: Vec<Column> = criteria.iter().map(|criterion| by_entry(criterion.key, &entries)).collect();
    // What most clients sort by most is remembered; texts are read each time.
    let unread: Vec<usize> = if criteria.iter().any(|criterion| is_text(criterion.key)) {
        (0..found.len()).collect()
    } else if criteria.iter().any(|criterion| criterion.key == SortKey::Date) {
        by_date(&mut columns, criteria, view.told.sent(), &entries)
    } else {
        Vec::new()
    };
    if !unread.is_empty() {
        let indexes: Vec<usize> = unread.iter().filter_map(|place| found.get(*place).copied()).collect();
        let mut dates = Vec::with_capacity(indexes.len());
        each_summary(session, view, &indexes, |at, entry, summary| {
            dates.push((entry.message, summary.sent().map(Timestamp::secs)));
            let Some(place) = unread.get(at) else { return };
            for (column, criterion) in columns.iter_mut().zip(criteria) {
                column.set(*place, criterion.key, summary);
            }
        })
        .await?;
        view.told.sent().learn(dates, view.told.len());
    }
    Ok(order(&columns, criteria, found.len()).into_iter().filter_map(|place| found.get(place).copied()).collect())
}

/// Puts in the dates that are known; returns the places of messages whose are not.
fn by_date(columns: &mut [Column], criteria: &[SortCriterion], known: &SentDates, entries: &[&Entry]) -> Vec<usize> {
    let dates = known.of(entries.iter().map(|entry| entry.message));
    for (column, _) in columns.iter_mut().zip(criteria).filter(|(_, criterion)| criterion.key == SortKey::Date) {
        if let Column::Number(numbers) = column {
            for (number, date) in numbers.iter_mut().zip(&dates) {
                *number = date.flatten().unwrap_or(*number);
            }
        }
    }
    dates.iter().enumerate().filter(|(_, date)| date.is_none()).map(|(place, _)| place).collect()
}

/// Places in order.
fn order(columns: &[Column], criteria: &[SortCriterion], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    let compare = |a: &usize, b: &usize| {
        let each = columns.iter().zip(criteria).map(|(column, criterion)| {
            let ordering = column.compare(*a, *b);
            if criterion.reverse { ordering.reverse() } else { ordering }
        });
        each.fold(Ordering::Equal, Ordering::then)
    };
    places.sort_by(compare);
    places
}

const fn is_text(key: SortKey) -> bool {
    !matches!(key, SortKey::Arrival | SortKey::Date | SortKey::Size | SortKey::Relevancy)
}

/// What the snapshot knows. DATE falls back to the internal date (RFC 5256 §2.2).
fn by_entry(key: SortKey, entries: &[&Entry]) -> Column {
    match key {
        SortKey::Arrival | SortKey::Date => Column::Number(entries.iter().map(|entry| entry.received_at).collect()),
        SortKey::Size => Column::Number(entries.iter().map(|entry| entry.size.into()).collect()),
        SortKey::Relevancy => Column::Number(vec![0; entries.len()]),
        _ => Column::Text(vec![Box::default(); entries.len()]),
    }
}

impl Column {
    fn set(&mut self, place: usize, key: SortKey, summary: &SummaryRef<'_>) {
        match self {
            Self::Number(numbers) => {
                if let (SortKey::Date, Some(sent), Some(number)) = (key, summary.sent(), numbers.get_mut(place)) {
                    *number = sent.secs();
                }
            }
            Self::Text(texts) => {
                if let Some(text) = texts.get_mut(place) {
                    *text = of_summary(key, summary).into_boxed_str();
                }
            }
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Number(numbers) => numbers.get(a).cmp(&numbers.get(b)),
            Self::Text(texts) => texts.get(a).cmp(&texts.get(b)),
        }
    }
}

fn of_summary(key: SortKey, summary: &SummaryRef<'_>) -> String {
    let envelope = summary.envelope();
    match key {
        SortKey::Cc => keys::local_part(envelope.cc),
        SortKey::From => keys::local_part(envelope.from),
        SortKey::To => keys::local_part(envelope.to),
        SortKey::DisplayFrom => keys::display(envelope.from),
        SortKey::DisplayTo => keys::display(envelope.to),
        SortKey::Subject => keys::subject(summary).text,
        SortKey::Arrival | SortKey::Date | SortKey::Relevancy | SortKey::Size => String::new(),
    }
}
