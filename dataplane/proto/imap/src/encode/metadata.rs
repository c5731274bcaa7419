//! METADATA (RFC 5464 §4.4).

use super::text::{literal_header, mailbox_name, string};
use crate::types::{Dialect, EntryName, MailboxName};

/// `"*" SP "METADATA" SP mailbox SP entry-values CRLF`; no mailbox is the server. `None` is an entry without a value.
pub fn metadata(out: &mut Vec<u8>, mailbox: Option<&MailboxName>, values: &[(EntryName, Option<&[u8]>)], dialect: Dialect) {
    out.extend_from_slice(b"* METADATA ");
    match mailbox {
        Some(mailbox) => mailbox_name(out, mailbox, dialect),
        None => out.extend_from_slice(b"\"\""),
    }
    out.extend_from_slice(b" (");
    for (i, (entry, value)) in values.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(entry.to_wire().as_bytes());
        out.push(b' ');
        match value {
            None => out.extend_from_slice(b"NIL"),
            // RFC 5464 §5: literal8 carries what no string can.
            Some(value) if memchr::memchr(0, value).is_some() => {
                out.push(b'~');
                literal_header(out, value.len());
                out.extend_from_slice(value);
            }
            Some(value) => string(out, value, dialect),
        }
    }
    out.extend_from_slice(b")\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let name = |text: &str| EntryName::new(text.as_bytes()).unwrap();
        let mut out = Vec::new();
        let values =
            [(name("/private/comment"), Some(&b"My own comment"[..])), (name("/shared/x"), None), (name("/shared/y"), Some(b"a\0"))];
        metadata(&mut out, Some(&MailboxName::inbox()), &values, Dialect::REV1);
        metadata(&mut out, None, &values[..1], Dialect::REV1);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* METADATA INBOX (/private/comment \"My own comment\" /shared/x NIL /shared/y ~{2}\r\na\0)\r\n",
                "* METADATA \"\" (/private/comment \"My own comment\")\r\n",
            )
        );
    }
}
