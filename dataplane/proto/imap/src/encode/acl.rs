//! ACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3.6–§3.8).

use postern_core::Rights;

use super::text::{mailbox_name, string};
use crate::types::{Dialect, MailboxName};

/// `"*" SP "ACL" SP mailbox *(SP identifier SP rights) CRLF`
pub fn acl(out: &mut Vec<u8>, mailbox: &MailboxName, grants: &[(String, Rights)], dialect: Dialect) {
    out.extend_from_slice(b"* ACL ");
    mailbox_name(out, mailbox, dialect);
    for (who, rights) in grants {
        out.push(b' ');
        string(out, who.as_bytes(), dialect);
        out.push(b' ');
        letters(out, *rights);
    }
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights) CRLF`: what is always there, then what may be given,
/// each for itself; `c` and `d` too, as in the examples of §3.7, for clients of RFC 2086 ask for nothing else.
pub fn list_rights(out: &mut Vec<u8>, mailbox: &MailboxName, who: &str, always: Rights, dialect: Dialect) {
    out.extend_from_slice(b"* LISTRIGHTS ");
    mailbox_name(out, mailbox, dialect);
    out.push(b' ');
    string(out, who.as_bytes(), dialect);
    out.push(b' ');
    letters(out, always);
    let obsolete = [(Rights::OBSOLETE_CREATE, 'c'), (Rights::OBSOLETE_DELETE, 'd')];
    for (_, letter) in Rights::LETTERS.iter().chain(&obsolete).filter(|(right, _)| !always.any_of(*right)) {
        out.extend_from_slice(&[b' ', *letter as u8]);
    }
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP "MYRIGHTS" SP mailbox SP rights CRLF`
pub fn my_rights(out: &mut Vec<u8>, mailbox: &MailboxName, rights: Rights, dialect: Dialect) {
    out.extend_from_slice(b"* MYRIGHTS ");
    mailbox_name(out, mailbox, dialect);
    out.push(b' ');
    letters(out, rights);
    out.extend_from_slice(b"\r\n");
}

/// `rights = astring`, with `c` and `d` for clients of RFC 2086 (RFC 4314 §2.1.1).
fn letters(out: &mut Vec<u8>, rights: Rights) {
    if rights.is_empty() {
        return out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(rights.to_string().as_bytes());
    if rights.any_of(Rights::OBSOLETE_CREATE) {
        out.push(b'c');
    }
    if rights.any_of(Rights::OBSOLETE_DELETE) {
        out.push(b'd');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_with_the_letters_of_old() {
        let mut out = Vec::new();
        let inbox = MailboxName::inbox();
        let rights = |letters: &str| letters.parse::<Rights>().unwrap();
        acl(&mut out, &inbox, &[("fred@example.org".into(), rights("lrswie")), ("anyone".into(), rights("lr"))], Dialect::REV1);
        my_rights(&mut out, &inbox, rights("rwiptsldaex"), Dialect::REV1);
        my_rights(&mut out, &inbox, Rights::NONE, Dialect::REV1);
        list_rights(&mut out, &inbox, "fred", rights("la"), Dialect::REV1);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* ACL INBOX \"fred@example.org\" lrswied \"anyone\" lr\r\n",
                "* MYRIGHTS INBOX lrswipxteacd\r\n",
                "* MYRIGHTS INBOX \"\"\r\n",
                "* LISTRIGHTS INBOX \"fred\" la r s w i p k x t e c d\r\n",
            )
        );
    }
}
