//! One pass over a header for all that checks want to know of it.

use postern_core::Address;
use postern_message::header;

/// What a header says, as far as checks ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderFacts {
    /// Octets of the header, the empty line included.
    pub end: usize,
    /// It was read to its end.
    pub whole: bool,
    /// `Received` fields.
    pub received: usize,
    /// `From` fields.
    pub from: usize,
    /// Whether an octet beyond ASCII stands in it.
    pub eight_bit: bool,
    /// Values of `Delivered-To`, in lower case.
    pub delivered_to: Vec<String>,
}

impl HeaderFacts {
    /// Reads the header of a message.
    #[must_use]
    pub fn of(message: &[u8]) -> Self {
        let end = header::header_end(message);
        let head = message.get(..end).unwrap_or(message);
        let mut facts = Self { end, eight_bit: !head.is_ascii(), ..Self::default() };
        let mut fields = header::fields(head);
        for field in &mut fields {
            if field.is("Received") {
                facts.received += 1;
            } else if field.is("From") {
                facts.from += 1;
            } else if field.is("Delivered-To") {
                facts.delivered_to.push(String::from_utf8_lossy(&field.text()).to_lowercase());
            }
        }
        facts.whole = fields.is_at_end();
        facts
    }

    /// Whether the message was delivered to this address before (RFC 9228 §4).
    #[must_use]
    pub fn was_delivered_to(&self, address: &Address) -> bool {
        !self.delivered_to.is_empty() && self.delivered_to.contains(&address.to_string().to_lowercase())
    }
}
