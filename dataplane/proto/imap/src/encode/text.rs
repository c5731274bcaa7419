//! Numbers, strings, names and sets: what all other writers are made of.

use crate::{
    types::{Dialect, MailboxName, SequenceNumber, SequenceSet, UidSet},
    utf7,
};

/// Longest text written as a quoted string; longer ones go as literals, which clients bound less.
const LONGEST_QUOTED: usize = 1000;

/// `number64` in decimal.
pub fn number(out: &mut Vec<u8>, n: u64) {
    let mut digits = [0u8; 20];
    let mut left = n;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
        used += 1;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Exactly two digits; for dates and times.
pub(super) fn two_digits(out: &mut Vec<u8>, n: u8) {
    out.extend_from_slice(&[b'0' + n / 10 % 10, b'0' + n % 10]);
}

/// `string = quoted / literal` (RFC 9051 §4.3): quoted where every client can read it, else a literal.
///
/// 8-bit text is quoted only as UTF-8 and only when the dialect has it (RFC 9051 §4.3, RFC 6855 §3).
/// NUL can be in neither form and is written as 0x80, as mail stores long have (RFC 9051 §4.3: CHAR8 has no NUL).
pub fn string(out: &mut Vec<u8>, bytes: &[u8], dialect: Dialect) {
    let plain = bytes.iter().all(|b| !matches!(b, 0 | b'\r' | b'\n'));
    let ascii = bytes.is_ascii();
    let quotable = plain && bytes.len() <= LONGEST_QUOTED && (ascii || (dialect.utf8 && std::str::from_utf8(bytes).is_ok()));
    if !quotable {
        return literal(out, bytes);
    }
    out.push(b'"');
    let mut from = 0;
    for at in memchr::memchr2_iter(b'"', b'\\', bytes) {
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        out.push(b'\\');
        from = at;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out.push(b'"');
}

/// `nstring = string / nil`
pub(super) fn nstring(out: &mut Vec<u8>, bytes: Option<&[u8]>, dialect: Dialect) {
    match bytes {
        Some(bytes) => string(out, bytes, dialect),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// `literal`, without NUL.
pub(super) fn literal(out: &mut Vec<u8>, bytes: &[u8]) {
    literal_header(out, bytes.len());
    let mut from = 0;
    for at in memchr::memchr_iter(0, bytes) {
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        out.push(0x80);
        from = at + 1;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
}

/// `literal8` where NUL must pass, `literal` otherwise (RFC 9051 §6.4.5).
pub(super) fn literal8(out: &mut Vec<u8>, bytes: &[u8]) {
    if memchr::memchr(0, bytes).is_some() {
        out.push(b'~');
    }
    literal_header(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// `{n}` CRLF.
pub(super) fn literal_header(out: &mut Vec<u8>, size: usize) {
    out.push(b'{');
    number(out, size as u64);
    out.extend_from_slice(b"}\r\n");
}

/// `mailbox`: as an astring's quoted form, in UTF-8 or modified UTF-7.
pub fn mailbox_name(out: &mut Vec<u8>, name: &MailboxName, dialect: Dialect) {
    if name.is_inbox() {
        out.extend_from_slice(b"INBOX");
    } else if dialect.utf8 {
        string(out, name.as_str().as_bytes(), dialect);
    } else {
        let mut wire = Vec::with_capacity(name.as_str().len());
        utf7::encode(name.as_str(), &mut wire);
        string(out, &wire, dialect);
    }
}

/// `sequence-set` of ascending numbers: `1:4,7`. Nothing for an empty set, which has no form on the wire.
pub fn set(out: &mut Vec<u8>, set: &UidSet) {
    for (i, &(start, end)) in set.ranges().iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        number(out, u64::from(start));
        if end > start {
            out.push(b':');
            number(out, u64::from(end));
        }
    }
}

/// `sequence-set` of numbers in their order (RFC 5267 §3): a range stands for numbers that follow one another.
pub(super) fn list(out: &mut Vec<u8>, numbers: &[u32]) {
    let mut rest = numbers;
    while let Some(&start) = rest.first() {
        let run = rest.iter().zip(u64::from(start)..).take_while(|(n, expected)| u64::from(**n) == *expected).count();
        number(out, u64::from(start));
        if run > 1 {
            out.push(b':');
            number(out, u64::from(start) + run as u64 - 1);
        }
        rest = rest.get(run..).unwrap_or_default();
        if !rest.is_empty() {
            out.push(b',');
        }
    }
}

/// A set as a client writes it; the inverse of the parser.
pub fn sequence_set(out: &mut Vec<u8>, set: &SequenceSet) {
    let SequenceSet::Ranges(ranges) = set else { return out.push(b'$') };
    let one = |out: &mut Vec<u8>, n: SequenceNumber| match n {
        SequenceNumber::Number(n) => number(out, u64::from(n)),
        SequenceNumber::Largest => out.push(b'*'),
    };
    for (i, range) in ranges.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        one(out, range.start);
        if range.end != range.start {
            out.push(b':');
            one(out, range.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn strings_take_the_form_that_clients_can_read() {
        for (text, dialect, wire) in [
            ("a b", Dialect::REV1, "\"a b\""),
            ("", Dialect::REV1, "\"\""),
            ("\"\\", Dialect::REV1, "\"\\\"\\\\\""),
            ("a\r\nb", Dialect::REV2, "{4}\r\na\r\nb"),
            ("ä", Dialect::REV1, "{2}\r\nä"),
            ("ä", Dialect::REV2, "\"ä\""),
        ] {
            assert_eq!(written(|out| string(out, text.as_bytes(), dialect)), wire);
        }
        assert_eq!(written(|out| string(out, b"a\0", Dialect::REV1)), String::from_utf8_lossy(b"{2}\r\na\x80"));
    }

    #[test]
    fn numbers() {
        for n in [0, 9, 10, 4_294_967_295, u64::MAX] {
            assert_eq!(written(|out| number(out, n)), n.to_string());
        }
    }

    #[test]
    fn lists_keep_their_order() {
        assert_eq!(written(|out| list(out, &[7, 3, 4, 5, 9, 8, u32::MAX])), "7,3:5,9,8,4294967295");
    }

    #[test]
    fn sets_are_compact() {
        let uids: UidSet = [1, 2, 3, 5, 7, 8].into_iter().collect();
        assert_eq!(written(|out| set(out, &uids)), "1:3,5,7:8");
    }

    proptest! {
        #[test]
        fn any_number(n: u64) {
            prop_assert_eq!(written(|out| number(out, n)), n.to_string());
        }
    }
}
