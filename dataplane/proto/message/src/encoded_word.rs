//! Encoded-words (RFC 2047): `=?charset?B?…?=` in header text, read for people and for search.

use crate::{charset, transfer};

/// Header octets as people read them: 8-bit taken as UTF-8 where it is that, encoded-words decoded.
#[must_use]
pub fn text(raw: &[u8]) -> String {
    decode(&charset::utf8_or_latin1(raw))
}

/// Decodes every encoded-word; white space between two of them goes (RFC 2047 §6.2). Text that only
/// looks like one stays as it is. Adjacent words of one charset are joined before decoding, for some
/// split a character over two.
#[must_use]
pub fn decode(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let (before, candidate) = rest.split_at(start);
        let Some(word) = Word::read(candidate) else {
            flush(&mut out, &mut pending);
            out.push_str(before);
            out.push_str("=?");
            rest = candidate.get(2..).unwrap_or_default();
            continue;
        };
        let only_space = before.bytes().all(|b| b.is_ascii_whitespace());
        if !(only_space && pending.is_some()) {
            flush(&mut out, &mut pending);
            out.push_str(before);
        }
        match &mut pending {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) => bytes.extend_from_slice(&word.bytes),
            _ => {
                flush(&mut out, &mut pending);
                pending = Some((word.charset, word.bytes));
            }
        }
        rest = candidate.get(word.len..).unwrap_or_default();
    }
    flush(&mut out, &mut pending);
    out.push_str(rest);
    out
}

fn flush(out: &mut String, pending: &mut Option<(&str, Vec<u8>)>) {
    if let Some((charset, bytes)) = pending.take() {
        out.extend(charset::decode(charset.as_bytes(), &bytes).chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
}

struct Word<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
    len: usize,
}

impl<'t> Word<'t> {
    /// `=?charset[*language]?encoding?text?=` (RFC 2047 §2, RFC 2231 §5), at the start of `text`.
    fn read(text: &'t str) -> Option<Self> {
        // Longer than 75 is against RFC 2047 §2 and common; the bound keeps the whole linear.
        const LONGEST: usize = 1000;
        let inner = text.strip_prefix("=?")?;
        let inner = inner.get(..inner.floor_char_boundary(LONGEST)).unwrap_or(inner);
        let (charset, rest) = inner.split_once('?')?;
        let (encoding, rest) = rest.split_once('?')?;
        let (encoded, _) = rest.split_once("?=")?;
        if charset.is_empty() || !charset.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let bytes = match encoding {
            "B" | "b" => transfer::decode_base64(encoded.as_bytes()),
            "Q" | "q" => decode_q(encoded.as_bytes()),
            _ => return None,
        };
        let len = 2 + charset.len() + 1 + encoding.len() + 1 + encoded.len() + 2;
        let charset = charset.split_once('*').map_or(charset, |(charset, _)| charset);
        Some(Self { charset, bytes, len })
    }
}

fn decode_q(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
    transfer::decode_hex_escapes(&spaced)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use proptest::prelude::*;

    #[test]
    fn examples_of_rfc_2047_section_8() {
        for (encoded, shown) in [
            ("(=?ISO-8859-1?Q?a?=)", "(a)"),
            ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a?=    =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
            ("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"),
            ("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "If you can read this yo"),
        ] {
            assert_eq!(decode(encoded), shown);
        }
    }

    #[test]
    fn split_characters_and_things_that_are_no_words() {
        assert_eq!(decode("=?utf-8?q?caf=C3?= =?utf-8?q?=A9!?="), "café!");
        assert_eq!(decode("a =?b? c =?utf-8?x?y?= =?utf-8*en?q?d?="), "a =?b? c =?utf-8?x?y?= d");
        assert_eq!(decode("=?utf-8?q?a=0D=0ABcc:_x?="), "a  Bcc: x");
    }

    proptest! {
        #[test]
        fn any_text_is_fine(text in "(=\\?|\\?|=|utf-8|q|b|[a-zé ]|\\PC){0,80}") {
            prop_assert!(decode(&text).len() <= text.len() * 8);
        }
    }
}
