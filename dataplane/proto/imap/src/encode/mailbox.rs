//! LIST, LSUB, STATUS, NAMESPACE.

use super::text::{mailbox_name, number};
use crate::types::{Dialect, MailboxAttributes, MailboxName, SpecialUse, StatusItem};

/// One mailbox of a LIST answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem<'n> {
    /// Its name.
    pub name: &'n MailboxName,
    /// `\HasChildren` and the like.
    pub attributes: MailboxAttributes,
    /// What it is for (RFC 6154).
    pub special_use: &'n [SpecialUse],
    /// Listed for the sake of subscribed descendants: `CHILDINFO ("SUBSCRIBED")` (RFC 9051 §6.3.9.6).
    pub child_subscribed: bool,
}

/// `"*" SP "LIST" SP "(" [mbx-list-flags] ")" SP DQUOTE "/" DQUOTE SP mailbox [SP mbox-list-extended] CRLF`
///
/// `None` answers the empty pattern: the delimiter and the root (RFC 9051 §6.3.9).
pub fn list(out: &mut Vec<u8>, item: Option<&ListItem<'_>>, dialect: Dialect) {
    let Some(item) = item else { return out.extend_from_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n") };
    out.extend_from_slice(b"* LIST (");
    attributes(out, item.attributes, item.special_use);
    out.extend_from_slice(b") \"/\" ");
    mailbox_name(out, item.name, dialect);
    if item.child_subscribed {
        out.extend_from_slice(b" (CHILDINFO (\"SUBSCRIBED\"))");
    }
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP "LSUB" SP …` (RFC 3501 §7.2.3); `no_select` marks a parent listed for its descendants under `%`.
pub fn lsub(out: &mut Vec<u8>, name: &MailboxName, no_select: bool, dialect: Dialect) {
    out.extend_from_slice(if no_select { b"* LSUB (\\Noselect) \"/\" ".as_slice() } else { b"* LSUB () \"/\" " });
    mailbox_name(out, name, dialect);
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP "STATUS" SP mailbox SP "(" [status-att-list] ")" CRLF`
pub fn status(out: &mut Vec<u8>, name: &MailboxName, values: &[(StatusItem, u64)], dialect: Dialect) {
    out.extend_from_slice(b"* STATUS ");
    mailbox_name(out, name, dialect);
    out.extend_from_slice(b" (");
    for (i, (item, value)) in values.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(item.name().as_bytes());
        out.push(b' ');
        number(out, *value);
    }
    out.extend_from_slice(b")\r\n");
}

/// `"*" SP "NAMESPACE" …` (RFC 9051 §7.3.3): the personal namespace at the root, other users' below their name, none of everybody's.
pub fn namespace(out: &mut Vec<u8>) {
    out.extend_from_slice(b"* NAMESPACE ((\"\" \"/\")) ((\"");
    out.extend_from_slice(MailboxName::OTHER_USERS.as_bytes());
    out.extend_from_slice(b"/\" \"/\")) NIL\r\n");
}

fn attributes(out: &mut Vec<u8>, attributes: MailboxAttributes, special_use: &[SpecialUse]) {
    let set = MailboxAttributes::NAMES.iter().filter(|(bit, _)| attributes.contains(*bit)).map(|(_, name)| *name);
    for (i, name) in set.chain(special_use.iter().map(|each| each.name())).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(name.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_as_the_rfc_writes_them() {
        let mut out = Vec::new();
        let name = MailboxName::new("Entwürfe").unwrap();
        let attributes = MailboxAttributes::HAS_NO_CHILDREN | MailboxAttributes::SUBSCRIBED;
        let item = ListItem { name: &name, attributes, special_use: &[SpecialUse::Drafts], child_subscribed: false };
        list(&mut out, Some(&item), Dialect::REV1);
        list(&mut out, Some(&ListItem { child_subscribed: true, special_use: &[], ..item }), Dialect::REV2);
        list(&mut out, None, Dialect::REV1);
        lsub(&mut out, &MailboxName::inbox(), false, Dialect::REV1);
        status(&mut out, &name, &[(StatusItem::Messages, 231), (StatusItem::UidNext, 44292)], Dialect::REV2);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* LIST (\\HasNoChildren \\Subscribed \\Drafts) \"/\" \"Entw&APw-rfe\"\r\n",
                "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Entwürfe\" (CHILDINFO (\"SUBSCRIBED\"))\r\n",
                "* LIST (\\Noselect) \"/\" \"\"\r\n",
                "* LSUB () \"/\" INBOX\r\n",
                "* STATUS \"Entwürfe\" (MESSAGES 231 UIDNEXT 44292)\r\n",
            )
        );
    }
}
