//! The small words of a URL: characters, escapes, numbers, dates.

use postern_core::Timestamp;

use crate::types::{Date, Partial};

/// A place in a URL. Each method takes what it names from the front, or leaves all and says `None`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'u> {
    rest: &'u str,
}

impl<'u> Reader<'u> {
    pub(super) const fn new(text: &'u str) -> Self {
        Self { rest: text }
    }

    pub(super) const fn rest(&self) -> &'u str {
        self.rest
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// A word, whatever its case (RFC 5092 §11 uses ABNF's strings, which have none).
    pub(super) fn word(&mut self, word: &str) -> Option<()> {
        let (taken, rest) = self.rest.split_at_checked(word.len())?;
        taken.eq_ignore_ascii_case(word).then(|| self.rest = rest)
    }

    /// Text up to a character, which stays.
    pub(super) fn until(&mut self, end: char) -> Option<&'u str> {
        let (taken, rest) = self.rest.split_at_checked(self.rest.find(end)?)?;
        self.rest = rest;
        Some(taken)
    }

    /// Characters of a kind, escapes among them as they are written.
    pub(super) fn raw(&mut self, accept: impl Fn(u8) -> bool) -> &'u str {
        let end = self.rest.bytes().position(|b| !accept(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        taken
    }

    /// Characters of a kind, with their escapes undone.
    pub(super) fn encoded(&mut self, accept: impl Fn(u8) -> bool) -> Option<String> {
        decode(self.raw(accept))
    }

    /// `nz-number`: 1 to 2^32 − 1.
    pub(super) fn nz_number(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok().filter(|n| *n > 0)
    }

    fn number(&mut self) -> Option<u64> {
        let digits = self.raw(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|n| i64::try_from(*n).is_ok())
    }

    /// `partial-range = number ["." nz-number]`: to the end, when there is no length.
    pub(super) fn partial(&mut self) -> Option<Partial> {
        let start = self.number()?;
        let length = match self.word(".") {
            Some(()) => self.number().filter(|n| *n > 0)?,
            None => u64::MAX,
        };
        Some(Partial { start, length })
    }

    /// `date-time` of RFC 3339 §5.6; a fraction of a second is passed over.
    pub(super) fn date_time(&mut self) -> Option<Timestamp> {
        let year = self.digits(4)?;
        self.word("-")?;
        let month = self.digits(2)?;
        self.word("-")?;
        let day = self.digits(2)?;
        self.word("T")?;
        let midnight = Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?.midnight();
        let hour = self.digits(2).filter(|h| *h < 24)?;
        self.word(":")?;
        let minute = self.digits(2).filter(|m| *m < 60)?;
        self.word(":")?;
        let second = self.digits(2).filter(|s| *s <= 60)?;
        if self.word(".").is_some() && self.raw(|b| b.is_ascii_digit()).is_empty() {
            return None;
        }
        let zone = match self.word("Z") {
            Some(()) => 0,
            None => {
                let east = if self.word("+").is_some() { 1 } else { self.word("-").map(|()| -1)? };
                let hours = self.digits(2).filter(|h| *h < 24)?;
                self.word(":")?;
                let minutes = self.digits(2).filter(|m| *m < 60)?;
                east * (i64::from(hours) * 60 + i64::from(minutes))
            }
        };
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Timestamp::from_secs(midnight.secs() + of_day - zone * 60))
    }

    /// Exactly `n` digits.
    fn digits(&mut self, n: usize) -> Option<u16> {
        let (digits, rest) = self.rest.split_at_checked(n).filter(|(digits, _)| digits.bytes().all(|b| b.is_ascii_digit()))?;
        self.rest = rest;
        digits.parse().ok()
    }

    /// `achar = uchar / "&" / "="`, `uchar = unreserved / sub-delims-sh / pct-encoded` (RFC 5092 §11)
    pub(super) fn is_achar(b: u8) -> bool {
        b.is_ascii_alphanumeric() || b"-._~!$'()*+,&=%".contains(&b)
    }

    /// `bchar = achar / ":" / "@" / "/"`
    pub(super) fn is_bchar(b: u8) -> bool {
        Self::is_achar(b) || b":@/".contains(&b)
    }
}

/// Undoes `%xx`; `None` when an escape is broken or the result is no UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend_from_slice(&hex(digits)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Pairs of hexadecimal digits.
pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}
