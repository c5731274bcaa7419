//! Modified UTF-7, the mailbox names of IMAP4rev1 (RFC 3501 §5.1.3).
//!
//! Printable ASCII stands for itself, `&` is `&-`, all else is UTF-16BE in base64 with `,` for `/`
//! and no padding, between `&` and `-`. Each name has one encoding only; others are refused, or two
//! spellings on the wire would name one folder.

use base64::{
    Engine as _,
    alphabet::IMAP_MUTF7,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Reads a name from the wire; `None` when it is not modified UTF-7 in its one form.
#[must_use]
pub fn decode(wire: &[u8]) -> Option<String> {
    let mut name = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'&' => {
                let end = memchr::memchr(b'-', rest)?;
                let (shifted, after) = rest.split_at_checked(end)?;
                rest = after.get(1..)?;
                if shifted.is_empty() {
                    name.push('&');
                } else {
                    unshift(shifted, &mut name)?;
                    // RFC 3501 §5.1.3: no superfluous shifts, "&U,BTFw-&ZeVnLIqe-" is to be one shift.
                    if rest.first() == Some(&b'&') && rest.get(1) != Some(&b'-') {
                        return None;
                    }
                }
            }
            0x20..=0x7e => name.push(char::from(byte)),
            _ => return None,
        }
    }
    Some(name)
}

/// Appends a name in its wire form.
pub fn encode(name: &str, out: &mut Vec<u8>) {
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if is_plain(c) {
            out.push(c as u8);
            if c == '&' {
                out.push(b'-');
            }
            rest = rest.get(1..).unwrap_or_default();
        } else {
            let end = rest.find(is_plain).unwrap_or(rest.len());
            let (shifted, after) = rest.split_at(end);
            let units: Vec<u8> = shifted.encode_utf16().flat_map(u16::to_be_bytes).collect();
            out.push(b'&');
            out.extend_from_slice(BASE64.encode(units).as_bytes());
            out.push(b'-');
            rest = after;
        }
    }
}

fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

/// One run of base64 into `name`; its characters must be such as need it.
fn unshift(shifted: &[u8], name: &mut String) -> Option<()> {
    let bytes = BASE64.decode(shifted).ok()?;
    if bytes.len() % 2 != 0 {
        return None;
    }
    let units =
        bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)]));
    for c in char::decode_utf16(units) {
        // RFC 3501 §5.1.3: base64 MUST NOT be used for what can represent itself.
        name.push(c.ok().filter(|&c| !is_plain(c))?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(name: &str) -> String {
        let mut out = Vec::new();
        encode(name, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_example_of_rfc_3501() {
        let name = "~peter/mail/台北/日本語";
        assert_eq!(encoded(name), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(decode(b"~peter/mail/&U,BTFw-/&ZeVnLIqe-").as_deref(), Some(name));
        assert_eq!(encoded("Entwürfe & mehr"), "Entw&APw-rfe &- mehr");
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in ["&U,BTFw-&ZeVnLIqe-", "&Jjo", "&AGE-", "&AAA", "&2AA-", "&A-", "&AOQ=-", "\u{e4}", "a\u{7f}", "R&D"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(decode(b"&AOQ-&-").as_deref(), Some("ä&"));
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            prop_assert_eq!(decode(encoded(&name).as_bytes()), Some(name));
        }

        #[test]
        fn what_decodes_has_one_spelling(wire in "[&a-zA-Z0-9+,-]{0,20}") {
            if let Some(name) = decode(wire.as_bytes()) {
                prop_assert_eq!(encoded(&name), wire);
            }
        }
    }
}
