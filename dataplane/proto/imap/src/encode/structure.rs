//! BODY and BODYSTRUCTURE, from the stored summary.

use postern_message::summary::{Disposition, Kind, Params, PartRef, SummaryRef};

use super::{
    envelope::envelope,
    text::{nstring, number, string},
};
use crate::types::Dialect;

/// Deepest nesting written; deeper parts are told without what is inside them.
const MAX_DEPTH: usize = 100;

/// How a structure is written.
#[derive(Clone, Copy)]
struct Writer<'s> {
    summary: SummaryRef<'s>,
    /// BODYSTRUCTURE: with the extension data that BODY must not have.
    extended: bool,
    dialect: Dialect,
}

/// `body = "(" (body-type-1part / body-type-mpart) ")"` (RFC 9051 §7.5.2); a damaged summary is an empty text.
pub(super) fn structure(out: &mut Vec<u8>, summary: SummaryRef<'_>, extended: bool, dialect: Dialect) {
    match summary.root() {
        Some(root) => Writer { summary, extended, dialect }.body(out, &root, MAX_DEPTH),
        None => out.extend_from_slice(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)"),
    }
}

/// The same of one part; false, and nothing written, when there is none (RFC 5524 §3.2).
pub(super) fn part_structure(out: &mut Vec<u8>, summary: SummaryRef<'_>, number: &[u32], dialect: Dialect) -> bool {
    if number.is_empty() {
        structure(out, summary, true, dialect);
        return true;
    }
    let Some(part) = summary.find(number) else { return false };
    Writer { summary, extended: true, dialect }.body(out, &part, MAX_DEPTH);
    true
}

impl<'s> Writer<'s> {
    fn body(self, out: &mut Vec<u8>, part: &PartRef<'s>, depth: usize) {
        out.push(b'(');
        let inside = self.summary.enclosed(part).zip(depth.checked_sub(1));
        match (part.kind, inside) {
            (Kind::Multipart, _) if depth > 0 && part.children > 0 => self.multipart(out, part, depth - 1),
            (Kind::Message, Some((inner, depth))) => {
                self.fields(out, part, part.media_type, part.subtype);
                out.push(b' ');
                envelope(out, &inner.envelope.unwrap_or_default(), self.dialect);
                out.push(b' ');
                self.body(out, &inner, depth);
                out.push(b' ');
                number(out, part.lines);
                self.extension(out, part);
            }
            (Kind::Text, _) => {
                self.fields(out, part, part.media_type, part.subtype);
                out.push(b' ');
                number(out, part.lines);
                self.extension(out, part);
            }
            (Kind::Basic, _) => {
                self.fields(out, part, part.media_type, part.subtype);
                self.extension(out, part);
            }
            // Multiparts and messages whose inside is not told: the grammar has no such thing, so they are octets.
            (Kind::Multipart | Kind::Message, _) => {
                self.fields(out, part, b"application", b"octet-stream");
                self.extension(out, part);
            }
        }
        out.push(b')');
    }

    /// `body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]`
    fn multipart(self, out: &mut Vec<u8>, part: &PartRef<'s>, depth: usize) {
        for child in self.summary.children(part) {
            self.body(out, &child, depth);
        }
        out.push(b' ');
        string(out, part.subtype, self.dialect);
        if self.extended {
            out.push(b' ');
            self.params(out, part.params);
            self.placement(out, part);
        }
    }

    /// `media-basic SP body-fields`, `body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets`
    fn fields(self, out: &mut Vec<u8>, part: &PartRef<'s>, media_type: &[u8], subtype: &[u8]) {
        string(out, media_type, self.dialect);
        out.push(b' ');
        string(out, subtype, self.dialect);
        out.push(b' ');
        self.params(out, part.params);
        out.push(b' ');
        nstring(out, part.id, self.dialect);
        out.push(b' ');
        nstring(out, part.description, self.dialect);
        out.push(b' ');
        string(out, part.encoding, self.dialect);
        out.push(b' ');
        number(out, part.octets() as u64);
    }

    /// `body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]`
    fn extension(self, out: &mut Vec<u8>, part: &PartRef<'s>) {
        if self.extended {
            out.push(b' ');
            nstring(out, part.md5, self.dialect);
            self.placement(out, part);
        }
    }

    /// `SP body-fld-dsp SP body-fld-lang SP body-fld-loc`
    fn placement(self, out: &mut Vec<u8>, part: &PartRef<'s>) {
        out.push(b' ');
        match part.disposition {
            None => out.extend_from_slice(b"NIL"),
            Some(Disposition { kind, params }) => {
                out.push(b'(');
                string(out, kind, self.dialect);
                out.push(b' ');
                self.params(out, params);
                out.push(b')');
            }
        }
        out.push(b' ');
        self.list(out, part.languages());
        out.push(b' ');
        nstring(out, part.location, self.dialect);
    }

    /// `body-fld-param = "(" string SP string *(SP string SP string) ")" / nil`
    fn params(self, out: &mut Vec<u8>, params: Params<'s>) {
        self.list(out, params.flat_map(|(name, value)| [name, value]));
    }

    /// `"(" string *(SP string) ")" / nil`
    fn list(self, out: &mut Vec<u8>, texts: impl Iterator<Item = &'s [u8]>) {
        let start = out.len();
        for text in texts {
            out.push(if out.len() == start { b'(' } else { b' ' });
            string(out, text, self.dialect);
        }
        if out.len() == start {
            out.extend_from_slice(b"NIL");
        } else {
            out.push(b')');
        }
    }
}
