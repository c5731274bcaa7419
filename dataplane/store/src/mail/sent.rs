//! When messages were sent: what SORT by DATE asks of every message of a folder, and no row of columns holds.
//!
//! Kept beside an open folder from the first asking on, by message: a message never changes, so nothing here grows old.
//! It holds what it was told and reads nothing.

use std::sync::{PoisonError, RwLock};

/// Dates by message, in seconds since the epoch; 16 bytes each.
#[derive(Debug, Default)]
pub struct SentDates(RwLock<Vec<(i64, i64)>>);

/// A message without a date that can be read.
const NONE: i64 = i64::MIN;

impl SentDates {
    /// What is known of each message, in their order: its date, that it has none, or (`None`) nothing.
    #[must_use]
    pub fn of(&self, messages: impl Iterator<Item = i64>) -> Vec<Option<Option<i64>>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut next = 0;
        let date = |message| {
            // Messages mostly lie in a folder in the order of their ids: look at the neighbour first.
            if known.get(next).is_none_or(|(known, _)| *known != message) {
                next = known.binary_search_by_key(&message, |(message, _)| *message).ok()?;
            }
            let (_, date) = known.get(next)?;
            next += 1;
            Some(Some(*date).filter(|date| *date != NONE))
        };
        messages.map(date).collect()
    }

    /// Takes what was read of messages, of a folder that has `most` of them: what is kept of others that are gone stays
    /// within as many again.
    pub fn learn(&self, read: impl IntoIterator<Item = (i64, Option<i64>)>, most: usize) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(read.into_iter().map(|(message, date)| (message, date.unwrap_or(NONE))));
        // Two runs that ascend, mostly: a stable sort sees that.
        known.sort_by_key(|(message, _)| *message);
        known.dedup_by_key(|(message, _)| *message);
        if known.len() > most.saturating_mul(2) {
            *known = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_known() {
        let dates = SentDates::default();
        assert_eq!(dates.of([1].into_iter()), [None]);
        dates.learn([(7, Some(70)), (3, None), (5, Some(-50))], 10);
        dates.learn([(4, Some(40)), (7, Some(70))], 10);
        assert_eq!(
            dates.of([3, 4, 5, 6, 7, 8, 3].into_iter()),
            [Some(None), Some(Some(40)), Some(Some(-50)), None, Some(Some(70)), None, Some(None)]
        );
    }

    #[test]
    fn what_is_gone_does_not_pile_up() {
        let dates = SentDates::default();
        for message in 0..1_000 {
            dates.learn([(message, Some(message))], 10);
            assert!(dates.0.read().unwrap().len() <= 20);
        }
    }
}
