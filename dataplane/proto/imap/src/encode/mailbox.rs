//! LIST, LSUB, STATUS, NAMESPACE.

use super::text::{mailbox_name, number};
use crate::types::{Dialect, MailboxAttributes, MailboxName, SpecialUse, StatusItem, StatusValue};

/// One mailbox of a LIST answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem<'n> {
    /// Its name.
    pub name: &'n MailboxName,
    /// `\HasChildren` and the like.
    pub attributes: MailboxAttributes,
    /// What it is for (RFC 6154).
    pub special_use: &'n [SpecialUse],
    /// The options of the selection that descendants meet: `CHILDINFO ("SUBSCRIBED")` (RFC 9051 §6.3.9.6).
    pub child_info: &'n [&'static str],
    /// Its name until now: `OLDNAME` (RFC 9051 §6.3.9.7, RFC 5465 §5.4).
    pub old_name: Option<&'n MailboxName>,
}

impl<'n> ListItem<'n> {
    /// A mailbox with its name alone.
    #[must_use]
    pub fn plain(name: &'n MailboxName) -> Self {
        Self { name, attributes: MailboxAttributes::default(), special_use: &[], child_info: &[], old_name: None }
    }
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
    if !item.child_info.is_empty() {
        out.extend_from_slice(b" (CHILDINFO (\"");
        out.extend_from_slice(item.child_info.join("\" \"").as_bytes());
        out.extend_from_slice(b"\"))");
    } else if let Some(old) = item.old_name {
        out.extend_from_slice(b" (\"OLDNAME\" (");
        mailbox_name(out, old, dialect);
        out.extend_from_slice(b"))");
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
pub fn status(out: &mut Vec<u8>, name: &MailboxName, values: &[(StatusItem, StatusValue)], dialect: Dialect) {
    out.extend_from_slice(b"* STATUS ");
    mailbox_name(out, name, dialect);
    out.extend_from_slice(b" (");
    for (i, (item, value)) in values.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(item.name().as_bytes());
        out.push(b' ');
        match value {
            StatusValue::Number(n) => number(out, *n),
            StatusValue::Id(id) => {
                out.push(b'(');
                out.extend_from_slice(id.as_str().as_bytes());
                out.push(b')');
            }
        }
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
        let item = ListItem { name: &name, attributes, special_use: &[SpecialUse::Drafts], ..ListItem::plain(&name) };
        list(&mut out, Some(&item), Dialect::REV1);
        list(&mut out, Some(&ListItem { child_info: &["SUBSCRIBED"], special_use: &[], ..item }), Dialect::REV2);
        list(&mut out, Some(&ListItem { old_name: Some(&MailboxName::inbox()), ..ListItem::plain(&name) }), Dialect::REV2);
        list(&mut out, None, Dialect::REV1);
        lsub(&mut out, &MailboxName::inbox(), false, Dialect::REV1);
        let number = |n| StatusValue::Number(n);
        status(&mut out, &name, &[(StatusItem::Messages, number(231)), (StatusItem::UidNext, number(44292))], Dialect::REV2);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* LIST (\\HasNoChildren \\Subscribed \\Drafts) \"/\" \"Entw&APw-rfe\"\r\n",
                "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Entwürfe\" (CHILDINFO (\"SUBSCRIBED\"))\r\n",
                "* LIST () \"/\" \"Entwürfe\" (\"OLDNAME\" (INBOX))\r\n",
                "* LIST (\\Noselect) \"/\" \"\"\r\n",
                "* LSUB () \"/\" INBOX\r\n",
                "* STATUS \"Entwürfe\" (MESSAGES 231 UIDNEXT 44292)\r\n",
            )
        );
    }
}
