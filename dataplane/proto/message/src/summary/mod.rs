//! The summary of a message: all that IMAP tells of it without the message itself.
//!
//! Made once at ingest, stored beside the message, read in place. Typically 300 to 600 octets, 200 of them the preview.
//!
//! # Form, version 1
//! Numbers are varints, little end first; a text is its length and its octets; a *nstring* is 0 for NIL,
//! else length + 1 and the octets.
//! ```text
//! version        u8 = 1
//! flags          u8: 1 attachment · 2 sent is there · 4 incomplete
//! sent           seconds since 1970, signed, only with flag 2
//! references     nstring
//! preview        text, UTF-8
//! count          of parts
//! offsets        count × u32, from the first record
//! records        kind u8 (0 basic, 1 text, 2 multipart, 3 message) · has u8 · parent + 1 · ordinal · children · descendants
//!                · header start · octets of header · octets of body · lines · type · subtype · encoding (texts)
//!                · and as `has` says, in this order: params · id · description · md5 · disposition and its params ·
//!                  language · location · envelope (each a text; params are texts, name and value in turn)
//! envelope       u8: 1 sender is from · 2 reply-to is from; date, subject nstrings; from, sender, reply-to, to, cc, bcc:
//!                texts of four nstrings an address (name, adl, mailbox, host); in-reply-to, message-id nstrings
//! ```
//! A summary of another version is not read: it is made again from the message.

mod envelope;
mod part;
mod preview;
mod view;
mod wire;
mod write;

pub use envelope::{AddressRef, Addresses, EnvelopeRef, MessageIds};
pub use part::{Disposition, Kind, Params, PartRef};
pub use view::SummaryRef;

/// The version of the form.
pub const VERSION: u8 = 1;
/// Octets of header text that a summary holds at most; what does not fit reads as absent.
pub const MAX_TEXT: usize = 256 * 1024;

pub(crate) const ATTACHMENT: u8 = 1;
pub(crate) const SENT: u8 = 2;
pub(crate) const INCOMPLETE: u8 = 4;

/// A message's summary, in its stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    bytes: Vec<u8>,
}

impl Summary {
    /// Reads a message, trace header and all, exactly as it will be stored: the offsets are into these octets.
    /// Takes time in proportion to the message, whatever stands in it.
    #[must_use]
    pub fn of(message: &[u8]) -> Self {
        Self { bytes: write::summarise(message) }
    }

    /// The stored form.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        self.bytes
    }

    /// The stored form, borrowed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// For reading.
    #[must_use]
    pub fn view(&self) -> SummaryRef<'_> {
        SummaryRef::new(&self.bytes).unwrap_or_default()
    }
}
