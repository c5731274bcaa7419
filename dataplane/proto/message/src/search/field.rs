//! Header fields that a summary keeps.

use crate::{
    casemap::casemap,
    encoded_word,
    summary::{AddressRef, Addresses, SummaryRef},
};

/// A field that can be looked into without the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// From, as an address list is written.
    From,
    /// To.
    To,
    /// Cc.
    Cc,
    /// Bcc.
    Bcc,
    /// Subject.
    Subject,
    /// Message-ID.
    MessageId,
    /// In-Reply-To.
    InReplyTo,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::From, Self::To, Self::Cc, Self::Bcc, Self::Subject, Self::MessageId, Self::InReplyTo];

    /// Its name in a header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::From => "From",
            Self::To => "To",
            Self::Cc => "Cc",
            Self::Bcc => "Bcc",
            Self::Subject => "Subject",
            Self::MessageId => "Message-ID",
            Self::InReplyTo => "In-Reply-To",
        }
    }

    /// Whether the summary keeps it as it is written; addresses it keeps taken apart.
    #[must_use]
    pub const fn is_verbatim(self) -> bool {
        matches!(self, Self::Subject | Self::MessageId | Self::InReplyTo)
    }

    /// What it says, decoded and ready to be compared; `None` when it is empty or not there.
    #[must_use]
    pub fn of(self, summary: &SummaryRef<'_>) -> Option<String> {
        let envelope = summary.envelope();
        let text = match self {
            Self::From => addresses(envelope.from)?,
            Self::To => addresses(envelope.to)?,
            Self::Cc => addresses(envelope.cc)?,
            Self::Bcc => addresses(envelope.bcc)?,
            Self::Subject => encoded_word::text(envelope.subject?),
            Self::MessageId => encoded_word::text(envelope.message_id?),
            Self::InReplyTo => encoded_word::text(envelope.in_reply_to?),
        };
        Some(casemap(&text))
    }
}

/// A list of addresses as people write it; `None` when there is none.
fn addresses(list: Addresses<'_>) -> Option<String> {
    let part = |bytes: Option<&[u8]>| bytes.map(encoded_word::text).unwrap_or_default();
    let each = |a: AddressRef<'_>| format!("{} <{}@{}>", part(a.name), part(a.mailbox), part(a.host));
    (!list.is_empty()).then(|| list.map(each).collect::<Vec<_>>().join(", "))
}
