//! Dates.

use postern_core::Timestamp;

use super::{ParseError, token::Parser};
use crate::types::{Date, DateTime};

const NO_DATE: ParseError = ParseError::Syntax("Expected a date such as 1-Feb-1994");
const NO_DATE_TIME: ParseError = ParseError::Syntax("Expected a date such as \" 1-Feb-1994 12:00:00 +0000\"");

impl Parser<'_> {
    /// `date = date-text / DQUOTE date-text DQUOTE`, `date-text = date-day "-" date-month "-" date-year`
    pub(super) fn date(&mut self) -> Result<Date, ParseError> {
        let quoted = self.take(b'"');
        let day = match self.digits(2) {
            Some(day) => Some(day),
            None => self.digits(1),
        };
        let date = self.rest_of_date(day.ok_or(NO_DATE)?).ok_or(NO_DATE)?;
        if quoted && !self.take(b'"') {
            return Err(NO_DATE);
        }
        Ok(date)
    }

    /// `date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE`
    pub(super) fn date_time(&mut self) -> Result<DateTime, ParseError> {
        self.date_time_parts().ok_or(NO_DATE_TIME)
    }

    fn date_time_parts(&mut self) -> Option<DateTime> {
        self.take(b'"').then_some(())?;
        let day = if self.take(b' ') { self.digits(1) } else { self.digits(2) }?;
        let midnight = self.rest_of_date(day)?.midnight();
        self.take(b' ').then_some(())?;
        let hour = self.digits(2).filter(|&h| h < 24)?;
        self.take(b':').then_some(())?;
        let minute = self.digits(2).filter(|&m| m < 60)?;
        self.take(b':').then_some(())?;
        // RFC 9051 §9: time is 2DIGIT throughout; a leap second becomes the next minute's first.
        let second = self.digits(2).filter(|&s| s <= 60)?;
        self.take(b' ').then_some(())?;
        let east = if self.take(b'+') { 1 } else { -1 };
        (east == 1 || self.take(b'-')).then_some(())?;
        let hours = self.digits(2).filter(|&h| h < 24)?;
        let minutes = self.digits(2).filter(|&m| m < 60)?;
        self.take(b'"').then_some(())?;
        let zone = east * i16::try_from(hours * 60 + minutes).ok()?;
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(DateTime { at: Timestamp::from_secs(midnight.secs() + of_day - i64::from(zone) * 60), zone })
    }

    fn rest_of_date(&mut self, day: u16) -> Option<Date> {
        self.take(b'-').then_some(())?;
        let name = self.take_while(|b| b.is_ascii_alphabetic());
        let month = Date::MONTHS.iter().position(|month| month.as_bytes().eq_ignore_ascii_case(name))?;
        self.take(b'-').then_some(())?;
        let year = self.digits(4)?;
        Date::new(year, u8::try_from(month + 1).ok()?, u8::try_from(day).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Dialect;

    fn parser(text: &str) -> Parser<'_> {
        Parser::new(text.as_bytes(), Dialect::REV1)
    }

    #[test]
    fn days() {
        let first = Date::new(1994, 2, 1);
        for text in ["1-Feb-1994", "01-FEB-1994", "\"1-feb-1994\""] {
            assert_eq!(parser(text).date().ok(), first, "{text}");
        }
        for bad in ["1-Feb-94", "32-Jan-2024", "29-Feb-2023", "1-Foo-2024", "1 Feb 2024", "\"1-Feb-1994", ""] {
            assert!(parser(bad).date().is_err(), "{bad}");
        }
    }

    #[test]
    fn moments() {
        let at = parser("\"17-Jul-1996 02:44:25 -0700\"").date_time().unwrap();
        assert_eq!((at.at.to_string().as_str(), at.zone), ("1996-07-17T09:44:25Z", -420));
        assert_eq!(parser("\" 1-Jan-1970 01:00:00 +0100\"").date_time().unwrap().at, Timestamp::from_secs(0));
        for bad in ["\"1-Jan-1970 01:00:00 +0100\"", "\" 1-Jan-1970 25:00:00 +0000\"", "\" 1-Jan-1970 01:00:00 0000\"", "\" 1-Jan-1970\""] {
            assert!(parser(bad).date_time().is_err(), "{bad}");
        }
    }
}
