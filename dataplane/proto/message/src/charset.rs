//! Bytes in some charset to UTF-8. The tables are mail-parser's.

use mail_parser::decoders::charsets::{DecoderFnc, map::charset_decoder};

/// A charset in which a text to find may be written (RFC 3501 §6.4.4): one that holds ASCII as it is. The default is UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub struct Charset(Option<DecoderFnc>);

impl Charset {
    /// UTF-8, of which ASCII is a part.
    pub const UTF_8: Self = Self(None);

    /// The names by which charsets are best asked for; [`Charset::find`] knows their aliases too.
    #[rustfmt::skip]
    pub const NAMES: [&str; 42] = [
        "US-ASCII", "UTF-8", "UTF-7",
        "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9",
        "ISO-8859-10", "ISO-8859-11", "ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",
        "WINDOWS-874", "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256",
        "WINDOWS-1257", "WINDOWS-1258", "KOI8-R", "KOI8-U", "IBM850", "IBM866", "MACINTOSH", "TIS-620",
        "BIG5", "EUC-JP", "EUC-KR", "GB18030", "GB2312", "GBK", "ISO-2022-JP", "SHIFT_JIS",
    ];

    /// The charset of a name or alias, in any case; `None` when it is not known, or no line of IMAP could hold it (UTF-16).
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        if is_utf8_or_ascii(name.as_bytes()) {
            return Some(Self::UTF_8);
        }
        let decoder = charset_decoder(name.as_bytes())?;
        (decoder(b"Az09") == "Az09").then_some(Self(Some(decoder)))
    }

    /// Whether it is UTF-8.
    #[must_use]
    pub const fn is_utf8(self) -> bool {
        self.0.is_none()
    }

    /// The text that these octets write; `None` when they write none.
    #[must_use]
    pub fn read(self, octets: &[u8]) -> Option<String> {
        match self.0 {
            Some(decoder) if !octets.is_ascii() || octets.contains(&0x1b) || octets.contains(&b'+') => {
                Some(decoder(octets)).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER))
            }
            _ => std::str::from_utf8(octets).ok().map(str::to_owned),
        }
    }
}

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
    fn charsets_to_search_in() {
        for name in Charset::NAMES {
            let charset = Charset::find(name).unwrap();
            assert_eq!(charset.read(b"Tea, at 5?").as_deref(), Some("Tea, at 5?"), "{name}");
            assert_eq!(charset.read(b"").as_deref(), Some(""), "{name}");
        }
        let read = |name: &str, octets: &[u8]| Charset::find(name).unwrap().read(octets);
        assert_eq!(read("koi8-r", b"\xf0\xd2\xc9").as_deref(), Some("При"));
        assert_eq!(read("latin1", b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(read("iso-2022-jp", b"\x1b$BF|K\\\x1b(B").as_deref(), Some("日本"));
        assert_eq!(read("utf-7", b"caf+AOk-").as_deref(), Some("café"));
        assert_eq!(read("us-ascii", "é".as_bytes()).as_deref(), Some("é"));
        // What a charset does not write is no text of it.
        assert_eq!(read("utf-8", b"\xff"), None);
        assert_eq!(read("euc-jp", b"\xff\xff"), None);
        for none in ["", "utf-16", "utf-16le", "ucs-2", "iso-2022-kr", "hz-gb-2312", "x-unheard-of"] {
            assert!(Charset::find(none).is_none(), "{none}");
        }
    }

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
