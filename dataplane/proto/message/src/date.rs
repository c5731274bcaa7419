//! Dates of header fields (RFC 5322 §3.3), written as it says and read as people write them.

use postern_core::Timestamp;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// `Sun, 22 Nov 2026 06:07:34 +0000`.
#[must_use]
pub fn format(at: Timestamp) -> String {
    let (year, month, day, hour, minute, second) = at.civil();
    // 1970-01-01 was a Thursday.
    let weekday = DAYS.get(usize::try_from(at.day().rem_euclid(7)).unwrap_or(0)).unwrap_or(&"Thu");
    let month = MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"Jan");
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// Reads a date-time in RFC 5322's form, its obsolete forms (§4.3), or C's `asctime`. A missing or unknown
/// zone is UTC; a missing time is midnight. `None` when day, month or year is missing or wrong.
#[must_use]
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    Found::read(text)?.timestamp()
}

/// The day that is written there, whatever its time and zone (as SEARCH compares, RFC 9051 §6.4.4): midnight, as if it were UTC.
#[must_use]
pub fn parse_day(text: &[u8]) -> Option<Timestamp> {
    Found { time: None, zone: None, ..Found::read(text)? }.timestamp()
}

/// Words outside comments, parted at white space and commas, `2-Jan-2026` into three.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    let outside = text.split(move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth > 0 || c == ')' || c == ',' || c.is_ascii_whitespace()
    });
    outside.flat_map(|w| {
        let dashed = w.starts_with(|c: char| c.is_ascii_digit());
        w.split(move |c| dashed && c == '-')
    })
}

#[derive(Default)]
struct Found {
    day: Option<u8>,
    month: Option<u8>,
    year: Option<i64>,
    time: Option<(u8, u8, u8)>,
    /// Seconds east of UTC.
    zone: Option<i64>,
}

impl Found {
    fn read(text: &[u8]) -> Option<Self> {
        let text = text.get(..text.len().min(200))?;
        let text = std::str::from_utf8(text).ok()?;
        let mut found = Self::default();
        words(text).for_each(|word| found.take(word));
        Some(found)
    }

    fn take(&mut self, word: &str) {
        if word.contains(':') {
            self.time = self.time.or_else(|| time(word));
        } else if word.starts_with(['+', '-']) {
            self.zone = self.zone.or_else(|| numeric_zone(word));
        } else if let Ok(n) = word.parse::<i64>() {
            match word.len() {
                1 | 2 if self.day.is_none() => self.day = u8::try_from(n).ok(),
                // RFC 5322 §4.3: two digits below 50 are of this century, three digits count from 1900.
                2 => self.year = self.year.or(Some(if n < 50 { 2000 + n } else { 1900 + n })),
                3 => self.year = self.year.or(Some(1900 + n)),
                4 => self.year = self.year.or(Some(n)),
                _ => {}
            }
        } else if let Some(month) = month(word) {
            self.month = self.month.or(Some(month));
        } else if self.time.is_some() {
            self.zone = self.zone.or_else(|| named_zone(word));
        }
    }

    fn timestamp(&self) -> Option<Timestamp> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        let (hour, minute, second) = self.time.unwrap_or_default();
        if year < 1 || day == 0 {
            return None;
        }
        let at = Timestamp::from_civil(year, month, day, hour, minute, second);
        // Day 31 of a month of 30 would come out as another day.
        if Timestamp::from_civil(year, month, day, 0, 0, 0).civil().2 != day {
            return None;
        }
        Some(Timestamp::from_secs(at.secs() - self.zone.unwrap_or(0)))
    }
}

fn time(word: &str) -> Option<(u8, u8, u8)> {
    let mut numbers = word.split(':').map(|n| n.split('.').next().unwrap_or(n).parse::<u8>());
    let hour = numbers.next()?.ok()?;
    let minute = numbers.next()?.ok()?;
    let second = numbers.next().map_or(Some(0), Result::ok)?;
    (hour < 24 && minute < 60 && second <= 60).then_some((hour, minute, second))
}

fn numeric_zone(word: &str) -> Option<i64> {
    let (sign, digits) = word.split_at_checked(1)?;
    let value: i64 = digits.parse().ok()?;
    if digits.len() != 4 || value % 100 >= 60 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = (value / 100 * 60 + value % 100) * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

fn month(word: &str) -> Option<u8> {
    let first = word.get(..3)?;
    let index = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(first))?;
    u8::try_from(index + 1).ok()
}

/// Zones with names of RFC 5322 §4.3; military letters and all others count as UTC.
fn named_zone(word: &str) -> Option<i64> {
    let hours = match word.to_ascii_uppercase().as_str() {
        "UT" | "UTC" | "GMT" | "Z" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse(text.as_bytes()).map(|t| t.to_string())
    }

    #[test]
    fn examples_of_rfc_5322() {
        for (text, utc) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z"),
            ("Tue, 1 Jul 2003 10:52:37 +0200", "2003-07-01T08:52:37Z"),
            ("Thu, 13 Feb 1969 23:32:54 -0330", "1969-02-14T03:02:54Z"),
            (
                "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
                "1969-02-14T03:02:00Z",
            ),
            ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T06:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(utc), "{text}");
        }
    }

    #[test]
    fn other_forms_and_what_is_no_date() {
        assert_eq!(read("Sat Jan  3 15:04:05 2026").as_deref(), Some("2026-01-03T15:04:05Z"));
        assert_eq!(read("3-Jan-2026 15:04:05 PST").as_deref(), Some("2026-01-03T23:04:05Z"));
        assert_eq!(read("3 January 126").as_deref(), Some("2026-01-03T00:00:00Z"));
        for text in ["", "yesterday", "31 Feb 2026 00:00:00", "0 Jan 2026", "Jan 2026 10:00", "3 Jan 99999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_taken_as_written() {
        let day = |text: &str| parse_day(text.as_bytes()).map(|t| t.to_string());
        assert_eq!(day("Tue, 1 Jul 2003 23:52:37 -0700").as_deref(), Some("2003-07-01T00:00:00Z"));
        assert_eq!(day("Tue, 1 Jul 2003 00:12:37 +0900").as_deref(), Some("2003-07-01T00:00:00Z"));
        assert_eq!(day("noon"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(secs in -62_000_000_000i64..250_000_000_000) {
            let at = Timestamp::from_secs(secs);
            prop_assert_eq!(parse(format(at).as_bytes()), Some(at));
        }

        #[test]
        fn any_text_is_fine(text in "\\PC{0,40}|([0-9]{1,5}|[-+:,() ]|Jan|GMT){0,12}") {
            prop_assert!(parse(text.as_bytes()).is_none_or(|t| t.civil().0 < 10_001));
        }
    }
}
