//! Header fields: where a header ends, its fields one after the other, what they say when unfolded.
//!
//! Works on any bytes: a line without a colon belongs to no field and is passed over, as is `From ` of
//! mbox. Changing a header copies the message once.

use std::borrow::Cow;

use crate::encoded_word;

/// Octets of one header that are read for fields; what follows is carried but not looked at.
pub const MAX_HEADER: usize = 256 * 1024;
/// Fields of one header that are read.
pub const MAX_FIELDS: usize = 10_000;

/// One field of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'m> {
    /// The name as written, without white space or colon.
    pub name: &'m [u8],
    /// What follows the colon, still folded, without the last line break.
    pub value: &'m [u8],
    /// The field whole: name, value and line breaks.
    pub raw: &'m [u8],
}

impl<'m> Field<'m> {
    /// Whether it has that name, case aside.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value unfolded and trimmed (RFC 5322 §2.2.3).
    #[must_use]
    pub fn text(&self) -> Cow<'m, [u8]> {
        unfold(self.value)
    }

    /// The value as people read it: unfolded, encoded-words decoded (RFC 2047), 8-bit taken as UTF-8 where it is.
    #[must_use]
    pub fn decoded(&self) -> String {
        encoded_word::text(&self.text())
    }
}

/// Where the header of a message ends: just behind the blank line, or at the end when there is none.
#[must_use]
pub fn header_end(message: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = message.get(at..).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            None => return message.len(),
            Some(nl) => {
                at += nl + 1;
                if nl == 0 || (nl == 1 && rest.first() == Some(&b'\r')) {
                    return at;
                }
            }
        }
    }
}

/// The fields of a message or of a header alone, to the blank line or the end, within
/// [`MAX_HEADER`] and [`MAX_FIELDS`].
#[must_use]
pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message, octets_left: MAX_HEADER, fields_left: MAX_FIELDS }
}

/// See [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'m> {
    rest: &'m [u8],
    octets_left: usize,
    fields_left: usize,
}

impl Fields<'_> {
    /// Whether the header's end was reached, once [`Iterator::next`] has said `None`: false when fields lie behind the
    /// limits, which others may read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        field_end(self.rest).is_none()
    }
}

impl<'m> Iterator for Fields<'m> {
    type Item = Field<'m>;

    fn next(&mut self) -> Option<Field<'m>> {
        loop {
            let end = field_end(self.rest)?;
            self.octets_left = self.octets_left.checked_sub(end)?;
            self.fields_left = self.fields_left.checked_sub(1)?;
            let (raw, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest;
            if let Some(field) = split(raw) {
                return Some(field);
            }
        }
    }
}

/// The first field of that name.
#[must_use]
pub fn find<'m>(message: &'m [u8], name: &str) -> Option<Field<'m>> {
    fields(message).find(|f| f.is(name))
}

/// Removes line breaks and NULs and trims; nothing else changes (RFC 5322 §2.2.3).
#[must_use]
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    match memchr::memchr3(b'\r', b'\n', 0, value) {
        None => Cow::Borrowed(value),
        Some(_) => Cow::Owned(value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect()),
    }
}

/// The message without the fields of these names; unchanged bytes when there are none.
#[must_use]
pub fn without<'m>(message: &'m [u8], names: &[&str]) -> Cow<'m, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    // Not [`fields`]: a Bcc behind its limits must go too.
    while let Some(rest) = message.get(at..)
        && let Some(end) = field_end(rest)
        && let Some(raw) = rest.get(..end)
    {
        if split(raw).is_some_and(|f| names.iter().any(|n| f.is(n))) {
            out.get_or_insert_with(|| message.get(..at).unwrap_or_default().to_vec());
        } else if let Some(out) = &mut out {
            out.extend_from_slice(raw);
        }
        at += end;
    }
    match out {
        None => Cow::Borrowed(message),
        Some(mut out) => {
            out.extend_from_slice(message.get(at..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

/// The message with `fields` (each ended by CRLF) put before all others.
#[must_use]
pub fn with_on_top(fields: &str, message: &[u8]) -> Vec<u8> {
    [fields.as_bytes(), message].concat()
}

/// How many `Received` fields there are: more than a hundred mean a loop (RFC 5321 §6.3).
#[must_use]
pub fn received_count(message: &[u8]) -> usize {
    fields(message).filter(|f| f.is("Received")).count()
}

/// Whether a `Delivered-To` already names this address, case aside: the message has been here before.
#[must_use]
pub fn delivered_to(message: &[u8], address: &postern_core::Address) -> bool {
    let key = address.key();
    fields(message).filter(|f| f.is("Delivered-To")).any(|f| String::from_utf8_lossy(&f.text()).to_lowercase() == key)
}

/// The end of the field that `rest` begins with, its folded lines included; `None` at the blank line or the end.
fn field_end(rest: &[u8]) -> Option<usize> {
    if rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
        return None;
    }
    let mut at = 0;
    loop {
        match memchr::memchr(b'\n', rest.get(at..)?) {
            None => return Some(rest.len()),
            Some(nl) => at += nl + 1,
        }
        if !matches!(rest.get(at), Some(b' ' | b'\t')) {
            return Some(at);
        }
    }
}

fn split(raw: &[u8]) -> Option<Field<'_>> {
    let colon = memchr::memchr(b':', raw)?;
    let name = raw.get(..colon)?.trim_ascii_end();
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let value = raw.get(colon + 1..)?;
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    Some(Field { name, value, raw })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAIL: &[u8] = b"Received: a\r\nreceived: b\r\n c\r\nBcc : x@y\r\n\tz@y\r\nno field\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n  folded\r\n\r\nBcc: body\r\n";

    #[test]
    fn fields_in_order_folded_and_unfolded() {
        let names: Vec<&[u8]> = fields(MAIL).map(|f| f.name).collect();
        assert_eq!(names, [&b"Received"[..], b"received", b"Bcc", b"Subject"]);
        assert_eq!(&*find(MAIL, "subject").unwrap().text(), b"=?utf-8?q?caf=C3=A9?=  folded");
        assert_eq!(find(MAIL, "subject").unwrap().decoded(), "café  folded");
        assert_eq!(received_count(MAIL), 2);
        assert_eq!(MAIL.get(header_end(MAIL)..), Some(&b"Bcc: body\r\n"[..]));
    }

    #[test]
    fn bcc_goes_from_the_header_and_only_from_there() {
        let cut = without(MAIL, &["Bcc", "Resent-Bcc"]);
        assert!(find(&cut, "Bcc").is_none());
        assert!(cut.ends_with(b"\r\n\r\nBcc: body\r\n"));
        assert_eq!(cut.len(), MAIL.len() - "Bcc : x@y\r\n\tz@y\r\n".len());
        assert!(matches!(without(b"A: b\r\n\r\n", &["Bcc"]), Cow::Borrowed(_)));
    }

    #[test]
    fn a_bcc_behind_ten_thousand_fields_goes_too() {
        let mail = ["X: y\r\n".repeat(MAX_FIELDS + 5).as_bytes(), b"Bcc: secret@example.org\r\n\r\n"].concat();
        assert!(memchr::memmem::find(&without(&mail, &["Bcc"]), b"secret").is_none());
        assert_eq!(fields(&mail).count(), MAX_FIELDS);
    }

    #[test]
    fn delivered_to_is_seen_whatever_its_case() {
        let address = postern_core::Address::parse("Ann@example.org").unwrap();
        assert!(delivered_to(b"Delivered-To: ann@EXAMPLE.org\r\n\r\n", &address));
        assert!(!delivered_to(b"Delivered-To: bob@example.org\r\n\r\nDelivered-To: ann@example.org\r\n", &address));
    }

    proptest! {
        #[test]
        fn any_bytes_are_fine(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), any::<u8>()], 0..200)) {
            let end = header_end(&bytes);
            prop_assert!(end <= bytes.len());
            let total: usize = fields(&bytes).map(|f| f.raw.len()).sum();
            prop_assert!(total <= end);
            let cut = without(&bytes, &["a"]);
            prop_assert!(fields(&cut).all(|f| !f.is("a")));
            for f in fields(&bytes) {
                prop_assert!(!f.decoded().contains(['\r', '\n']));
            }
        }
    }
}
