//! SORT: the order of what was found (RFC 5256 §3, RFC 5957).

use std::cmp::Ordering;

use postern_message::{SummaryRef, search::sort as keys};
use postern_proto_imap::types::{SortCriterion, SortKey};
use postern_store::mail::snapshot::Entry;

use crate::{refused::Refused, search::each_summary, selected::View, session::ImapSession};

/// What one criterion compares, message by message.
enum Column {
    Number(Vec<i64>),
    Text(Vec<Box<str>>),
}

/// Puts indexes in order; they come ascending, and where all criteria are equal they stay so (RFC 5256 §3).
pub(crate) async fn sort(session: &ImapSession, view: &View, found: Vec<usize>, criteria: &[SortCriterion]) -> Result<Vec<usize>, Refused> {
    let told = &view.told;
    let entries: Vec<&Entry> = found.iter().filter_map(|index| told.get(*index)).collect();
    let mut columns: Vec<Column> = criteria.iter().map(|criterion| by_entry(criterion.key, &entries)).collect();
    if criteria.iter().any(|criterion| needs_summary(criterion.key)) {
        each_summary(session, view, &found, |place, _, summary| {
            for (column, criterion) in columns.iter_mut().zip(criteria) {
                column.set(place, criterion.key, summary);
            }
        })
        .await?;
    }
    Ok(order(&columns, criteria, found.len()).into_iter().filter_map(|place| found.get(place).copied()).collect())
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

const fn needs_summary(key: SortKey) -> bool {
    !matches!(key, SortKey::Arrival | SortKey::Size | SortKey::Relevancy)
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
