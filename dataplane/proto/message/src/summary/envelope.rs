//! ENVELOPE as stored (RFC 9051 §7.5.2): header text as it stands, addresses taken apart.

use super::wire::Reader;

pub(crate) const SENDER_IS_FROM: u8 = 1;
pub(crate) const REPLY_TO_IS_FROM: u8 = 2;

/// A message's envelope. Texts are raw header bytes, unfolded, encoded-words as they stand; `None` is NIL.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvelopeRef<'s> {
    /// `Date`, as written.
    pub date: Option<&'s [u8]>,
    /// `Subject`, as written.
    pub subject: Option<&'s [u8]>,
    /// `From`.
    pub from: Addresses<'s>,
    /// `Sender`, or `From` when there is none, as RFC 9051 asks.
    pub sender: Addresses<'s>,
    /// `Reply-To`, or `From` when there is none.
    pub reply_to: Addresses<'s>,
    /// `To`.
    pub to: Addresses<'s>,
    /// `Cc`.
    pub cc: Addresses<'s>,
    /// `Bcc`.
    pub bcc: Addresses<'s>,
    /// `In-Reply-To`, as written.
    pub in_reply_to: Option<&'s [u8]>,
    /// `Message-ID`, as written.
    pub message_id: Option<&'s [u8]>,
}

impl<'s> EnvelopeRef<'s> {
    pub(crate) fn read(mut r: Reader<'s>) -> Option<Self> {
        let same = r.u8()?;
        let (date, subject) = (r.nstring()?, r.nstring()?);
        let mut list = || r.text().map(|b| Addresses(Reader::new(b)));
        let (from, sender, reply_to) = (list()?, list()?, list()?);
        let (to, cc, bcc) = (list()?, list()?, list()?);
        let (in_reply_to, message_id) = (r.nstring()?, r.nstring()?);
        let sender = if same & SENDER_IS_FROM == 0 { sender } else { from };
        let reply_to = if same & REPLY_TO_IS_FROM == 0 { reply_to } else { from };
        Some(Self { date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id })
    }

    /// The id in `Message-ID`, without its angle brackets.
    #[must_use]
    pub fn id(&self) -> Option<&'s [u8]> {
        MessageIds::new(self.message_id).next()
    }

    /// The ids in `In-Reply-To`, without their angle brackets.
    #[must_use]
    pub const fn reply_ids(&self) -> MessageIds<'s> {
        MessageIds::new(self.in_reply_to)
    }
}

/// The four strings of an IMAP address. A group opens with an address whose `host` is NIL and whose
/// `mailbox` is the group's name, and closes with one whose `host` and `mailbox` are NIL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressRef<'s> {
    /// The display name, encoded-words as they stand, quotes undone.
    pub name: Option<&'s [u8]>,
    /// The source route of old (`addr-adl`).
    pub adl: Option<&'s [u8]>,
    /// The local part, quotes undone.
    pub mailbox: Option<&'s [u8]>,
    /// The domain; empty, not NIL, where a mailbox was written without one.
    pub host: Option<&'s [u8]>,
}

/// Addresses of one header field; iterate for [`AddressRef`]s.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addresses<'s>(Reader<'s>);

impl Addresses<'_> {
    /// Whether there are none: IMAP writes NIL.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'s> Iterator for Addresses<'s> {
    type Item = AddressRef<'s>;
    fn next(&mut self) -> Option<AddressRef<'s>> {
        if self.0.is_empty() {
            return None;
        }
        Some(AddressRef { name: self.0.nstring()?, adl: self.0.nstring()?, mailbox: self.0.nstring()?, host: self.0.nstring()? })
    }
}

/// The message ids in a header text: what stands in angle brackets, without them and without white space around.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageIds<'s>(&'s [u8]);

impl<'s> MessageIds<'s> {
    /// Over the text of a field, or over nothing.
    #[must_use]
    pub const fn new(text: Option<&'s [u8]>) -> Self {
        match text {
            Some(text) => Self(text),
            None => Self(&[]),
        }
    }
}

impl<'s> Iterator for MessageIds<'s> {
    type Item = &'s [u8];
    fn next(&mut self) -> Option<&'s [u8]> {
        loop {
            let open = memchr::memchr(b'<', self.0)?;
            let inner = self.0.get(open + 1..)?;
            let close = memchr::memchr(b'>', inner)?;
            self.0 = inner.get(close + 1..)?;
            let id = inner.get(..close)?.trim_ascii();
            if !id.is_empty() {
                return Some(id);
            }
        }
    }
}
