//! ENVELOPE, from the stored summary.

use postern_message::summary::{AddressRef, Addresses, EnvelopeRef};

use super::text::nstring;
use crate::types::Dialect;

/// `envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
/// env-in-reply-to SP env-message-id ")"` (RFC 9051 §7.5.2)
pub(super) fn envelope(out: &mut Vec<u8>, envelope: &EnvelopeRef<'_>, dialect: Dialect) {
    out.push(b'(');
    nstring(out, envelope.date, dialect);
    out.push(b' ');
    nstring(out, envelope.subject, dialect);
    for list in [envelope.from, envelope.sender, envelope.reply_to, envelope.to, envelope.cc, envelope.bcc] {
        out.push(b' ');
        addresses(out, list, dialect);
    }
    out.push(b' ');
    nstring(out, envelope.in_reply_to, dialect);
    out.push(b' ');
    nstring(out, envelope.message_id, dialect);
    out.push(b')');
}

/// `"(" 1*address ")" / nil`
fn addresses(out: &mut Vec<u8>, list: Addresses<'_>, dialect: Dialect) {
    let start = out.len();
    out.push(b'(');
    for AddressRef { name, adl, mailbox, host } in list {
        out.push(b'(');
        for (i, part) in [name, adl, mailbox, host].into_iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            nstring(out, part, dialect);
        }
        out.push(b')');
    }
    if out.len() == start + 1 {
        out.truncate(start);
        out.extend_from_slice(b"NIL");
    } else {
        out.push(b')');
    }
}
