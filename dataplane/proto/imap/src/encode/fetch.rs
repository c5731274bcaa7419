//! FETCH: one message's items, written as they are asked.

use postern_core::Timestamp;
use postern_message::{SummaryRef, summary::EnvelopeRef};

use super::{
    envelope, status,
    structure::structure,
    text::{literal, literal8, number, string, two_digits},
};
use crate::{
    parse::is_astring_char,
    types::{Date, Dialect, ObjectId, Part, Partial, Rfc822, Section, SectionText, SystemFlags},
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
        Self::begin(out, sequence, b" FETCH (", dialect)
    }

    /// Begins the response for one message, by the number that the dialect knows it by: after ENABLE UIDONLY
    /// `"*" SP uniqueid SP "UIDFETCH" SP …` (RFC 9586 §3.3), and `UID` need not be among the items.
    pub fn of(out: &'o mut Vec<u8>, sequence: u32, uid: u32, dialect: Dialect) -> Self {
        if dialect.uid_only { Self::begin(out, uid, b" UIDFETCH (", dialect) } else { Self::new(out, sequence, dialect) }
    }

    fn begin(out: &'o mut Vec<u8>, message: u32, word: &[u8], dialect: Dialect) -> Self {
        out.extend_from_slice(b"* ");
        number(out, u64::from(message));
        out.extend_from_slice(word);
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
        self.item(b"INTERNALDATE ");
        date_time(self.out, at);
    }

    /// `SAVEDATE date-time`, in UTC (RFC 8514 §4.2).
    pub fn save_date(&mut self, at: Timestamp) {
        self.item(b"SAVEDATE ");
        date_time(self.out, at);
    }

    /// `EMAILID (id)` (RFC 8474 §5.1)
    pub fn email_id(&mut self, id: &ObjectId) {
        self.item(b"EMAILID (");
        self.out.extend_from_slice(id.as_str().as_bytes());
        self.out.push(b')');
    }

    /// `THREADID ((id) / NIL)` (RFC 8474 §5.2)
    pub fn thread_id(&mut self, id: Option<&ObjectId>) {
        self.item(b"THREADID ");
        match id {
            Some(id) => {
                self.out.push(b'(');
                self.out.extend_from_slice(id.as_str().as_bytes());
                self.out.push(b')');
            }
            None => self.out.extend_from_slice(b"NIL"),
        }
    }

    /// `PREVIEW nstring`, in UTF-8 (RFC 8970 §4).
    pub fn preview(&mut self, text: &str) {
        self.item(b"PREVIEW ");
        string(self.out, text.as_bytes(), self.dialect);
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

/// `date-time`, in UTC.
fn date_time(out: &mut Vec<u8>, at: Timestamp) {
    out.push(b'"');
    let (year, month, day, hour, minute, second) = at.civil();
    // date-day-fixed = (SP DIGIT) / 2DIGIT
    if day < 10 {
        out.extend_from_slice(&[b' ', b'0' + day]);
    } else {
        two_digits(out, day);
    }
    out.push(b'-');
    out.extend_from_slice(Date::MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"Jan").as_bytes());
    out.push(b'-');
    let year = year.clamp(0, 9999);
    two_digits(out, (year / 100) as u8);
    two_digits(out, (year % 100) as u8);
    for (before, n) in [(b' ', hour), (b':', minute), (b':', second)] {
        out.push(before);
        two_digits(out, n);
    }
    out.extend_from_slice(b" +0000\"");
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
