//! The octets of a section of a stored message.

use std::borrow::Cow;

use postern_message::{
    SummaryRef,
    section::{self as message_section, What},
};

use crate::types::{Section, SectionText};

/// What `BODY[section]` shows of a message; `None` is NIL: there is no such part (RFC 9051 §6.4.5).
///
/// `message` is the stored message whole, `summary` its own. Nothing is parsed but the header that HEADER.FIELDS picks from.
#[must_use]
pub fn section<'m>(summary: &SummaryRef<'_>, message: &'m [u8], section: &Section) -> Option<Cow<'m, [u8]>> {
    let what = match &section.text {
        SectionText::All => What::Body,
        SectionText::Header => What::Header,
        SectionText::HeaderFields { names, not: false } => What::HeaderFields(names),
        SectionText::HeaderFields { names, not: true } => What::HeaderFieldsNot(names),
        SectionText::Text => What::Text,
        SectionText::Mime => What::Mime,
    };
    message_section::resolve(summary, message, &message_section::Section { path: &section.part.0, what })
}
