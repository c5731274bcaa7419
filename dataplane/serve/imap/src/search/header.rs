//! Keys that look into the header: from the summary where it has the field, else from the header itself.

use postern_core::Timestamp;
use postern_message::{
    SummaryRef, date, encoded_word, header,
    summary::{AddressRef, EnvelopeRef},
};
use postern_proto_imap::types::EnvelopeField;
use postern_store::mail::read::StoredMessage;

use super::program::Needle;
use crate::message::Message;

/// A field to look into.
pub(super) struct Named {
    name: String,
    kept: Kept,
}

/// What a summary keeps of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// As it is written.
    Subject,
    MessageId,
    InReplyTo,
    /// Taken apart.
    Addresses(EnvelopeField),
    Nothing,
}

impl Named {
    /// `FROM` and its like, which ask the envelope (RFC 9051 §6.4.4).
    pub(super) fn of_envelope(field: EnvelopeField) -> Self {
        let (name, kept) = match field {
            EnvelopeField::From => ("From", Kept::Addresses(field)),
            EnvelopeField::To => ("To", Kept::Addresses(field)),
            EnvelopeField::Cc => ("Cc", Kept::Addresses(field)),
            EnvelopeField::Bcc => ("Bcc", Kept::Addresses(field)),
            EnvelopeField::Subject => ("Subject", Kept::Subject),
        };
        Self { name: name.to_owned(), kept }
    }

    /// `HEADER name`, which asks the header as it is written.
    pub(super) fn of_header(name: &str) -> Self {
        let known = [("Subject", Kept::Subject), ("Message-ID", Kept::MessageId), ("In-Reply-To", Kept::InReplyTo)];
        let kept = known.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map_or(Kept::Nothing, |(_, kept)| *kept);
        Self { name: name.to_owned(), kept }
    }
}

/// The answer, when the summary has it.
pub(super) fn in_summary(summary: &SummaryRef<'_>, row: &StoredMessage, named: &Named, needle: &Needle) -> Option<bool> {
    if summary.is_incomplete() || header::find(&row.prefix, &named.name).is_some() {
        return None;
    }
    let envelope = summary.envelope();
    let text = match named.kept {
        Kept::Subject => envelope.subject.map(encoded_word::text),
        Kept::MessageId => envelope.message_id.map(encoded_word::text),
        Kept::InReplyTo => envelope.in_reply_to.map(encoded_word::text),
        Kept::Addresses(field) => addresses(&envelope, field),
        Kept::Nothing => return None,
    };
    match text {
        Some(text) => Some(needle.is_in(&text)),
        // Only the header can tell an empty field from none.
        None => (!needle.is_empty()).then_some(false),
    }
}

/// The answer from the message itself.
pub(super) fn in_message(message: &Message, named: &Named, needle: &Needle) -> bool {
    if let Kept::Addresses(field) = named.kept
        && addresses(&message.summary().envelope(), field).is_some_and(|text| needle.is_in(&text))
    {
        return true;
    }
    let fields = header::fields(message.prefix()).chain(header::fields(message.body()));
    fields.filter(|field| field.is(&named.name)).any(|field| needle.is_in(&field.decoded()))
}

/// Whether any field of the header has the text, in name or value.
pub(super) fn anywhere(message: &Message, needle: &Needle) -> bool {
    let mut fields = header::fields(message.prefix()).chain(header::fields(message.body()));
    fields.any(|field| needle.is_in(&format!("{}: {}", String::from_utf8_lossy(field.name), field.decoded())))
}

/// The day of the Date field as it is written there, time and zone aside (RFC 9051 §6.4.4): its midnight in seconds.
pub(super) fn sent_on(summary: &SummaryRef<'_>) -> Option<i64> {
    date::parse_day(summary.envelope().date?).map(Timestamp::secs)
}

/// A list of addresses as people write it; `None` when there is none.
fn addresses(envelope: &EnvelopeRef<'_>, field: EnvelopeField) -> Option<String> {
    let list = match field {
        EnvelopeField::From => envelope.from,
        EnvelopeField::To => envelope.to,
        EnvelopeField::Cc => envelope.cc,
        EnvelopeField::Bcc => envelope.bcc,
        EnvelopeField::Subject => return None,
    };
    let part = |bytes: Option<&[u8]>| bytes.map(encoded_word::text).unwrap_or_default();
    let each = |a: AddressRef<'_>| format!("{} <{}@{}>", part(a.name), part(a.mailbox), part(a.host));
    (!list.is_empty()).then(|| list.map(each).collect::<Vec<_>>().join(", "))
}
