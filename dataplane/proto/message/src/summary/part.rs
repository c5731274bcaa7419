//! One part of a message as BODY and BODYSTRUCTURE tell it (RFC 9051 §7.5.2), and where it lies.

use std::ops::Range;

use super::{envelope::EnvelopeRef, wire::Reader};

/// Which of the grammar's body types a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `body-type-basic`: neither of the others.
    Basic,
    /// `body-type-text`: has lines.
    Text,
    /// `body-type-mpart`: has at least one child.
    Multipart,
    /// `body-type-msg`: message/rfc822 or message/global, with one child, the enclosed message's body.
    Message,
}

pub(crate) const HAS_PARAMS: u8 = 1;
pub(crate) const HAS_ID: u8 = 2;
pub(crate) const HAS_DESCRIPTION: u8 = 4;
pub(crate) const HAS_MD5: u8 = 8;
pub(crate) const HAS_DISPOSITION: u8 = 16;
pub(crate) const HAS_LANGUAGE: u8 = 32;
pub(crate) const HAS_LOCATION: u8 = 64;
pub(crate) const HAS_ENVELOPE: u8 = 128;

/// One part. Texts are the header's own bytes, unfolded, case as written; they may hold 8-bit octets.
#[derive(Clone, Copy, Debug)]
pub struct PartRef<'s> {
    /// Place in [`super::SummaryRef::parts`].
    pub index: usize,
    /// The index of the multipart or message around it; `None` for the root.
    pub parent: Option<usize>,
    /// 1 for the first child of its parent, and so on: the last number of its IMAP part number.
    pub ordinal: u32,
    /// How many children it has.
    pub children: usize,
    /// How many parts lie inside it at any depth; they have the indexes after its own.
    pub descendants: usize,
    /// Which grammar describes it.
    pub kind: Kind,
    /// Where its header begins; for the root 0.
    pub header_start: usize,
    /// Where its body begins: after the blank line.
    pub body_start: usize,
    /// Where its body ends: before the line break that belongs to the next boundary.
    pub end: usize,
    /// Line feeds in the body; 0 unless text or message.
    pub lines: u64,
    /// `text` of text/plain.
    pub media_type: &'s [u8],
    /// `plain` of text/plain.
    pub subtype: &'s [u8],
    /// Content-Type's parameters.
    pub params: Params<'s>,
    /// Content-ID with its angle brackets.
    pub id: Option<&'s [u8]>,
    /// Content-Description.
    pub description: Option<&'s [u8]>,
    /// Content-Transfer-Encoding; `7BIT` when absent (RFC 2045 §6.1).
    pub encoding: &'s [u8],
    /// Content-MD5.
    pub md5: Option<&'s [u8]>,
    /// Content-Disposition.
    pub disposition: Option<Disposition<'s>>,
    /// Content-Language, a list with commas: see [`PartRef::languages`].
    pub language: Option<&'s [u8]>,
    /// Content-Location.
    pub location: Option<&'s [u8]>,
    /// The message's envelope, when this is the body of a message: of the root and of a message part's child.
    pub envelope: Option<EnvelopeRef<'s>>,
}

/// Content-Disposition (RFC 2183).
#[derive(Clone, Copy, Debug)]
pub struct Disposition<'s> {
    /// `inline`, `attachment` or another word.
    pub kind: &'s [u8],
    /// Its parameters.
    pub params: Params<'s>,
}

/// Parameters of a MIME header field, in order; iterate for `(name, value)`.
///
/// Quotes are undone and continuations joined, as RFC 2231 §6 asks of IMAP servers: `name*0`, `name*1`
/// become `name`, and `name*0*`, `name*1*` become `name*` whose value keeps `charset'language'` and the
/// percent encoding. Nothing is decoded: the client does that.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'s>(Reader<'s>);

impl<'s> Params<'s> {
    /// The value of the first parameter of that name, case aside.
    #[must_use]
    pub fn find(mut self, name: &str) -> Option<&'s [u8]> {
        self.by_ref().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// Whether there are none: IMAP writes NIL.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'s> Iterator for Params<'s> {
    type Item = (&'s [u8], &'s [u8]);
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.text()?, self.0.text()?))
    }
}

impl<'s> PartRef<'s> {
    pub(crate) fn read(index: usize, mut r: Reader<'s>) -> Option<Self> {
        let kind = match r.u8()? {
            0 => Kind::Basic,
            1 => Kind::Text,
            2 => Kind::Multipart,
            3 => Kind::Message,
            _ => return None,
        };
        let has = r.u8()?;
        let parent = r.size()?.checked_sub(1);
        let ordinal = u32::try_from(r.varint()?).ok()?;
        let (children, descendants) = (r.size()?, r.size()?);
        let header_start = r.size()?;
        let body_start = header_start.checked_add(r.size()?)?;
        let end = body_start.checked_add(r.size()?)?;
        let lines = r.varint()?;
        let (media_type, subtype, encoding) = (r.text()?, r.text()?, r.text()?);
        let params = if has & HAS_PARAMS == 0 { Params::default() } else { Params(Reader::new(r.text()?)) };
        let mut optional = |bit| if has & bit == 0 { Some(None) } else { r.text().map(Some) };
        let id = optional(HAS_ID)?;
        let description = optional(HAS_DESCRIPTION)?;
        let md5 = optional(HAS_MD5)?;
        let disposition_kind = optional(HAS_DISPOSITION)?;
        let disposition_params = optional(HAS_DISPOSITION)?;
        let language = optional(HAS_LANGUAGE)?;
        let location = optional(HAS_LOCATION)?;
        let envelope = optional(HAS_ENVELOPE)?;
        let disposition = match (disposition_kind, disposition_params) {
            (Some(kind), Some(params)) => Some(Disposition { kind, params: Params(Reader::new(params)) }),
            _ => None,
        };
        let envelope = match envelope {
            Some(bytes) => Some(EnvelopeRef::read(Reader::new(bytes))?),
            None => None,
        };
        Some(Self {
            index,
            parent,
            ordinal,
            children,
            descendants,
            kind,
            header_start,
            body_start,
            end,
            lines,
            media_type,
            subtype,
            params,
            id,
            description,
            encoding,
            md5,
            disposition,
            language,
            location,
            envelope,
        })
    }

    /// Where its header lies, with the blank line that ends it.
    #[must_use]
    pub const fn header(&self) -> Range<usize> {
        self.header_start..self.body_start
    }

    /// Where its body lies, still in its transfer encoding.
    #[must_use]
    pub const fn body(&self) -> Range<usize> {
        self.body_start..self.end
    }

    /// Octets of the body in its transfer encoding, as BODYSTRUCTURE counts.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.end - self.body_start
    }

    /// Whether it is of that media type, case aside.
    #[must_use]
    pub fn is(&self, media_type: &str, subtype: &str) -> bool {
        self.media_type.eq_ignore_ascii_case(media_type.as_bytes()) && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
    }

    /// The tags of Content-Language (RFC 3282).
    pub fn languages(&self) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        self.language.into_iter().flat_map(|l| l.split(|b| *b == b',')).map(<[u8]>::trim_ascii).filter(|l| !l.is_empty())
    }

    /// Whether it looks like a file to keep: said to be an attachment, an enclosed message, or neither text
    /// nor multipart nor shown inline nor a signature.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        let disposition = self.disposition.map(|d| d.kind);
        if self.kind == Kind::Multipart {
            return false;
        }
        if disposition.is_some_and(|d| d.eq_ignore_ascii_case(b"attachment")) {
            return !self.is_signature();
        }
        match self.kind {
            Kind::Message => true,
            Kind::Multipart | Kind::Text => false,
            // A picture with an id is shown by the HTML that names it.
            Kind::Basic => !self.is_signature() && self.id.is_none() && disposition.is_none_or(|d| !d.eq_ignore_ascii_case(b"inline")),
        }
    }

    fn is_signature(&self) -> bool {
        self.is("application", "pgp-signature")
            || self.is("application", "pkcs7-signature")
            || self.is("application", "x-pkcs7-signature")
            || self.is("application", "pgp-encrypted")
    }
}
