//! Reads a stored summary in place: no copy, no allocation, no second look at the message.

use postern_core::Timestamp;

use super::{
    ATTACHMENT, INCOMPLETE, SENT, VERSION,
    envelope::{EnvelopeRef, MessageIds},
    part::{Kind, PartRef},
    wire::Reader,
};

/// A summary's bytes, read where they lie. Cheap to copy.
///
/// Bytes that were damaged read as absent values; nothing here panics.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummaryRef<'s> {
    flags: u8,
    sent: Option<Timestamp>,
    references: Option<&'s [u8]>,
    preview: &'s str,
    count: usize,
    /// Four octets a part, little endian: where its record begins in `records`.
    offsets: &'s [u8],
    records: &'s [u8],
}

impl<'s> SummaryRef<'s> {
    /// Opens a summary. `None` when the version is not ours or the bytes are cut: make it anew from the message.
    #[must_use]
    pub fn new(bytes: &'s [u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        if r.u8()? != VERSION {
            return None;
        }
        let flags = r.u8()?;
        let sent = if flags & SENT == 0 { None } else { Some(Timestamp(r.signed()?.checked_mul(1_000_000)?)) };
        let references = r.nstring()?;
        let preview = std::str::from_utf8(r.text()?).ok()?;
        let count = r.size()?;
        let offsets = r.take(count.checked_mul(4)?)?;
        Some(Self { flags, sent, references, preview, count, offsets, records: r.rest() })
    }

    /// When the sender says it was sent (`Date`), if that could be read.
    #[must_use]
    pub const fn sent(&self) -> Option<Timestamp> {
        self.sent
    }

    /// Whether a part looks like a file to keep: see [`PartRef::is_attachment`].
    #[must_use]
    pub const fn has_attachment(&self) -> bool {
        self.flags & ATTACHMENT != 0
    }

    /// Whether a limit was met (depth, number of parts, size of header): the structure is right but not all of it.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        self.flags & INCOMPLETE != 0
    }

    /// The first words of the text, at most 200 characters on one line (RFC 8970 §3.1). May be empty.
    #[must_use]
    pub const fn preview(&self) -> &'s str {
        self.preview
    }

    /// Octets of the whole message: RFC822.SIZE.
    #[must_use]
    pub fn size(&self) -> usize {
        self.root().map_or(0, |p| p.end)
    }

    /// The message's ENVELOPE.
    #[must_use]
    pub fn envelope(&self) -> EnvelopeRef<'s> {
        self.root().and_then(|p| p.envelope).unwrap_or_default()
    }

    /// The ids in `References`, oldest first, without their angle brackets.
    #[must_use]
    pub const fn references(&self) -> MessageIds<'s> {
        MessageIds::new(self.references)
    }

    /// The message's own body: the part that `BODY` describes. `None` only when the bytes are damaged.
    #[must_use]
    pub fn root(&self) -> Option<PartRef<'s>> {
        self.part(0)
    }

    /// How many parts there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no part at all, as only a damaged summary has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The part with that index, in the order in which parts stand in the message.
    #[must_use]
    pub fn part(&self, index: usize) -> Option<PartRef<'s>> {
        let at = self.offsets.get(index.checked_mul(4)?..)?.first_chunk::<4>()?;
        let record = self.records.get(u32::from_le_bytes(*at) as usize..)?;
        PartRef::read(index, Reader::new(record))
    }

    /// Every part, in the order in which they stand in the message, the root first.
    pub fn parts(self) -> impl Iterator<Item = PartRef<'s>> {
        (0..self.count).map_while(move |i| self.part(i))
    }

    /// The parts directly inside a multipart, or the one body inside a message/rfc822.
    pub fn children(self, of: &PartRef<'s>) -> impl Iterator<Item = PartRef<'s>> + use<'s> {
        let (mut next, mut left) = (of.index + 1, of.children);
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let part = self.part(next)?;
            next = part.index + 1 + part.descendants;
            Some(part)
        })
    }

    /// The part with an IMAP part number (RFC 9051 §6.4.5): `[1, 2]` is `1.2`. `None` when there is none.
    ///
    /// Part 1 of a message that is no multipart is its body; the numbers below a message/rfc822 part
    /// are those of the message inside.
    #[must_use]
    pub fn find(&self, number: &[u32]) -> Option<PartRef<'s>> {
        let (&first, rest) = number.split_first()?;
        let mut part = self.step_into(self.root()?, first)?;
        for &n in rest {
            part = match part.kind {
                Kind::Multipart => self.child(&part, n)?,
                Kind::Message => self.step_into(self.enclosed(&part)?, n)?,
                Kind::Text | Kind::Basic => return None,
            };
        }
        Some(part)
    }

    /// A part's IMAP part number, the inverse of [`SummaryRef::find`]. `None` for the multipart that is the body
    /// of a message: it has no number of its own (RFC 9051 §6.4.5), its message has.
    #[must_use]
    pub fn number(&self, part: &PartRef<'s>) -> Option<Vec<u32>> {
        let tops_message = |p: &PartRef<'_>| p.envelope.is_some();
        if tops_message(part) && part.kind == Kind::Multipart {
            return None;
        }
        let mut number = Vec::new();
        let mut at = *part;
        loop {
            // The body of a message is 1 within it, unless it is a multipart: then its children count within the message.
            if !(tops_message(&at) && at.kind == Kind::Multipart) {
                number.push(at.ordinal);
            }
            // Parents come before their children, so this ends.
            match at.parent.filter(|p| *p < at.index) {
                Some(parent) => at = self.part(parent)?,
                None => break,
            }
        }
        number.reverse();
        Some(number)
    }

    /// The body inside a message/rfc822 part; its [`PartRef::envelope`] is the enclosed message's.
    #[must_use]
    pub fn enclosed(&self, message: &PartRef<'s>) -> Option<PartRef<'s>> {
        if message.kind == Kind::Message { self.children(message).next() } else { None }
    }

    /// Number `n` of a message whose body is `body`.
    fn step_into(&self, body: PartRef<'s>, n: u32) -> Option<PartRef<'s>> {
        match body.kind {
            Kind::Multipart => self.child(&body, n),
            _ => (n == 1).then_some(body),
        }
    }

    fn child(&self, of: &PartRef<'s>, n: u32) -> Option<PartRef<'s>> {
        self.children(of).nth((n as usize).checked_sub(1)?)
    }
}
