//! FETCH: one message's items, written as they are asked.

use postern_core::Timestamp;
use postern_message::{SummaryRef, summary::EnvelopeRef};

use super::{
    envelope, status,
    structure::structure,
    text::{literal, literal_header, number, string, two_digits},
};
use crate::{
    parse::is_astring_char,
    types::{Date, Dialect, Part, Partial, Rfc822, Section, SectionText, SystemFlags},
};

/// Writes `"*" SP nz-number SP "FETCH" SP msg-att CRLF` (RFC 9051 §7.5.2), item by item; [`FetchWriter::finish`] ends it.
///
/// ```
/// # use postern_proto_imap::{encode::FetchWriter, types::{Dialect, SystemFlags}};
/// let mut out = Vec::new();
/// let mut fetch = FetchWriter::new(&mut out, 12, Dialect::REV1);
/// fetch.flags(SystemFlags::SEEN, ["$Junk"]);
/// fetch.uid(4827313);
/// fetch.finish();
/// assert_eq!(out, b"* 12 FETCH (FLAGS (\\Seen $Junk) UID 4827313)\r\n");
/// ```
#[derive(Debug)]
#[must_use = "a FETCH response without its end breaks the stream: call finish"]
pub struct FetchWriter<'o> {
    out: &'o mut Vec<u8>,
    dialect: Dialect,
    first: bool,
}

impl<'o> FetchWriter<'o> {
    /// Begins the response for one message.
    pub fn new(out: &'o mut Vec<u8>, sequence: u32, dialect: Dialect) -> Self {
        out.extend_from_slice(b"* ");
        number(out, u64::from(sequence));
        out.extend_from_slice(b" FETCH (");
        Self { out, dialect, first: true }
    }

    /// `UID n`
    pub fn uid(&mut self, uid: u32) {
        self.item(b"UID ");
        number(self.out, u64::from(uid));
    }

    /// `FLAGS (…)`
    pub fn flags<'k>(&mut self, system: SystemFlags, keywords: impl IntoIterator<Item = &'k str>) {
        self.item(b"FLAGS (");
        status::flag_list(self.out, system, keywords);
        self.out.push(b')');
    }

    /// `INTERNALDATE date-time`, in UTC.
    pub fn internal_date(&mut self, at: Timestamp) {
        self.item(b"INTERNALDATE \"");
        let (year, month, day, hour, minute, second) = at.civil();
        // date-day-fixed = (SP DIGIT) / 2DIGIT
        if day < 10 {
            self.out.extend_from_slice(&[b' ', b'0' + day]);
        } else {
            two_digits(self.out, day);
        }
        self.out.push(b'-');
        self.out.extend_from_slice(Date::MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"Jan").as_bytes());
        self.out.push(b'-');
        let year = year.clamp(0, 9999);
        two_digits(self.out, (year / 100) as u8);
        two_digits(self.out, (year % 100) as u8);
        for (before, n) in [(b' ', hour), (b':', minute), (b':', second)] {
            self.out.push(before);
            two_digits(self.out, n);
        }
        self.out.extend_from_slice(b" +0000\"");
    }

    /// `RFC822.SIZE n`
    pub fn size(&mut self, octets: u64) {
        self.item(b"RFC822.SIZE ");
        number(self.out, octets);
    }

    /// `MODSEQ (n)` (RFC 7162 §3.1.4.2)
    pub fn modseq(&mut self, modseq: u64) {
        self.item(b"MODSEQ (");
        number(self.out, modseq);
        self.out.push(b')');
    }

    /// `ENVELOPE (…)`
    pub fn envelope(&mut self, envelope: &EnvelopeRef<'_>) {
        self.item(b"ENVELOPE ");
        envelope::envelope(self.out, envelope, self.dialect);
    }

    /// `BODY (…)`
    pub fn body(&mut self, summary: &SummaryRef<'_>) {
        self.item(b"BODY ");
        structure(self.out, *summary, false, self.dialect);
    }

    /// `BODYSTRUCTURE (…)`
    pub fn body_structure(&mut self, summary: &SummaryRef<'_>) {
        self.item(b"BODYSTRUCTURE ");
        structure(self.out, *summary, true, self.dialect);
    }

    /// `BODY[section]<origin> nstring`: `bytes` is the whole section, from which the slice is cut; `None` is NIL.
    pub fn section(&mut self, section: &Section, partial: Option<Partial>, bytes: Option<&[u8]>) {
        self.item(b"BODY[");
        section_spec(self.out, section);
        self.out.push(b']');
        self.slice(partial, bytes, literal);
    }

    /// `RFC822`, `RFC822.HEADER`, `RFC822.TEXT`
    pub fn rfc822(&mut self, what: Rfc822, bytes: Option<&[u8]>) {
        self.item(match what {
            Rfc822::All => b"RFC822",
            Rfc822::Header => b"RFC822.HEADER",
            Rfc822::Text => b"RFC822.TEXT",
        });
        self.slice(None, bytes, literal);
    }

    /// `BINARY[part]<origin> (nstring / literal8)`: `bytes` is the decoded part.
    pub fn binary(&mut self, part: &Part, partial: Option<Partial>, bytes: Option<&[u8]>) {
        self.item(b"BINARY[");
        part_number(self.out, part);
        self.out.push(b']');
        self.slice(partial, bytes, literal8);
    }

    /// `BINARY.SIZE[part] n`
    pub fn binary_size(&mut self, part: &Part, octets: u64) {
        self.item(b"BINARY.SIZE[");
        part_number(self.out, part);
        self.out.extend_from_slice(b"] ");
        number(self.out, octets);
    }

    /// `)` CRLF.
    pub fn finish(self) {
        self.out.extend_from_slice(b")\r\n");
    }

    fn item(&mut self, name: &[u8]) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b' ');
        }
        self.out.extend_from_slice(name);
    }

    fn slice(&mut self, partial: Option<Partial>, bytes: Option<&[u8]>, write: fn(&mut Vec<u8>, &[u8])) {
        if let Some(partial) = partial {
            self.out.push(b'<');
            number(self.out, partial.start);
            self.out.push(b'>');
        }
        self.out.push(b' ');
        match bytes {
            Some(bytes) => write(self.out, partial.map_or(bytes, |partial| partial.of(bytes))),
            None => self.out.extend_from_slice(b"NIL"),
        }
    }
}

/// `literal8` where NUL must pass, `literal` otherwise (RFC 9051 §6.4.5).
fn literal8(out: &mut Vec<u8>, bytes: &[u8]) {
    if memchr::memchr(0, bytes).is_some() {
        out.push(b'~');
    }
    literal_header(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// `section-part ["." section-text]`, as the client asked.
fn section_spec(out: &mut Vec<u8>, section: &Section) {
    part_number(out, &section.part);
    let (word, names) = match &section.text {
        SectionText::All => return,
        SectionText::Header => ("HEADER", None),
        SectionText::HeaderFields { names, not: false } => ("HEADER.FIELDS", Some(names)),
        SectionText::HeaderFields { names, not: true } => ("HEADER.FIELDS.NOT", Some(names)),
        SectionText::Text => ("TEXT", None),
        SectionText::Mime => ("MIME", None),
    };
    if !section.part.0.is_empty() {
        out.push(b'.');
    }
    out.extend_from_slice(word.as_bytes());
    for (i, name) in names.into_iter().flatten().enumerate() {
        out.extend_from_slice(if i == 0 { b" (".as_slice() } else { b" " });
        if !name.is_empty() && name.bytes().all(is_astring_char) {
            out.extend_from_slice(name.as_bytes());
        } else {
            string(out, name.as_bytes(), Dialect::REV1);
        }
    }
    if names.is_some_and(|names| !names.is_empty()) {
        out.push(b')');
    }
}

fn part_number(out: &mut Vec<u8>, part: &Part) {
    for (i, n) in part.0.iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        number(out, u64::from(*n));
    }
}
