//! Keys that look into the header: from the summary where it has the field, else from the header itself.

use postern_core::Timestamp;
use postern_message::{
    SummaryRef, date, header,
    search::{Field, text},
};
use postern_proto_imap::types::EnvelopeField;
use postern_store::mail::{index::Question, read::StoredMessage};

use super::needle::Needle;
use crate::message::Message;

/// A field to look into.
pub(super) struct Named {
    name: String,
    /// What a summary keeps of it.
    kept: Option<Field>,
}

impl Named {
    /// `FROM` and its like, which ask the envelope (RFC 9051 §6.4.4).
    pub(super) fn of_envelope(field: EnvelopeField) -> Self {
        let kept = match field {
            EnvelopeField::From => Field::From,
            EnvelopeField::To => Field::To,
            EnvelopeField::Cc => Field::Cc,
            EnvelopeField::Bcc => Field::Bcc,
            EnvelopeField::Subject => Field::Subject,
        };
        Self { name: kept.name().to_owned(), kept: Some(kept) }
    }

    /// `HEADER name`, which asks the header as it is written.
    pub(super) fn of_header(name: &str) -> Self {
        let kept = Field::ALL.into_iter().find(|field| field.is_verbatim() && field.name().eq_ignore_ascii_case(name));
        Self { name: name.to_owned(), kept }
    }
}

impl Named {
    /// What to ask the text index for messages that may have the text in this field.
    pub(super) fn question(&self, needle: &Needle) -> Question {
        match self.kept {
            Some(field) => Question::Field(field, needle.text().into()),
            None => Question::Text(needle.text().into()),
        }
    }
}

/// The answer, when the summary has it.
pub(super) fn in_summary(summary: &SummaryRef<'_>, row: &StoredMessage, named: &Named, needle: &Needle) -> Option<bool> {
    if summary.is_incomplete() || header::find(&row.prefix, &named.name).is_some() {
        return None;
    }
    match named.kept?.of(summary) {
        Some(text) => Some(needle.is_in(&text)),
        // Only the header can tell an empty field from none.
        None => (!needle.is_empty()).then_some(false),
    }
}

/// The answer from the message itself.
pub(super) fn in_message(message: &Message, named: &Named, needle: &Needle) -> bool {
    let taken_apart = named.kept.filter(|field| !field.is_verbatim()).and_then(|field| field.of(&message.summary()));
    taken_apart.is_some_and(|text| needle.is_in(&text))
        || text::values(message.prefix(), message.body(), &named.name, |value| needle.is_in(value))
}

/// The day of the Date field as it is written there, time and zone aside (RFC 9051 §6.4.4): its midnight in seconds.
pub(super) fn sent_on(summary: &SummaryRef<'_>) -> Option<i64> {
    date::parse_day(summary.envelope().date?).map(Timestamp::secs)
}
