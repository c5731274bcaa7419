//! QUOTA and QUOTAROOT (RFC 9208 §4.2).

use super::text::{mailbox_name, number, string};
use crate::types::{Dialect, MailboxName, Quota};

/// `"*" SP "QUOTA" SP quota-root-name SP quota-list CRLF`
pub fn quota(out: &mut Vec<u8>, root: &str, list: &[Quota], dialect: Dialect) {
    out.extend_from_slice(b"* QUOTA ");
    string(out, root.as_bytes(), dialect);
    out.extend_from_slice(b" (");
    for (i, Quota { resource, used, limit }) in list.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(resource.name().as_bytes());
        out.push(b' ');
        number(out, *used);
        out.push(b' ');
        number(out, *limit);
    }
    out.extend_from_slice(b")\r\n");
}

/// `"*" SP "QUOTAROOT" SP mailbox *(SP quota-root-name) CRLF`
pub fn quota_root(out: &mut Vec<u8>, mailbox: &MailboxName, root: &str, dialect: Dialect) {
    out.extend_from_slice(b"* QUOTAROOT ");
    mailbox_name(out, mailbox, dialect);
    out.push(b' ');
    string(out, root.as_bytes(), dialect);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::QuotaResource;

    /// RFC 9208 §4.1.1, §4.1.2 in their form.
    #[test]
    fn as_the_rfc_writes_them() {
        let mut out = Vec::new();
        quota_root(&mut out, &MailboxName::inbox(), "", Dialect::REV1);
        let list = [
            Quota { resource: QuotaResource::Storage, used: 10, limit: 512 },
            Quota { resource: QuotaResource::Message, used: 20, limit: 100 },
        ];
        quota(&mut out, "", &list, Dialect::REV1);
        quota(&mut out, "!partition/sda4", &[], Dialect::REV1);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 10 512 MESSAGE 20 100)\r\n* QUOTA \"!partition/sda4\" ()\r\n"
        );
    }
}
