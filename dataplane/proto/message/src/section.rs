//! BODY and BINARY sections (RFC 9051 §6.4.5, RFC 3516): a summary's offsets turned into octets.
//!
//! No MIME is parsed here: every section but HEADER.FIELDS is a slice of the stored message.

use std::{borrow::Cow, ops::Range};

use crate::{
    charset, header,
    summary::{Kind, PartRef, SummaryRef},
    transfer,
};

/// What of a part is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// The part's body; of the empty path the whole message.
    Body,
    /// `HEADER`: the header of the message, or of a message/rfc822 part's message.
    Header,
    /// `HEADER.FIELDS`: of that header the named fields.
    HeaderFields(&'a [String]),
    /// `HEADER.FIELDS.NOT`: of that header all others.
    HeaderFieldsNot(&'a [String]),
    /// `TEXT`: what follows that header.
    Text,
    /// `MIME`: the part's own header.
    Mime,
}

/// A section: `BODY[1.2.HEADER]` is path `[1, 2]` and [`What::Header`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// The part number; empty for the message itself.
    pub path: &'a [u32],
    /// What of it.
    pub what: What<'a>,
}

impl<'a> Section<'a> {
    /// `BODY[path]`.
    #[must_use]
    pub const fn body(path: &'a [u32]) -> Self {
        Self { path, what: What::Body }
    }

    /// `BODY[path.TEXT]`.
    #[must_use]
    pub const fn text(path: &'a [u32]) -> Self {
        Self { path, what: What::Text }
    }

    /// `BODY[path.HEADER]`.
    #[must_use]
    pub const fn header(path: &'a [u32]) -> Self {
        Self { path, what: What::Header }
    }
}

/// Where a section lies in the message. For the header sections with names that is the whole header, from
/// which [`resolve`] picks. `None` when there is no such part: IMAP answers NIL.
#[must_use]
pub fn range(summary: &SummaryRef<'_>, section: &Section<'_>) -> Option<Range<usize>> {
    let body = match section.what {
        What::Body | What::Mime => {
            return match (section.path, section.what) {
                ([], What::Body) => Some(0..summary.size()),
                ([], _) => None,
                (path, What::Mime) => Some(summary.find(path)?.header()),
                (path, _) => Some(summary.find(path)?.body()),
            };
        }
        _ => message_body(summary, section.path)?,
    };
    Some(if section.what == What::Text { body.body() } else { body.header() })
}

/// The octets of a section. `None` when there is no such part, or when the message is not the summary's.
#[must_use]
pub fn resolve<'m>(summary: &SummaryRef<'_>, message: &'m [u8], section: &Section<'_>) -> Option<Cow<'m, [u8]>> {
    let octets = message.get(range(summary, section)?)?;
    Some(match section.what {
        What::HeaderFields(names) => Cow::Owned(pick(octets, |f| names.iter().any(|n| f.is(n)))),
        What::HeaderFieldsNot(names) => Cow::Owned(pick(octets, |f| !names.iter().any(|n| f.is(n)))),
        _ => Cow::Borrowed(octets),
    })
}

/// `BINARY[path]`: the part's body without its transfer encoding.
///
/// # Errors
/// [`BinaryError`] says why not.
pub fn binary<'m>(summary: &SummaryRef<'_>, message: &'m [u8], path: &[u32]) -> Result<Cow<'m, [u8]>, BinaryError> {
    let (octets, encoding) = if path.is_empty() {
        (message.get(..summary.size()), &b""[..])
    } else {
        let part = summary.find(path).ok_or(BinaryError::NoSuchPart)?;
        // The encoding of a multipart says nothing about its parts (RFC 2045 §6.4).
        let encoding = if part.kind == Kind::Multipart { &b""[..] } else { part.encoding };
        (message.get(part.body()), encoding)
    };
    transfer::decode(encoding, octets.ok_or(BinaryError::NoSuchPart)?).ok_or(BinaryError::UnknownEncoding)
}

/// What a text part says, for SEARCH and for people: transfer encoding and charset undone. `None` for parts that
/// are no text, and when the message is not the summary's.
#[must_use]
pub fn words(part: &PartRef<'_>, message: &[u8]) -> Option<String> {
    words_of_first(part, message, usize::MAX)
}

/// [`words`] of the first octets of its body.
pub(crate) fn words_of_first(part: &PartRef<'_>, message: &[u8], octets: usize) -> Option<String> {
    if part.kind != Kind::Text {
        return None;
    }
    let body = message.get(part.body())?;
    let decoded = transfer::decode(part.encoding, body.get(..body.len().min(octets))?)?;
    Some(charset::decode(part.params.find("charset").unwrap_or_default(), &decoded))
}

/// Why a part has no decoded form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryError {
    /// There is none with that number: IMAP answers NIL.
    NoSuchPart,
    /// `NO [UNKNOWN-CTE]` (RFC 3516 §4.3).
    UnknownEncoding,
}

/// `<offset.count>` of a section: beyond its end nothing, at its end what there is (RFC 9051 §6.4.5).
#[must_use]
pub fn partial(octets: &[u8], offset: u64, count: u64) -> &[u8] {
    let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(octets.len());
    octets.get(clamp(offset)..clamp(offset.saturating_add(count))).unwrap_or_default()
}

/// The body of the message that HEADER and TEXT of this path speak of.
fn message_body<'s>(summary: &SummaryRef<'s>, path: &[u32]) -> Option<PartRef<'s>> {
    if path.is_empty() { summary.root() } else { summary.enclosed(&summary.find(path)?) }
}

/// The chosen fields and the blank line that every header subset ends with (RFC 9051 §6.4.5).
fn pick(block: &[u8], chosen: impl Fn(&header::Field<'_>) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    for field in header::fields(block).filter(chosen) {
        out.extend_from_slice(field.raw);
        if !field.raw.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}
