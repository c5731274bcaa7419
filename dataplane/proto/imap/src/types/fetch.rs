//! What FETCH may ask of a message.

/// Deepest part number taken; more is BAD.
pub const MAX_PART_DEPTH: usize = 64;

/// `section-part = nz-number *("." nz-number)` (RFC 9051 §9); empty for the whole message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Part(pub Vec<u32>);

/// `partial = "<" number64 "." nz-number64 ">"` (RFC 9051 §9): a slice of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partial {
    /// First octet, counted from 0.
    pub start: u64,
    /// At most so many octets, never 0.
    pub length: u64,
}

impl Partial {
    /// The slice of `bytes`; empty beyond the end (RFC 9051 §6.4.5).
    #[must_use]
    pub fn of<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX).min(bytes.len());
        let length = usize::try_from(self.length).unwrap_or(usize::MAX).min(bytes.len() - start);
        bytes.get(start..start + length).unwrap_or_default()
    }
}

/// What of a part is asked for (`section-text`, RFC 9051 §9).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum SectionText {
    /// `BODY[]` or `BODY[1.2]`: all of it.
    #[default]
    All,
    /// `HEADER`: of the message, or of a message/rfc822 part.
    Header,
    /// `HEADER.FIELDS (…)` or, when `not`, `HEADER.FIELDS.NOT (…)`.
    HeaderFields {
        /// Field names as written, compared without case.
        names: Vec<String>,
        /// All but these.
        not: bool,
    },
    /// `TEXT`: the body without its header.
    Text,
    /// `MIME`: the part's own MIME header; only with a part number.
    Mime,
}

/// `section = "[" [section-spec] "]"` (RFC 9051 §9).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Section {
    /// Which part.
    pub part: Part,
    /// What of it.
    pub text: SectionText,
}

/// The three items that rev1 inherited (RFC 3501 §6.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rfc822 {
    /// `RFC822`: as `BODY[]`.
    All,
    /// `RFC822.HEADER`: as `BODY.PEEK[HEADER]`.
    Header,
    /// `RFC822.TEXT`: as `BODY[TEXT]`.
    Text,
}

/// `fetch-att` (RFC 9051 §9).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FetchItem {
    /// `UID`.
    Uid,
    /// `FLAGS`.
    Flags,
    /// `INTERNALDATE`.
    InternalDate,
    /// `RFC822.SIZE`.
    Size,
    /// `MODSEQ` (RFC 7162 §3.1.4.2).
    ModSeq,
    /// `EMAILID` (RFC 8474 §5.1).
    EmailId,
    /// `THREADID` (RFC 8474 §5.2).
    ThreadId,
    /// `SAVEDATE` (RFC 8514 §4.2).
    SaveDate,
    /// `PREVIEW`, and `PREVIEW (LAZY)`, which is no slower here (RFC 8970 §3).
    Preview,
    /// `ENVELOPE`.
    Envelope,
    /// `BODY`: the structure without extension data.
    Body,
    /// `BODYSTRUCTURE`.
    BodyStructure,
    /// `BODY[…]<…>`; without `peek` it sets `\Seen`.
    Section {
        /// What.
        section: Section,
        /// `BODY.PEEK`.
        peek: bool,
        /// Which slice.
        partial: Option<Partial>,
    },
    /// `RFC822`, `RFC822.HEADER`, `RFC822.TEXT`.
    Rfc822(Rfc822),
    /// `BINARY[…]<…>`: the part with its transfer encoding undone (RFC 9051 §6.4.5, RFC 3516).
    Binary {
        /// Which part; the whole message when empty.
        part: Part,
        /// `BINARY.PEEK`.
        peek: bool,
        /// Which slice of the decoded octets.
        partial: Option<Partial>,
    },
    /// `BINARY.SIZE[…]`: the decoded size.
    BinarySize(Part),
}

impl FetchItem {
    /// Whether answering sets `\Seen` (RFC 9051 §6.4.5).
    #[must_use]
    pub const fn sets_seen(&self) -> bool {
        matches!(self, Self::Section { peek: false, .. } | Self::Binary { peek: false, .. } | Self::Rfc822(Rfc822::All | Rfc822::Text))
    }

    /// Whether the answer needs the message's bytes rather than its summary.
    #[must_use]
    pub const fn needs_body(&self) -> bool {
        matches!(self, Self::Section { .. } | Self::Binary { .. } | Self::BinarySize(_) | Self::Rfc822(_))
    }
}
