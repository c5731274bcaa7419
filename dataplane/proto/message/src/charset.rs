//! Bytes in some charset to UTF-8. The tables are mail-parser's.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes; an unknown charset is read as UTF-8 where it is that, else as Latin-1.
#[must_use]
pub fn decode(charset: &[u8], bytes: &[u8]) -> String {
    let charset = charset.trim_ascii();
    if charset.is_empty() || is_utf8_or_ascii(charset) {
        return utf8_or_latin1(bytes);
    }
    match charset_decoder(charset) {
        Some(decoder) => decoder(bytes),
        None => utf8_or_latin1(bytes),
    }
}

/// As UTF-8 when it is valid (but for a last character cut short behind others), else each octet as Latin-1.
#[must_use]
pub fn utf8_or_latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) => match bytes.get(..e.valid_up_to()) {
            Some(valid) if e.error_len().is_none() && !valid.is_ascii() => String::from_utf8_lossy(valid).into_owned(),
            _ => bytes.iter().map(|b| char::from(*b)).collect(),
        },
    }
}

fn is_utf8_or_ascii(charset: &[u8]) -> bool {
    ["utf-8", "us-ascii", "utf8", "ascii"].iter().any(|c| charset.eq_ignore_ascii_case(c.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_people_send() {
        assert_eq!(decode(b"UTF-8", "café".as_bytes()), "café");
        assert_eq!(decode(b"iso-8859-1", b"caf\xe9"), "café");
        assert_eq!(decode(b"windows-1252", b"\x80 5"), "€ 5");
        assert_eq!(decode(b"koi8-r", b"\xf0\xd2\xc9"), "При");
        assert_eq!(decode(b"shift_jis", b"\x93\xfa\x96\x7b"), "日本");
        assert_eq!(decode(b"x-unheard-of", b"caf\xe9"), "café");
        assert_eq!(decode(b"utf-8", b"\xc3\xa9 cut \xc3"), "é cut ");
    }
}
