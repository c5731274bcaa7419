//! Content-Transfer-Encodings (RFC 2045 §6), decoded whatever was sent.

use std::borrow::Cow;

/// Decodes a body. `None` when the encoding is not one of RFC 2045's: BINARY answers UNKNOWN-CTE.
#[must_use]
pub fn decode<'m>(encoding: &[u8], body: &'m [u8]) -> Option<Cow<'m, [u8]>> {
    let is = |name: &str| encoding.eq_ignore_ascii_case(name.as_bytes());
    if encoding.is_empty() || is("7bit") || is("8bit") || is("binary") {
        Some(Cow::Borrowed(body))
    } else if is("base64") {
        Some(Cow::Owned(decode_base64(body)))
    } else if is("quoted-printable") {
        Some(Cow::Owned(decode_quoted_printable(body)))
    } else {
        None
    }
}

/// Base 64: what is not of the alphabet is skipped (RFC 2045 §6.8), padding in the middle begins anew.
#[must_use]
pub fn decode_base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut have) = (0u32, 0u32);
    for &b in text {
        let digit = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (bits, have) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have & 0xff) as u8);
            bits &= (1 << have) - 1;
        }
    }
    out
}

/// Quoted-printable: soft line breaks and space before line breaks go, `=` that escapes nothing stays
/// (RFC 2045 §6.7).
#[must_use]
pub fn decode_quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (line, ending, next) = split_line(rest);
        rest = next;
        let line = trim_end_blank(line);
        match line.strip_suffix(b"=") {
            Some(soft) if !ending.is_empty() || next.is_empty() => hex_escapes_into(&mut out, soft),
            _ => {
                hex_escapes_into(&mut out, line);
                out.extend_from_slice(ending);
            }
        }
    }
    out
}

/// Text with CRLF line endings as quoted-printable: lines of 76 characters at most (RFC 2045 §6.7).
#[must_use]
pub fn encode_quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for line in text.split_inclusive("\r\n") {
        let (line, ending) = line.strip_suffix("\r\n").map_or((line, ""), |l| (l, "\r\n"));
        let mut column = 0;
        for (i, b) in line.bytes().enumerate() {
            let last = i + 1 == line.len();
            let plain = (b.is_ascii_graphic() && b != b'=') || (b == b' ' && !last);
            let width = if plain { 1 } else { 3 };
            if column + width > 75 {
                out.push_str("=\r\n");
                column = 0;
            }
            if plain {
                out.push(char::from(b));
            } else {
                out.push_str(&format!("={b:02X}"));
            }
            column += width;
        }
        out.push_str(ending);
    }
    out
}

/// `=XX` to octets; anything else as it stands.
pub(crate) fn decode_hex_escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    hex_escapes_into(&mut out, text);
    out
}

fn hex_escapes_into(out: &mut Vec<u8>, mut text: &[u8]) {
    while let Some(at) = memchr::memchr(b'=', text) {
        let (plain, escape) = text.split_at(at);
        out.extend_from_slice(plain);
        text = if let [_, high, low, rest @ ..] = escape
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest
        } else {
            out.push(b'=');
            escape.get(1..).unwrap_or_default()
        };
    }
    out.extend_from_slice(text);
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// A line without its ending, the ending, and what follows.
fn split_line(text: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let Some(nl) = memchr::memchr(b'\n', text) else { return (text, &[], &[]) };
    let (with_ending, next) = text.split_at(nl + 1);
    let line = with_ending.strip_suffix(b"\n").unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (line, ending) = with_ending.split_at(line.len());
    (line, ending, next)
}

fn trim_end_blank(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quoted_printable_of_rfc_2045_section_6_7() {
        let encoded = b"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.";
        assert_eq!(decode_quoted_printable(encoded), b"Now's the time for all folk to come to the aid of their country.");
        assert_eq!(decode_quoted_printable(b"a=3D=e9 \t\r\nb=\nc=zz ="), b"a=\xe9\r\nbc=zz ");
    }

    #[test]
    fn base64_with_rubbish_and_padding_inside() {
        assert_eq!(decode_base64(b"aGVs\r\nbG8*="), b"hello");
        assert_eq!(decode_base64(b"YQ==Yg=="), b"ab");
        assert_eq!(decode_base64(b"Y"), b"");
    }

    #[test]
    fn unknown_encoding_is_none() {
        assert_eq!(decode(b"x-uuencode", b"x"), None);
        assert_eq!(decode(b"8BIT", b"x").as_deref(), Some(&b"x"[..]));
    }

    proptest! {
        #[test]
        fn quoted_printable_comes_back(lines in prop::collection::vec("\\PC{0,120}", 0..4)) {
            let text = lines.join("\r\n");
            let encoded = encode_quoted_printable(&text);
            prop_assert!(encoded.is_ascii() && encoded.split("\r\n").all(|l| l.len() <= 76));
            prop_assert_eq!(decode_quoted_printable(encoded.as_bytes()), text.as_bytes());
        }

        #[test]
        fn any_bytes_are_fine_and_never_grow(bytes: Vec<u8>) {
            prop_assert!(decode_base64(&bytes).len() <= bytes.len());
            prop_assert!(decode_quoted_printable(&bytes).len() <= bytes.len());
        }
    }
}
