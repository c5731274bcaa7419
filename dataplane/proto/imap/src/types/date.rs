//! Dates as SEARCH and APPEND write them.

use postern_core::Timestamp;

/// A day of the Gregorian calendar without a time zone (`date`, RFC 9051 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `date-month` in order.
    pub(crate) const MONTHS: [&'static str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    /// Checks a day against the calendar; `month` is 1–12.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let at = Timestamp::from_civil(i64::from(year), month, day, 0, 0, 0);
        let (y, m, d, ..) = at.civil();
        ((1..=12).contains(&month) && (y, m, d) == (i64::from(year), month, day)).then_some(Self { year, month, day })
    }

    /// The day's first moment in UTC; the next day begins 86 400 seconds later.
    #[must_use]
    pub const fn midnight(self) -> Timestamp {
        Timestamp::from_civil(self.year as i64, self.month, self.day, 0, 0, 0)
    }
}

/// `date-time` (RFC 9051 §9): a second and the zone in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    /// The moment.
    pub at: Timestamp,
    /// Minutes east of UTC, −1439 to 1439.
    pub zone: i16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_none() {
        for (y, m, d) in [(2023, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0), (1900, 2, 29)] {
            assert_eq!(Date::new(y, m, d), None, "{y}-{m}-{d}");
        }
        assert_eq!(Date::new(2024, 2, 29).map(Date::midnight), Some(Timestamp::from_secs(1_709_164_800)));
    }
}
