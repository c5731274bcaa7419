//! The texts of a message: header lines, and what its text parts say.
//!
//! HTML is looked into as it is written, tags and all: RFC 9051 §6.4.4 asks for substrings of the text, not for what
//! a browser would show. What attachments say that are no text by their type is [`crate::attachment`]'s.

use super::Field;
use crate::{
    attachment,
    casemap::casemap,
    header, section,
    summary::{PartRef, SummaryRef},
};

/// Calls `look` with each line of the message's own header, `Name: value`, until it says true; whether it did.
/// `prefix` is what this copy has before the body.
pub fn header(prefix: &[u8], body: &[u8], mut look: impl FnMut(&str) -> bool) -> bool {
    let mut fields = header::fields(prefix).chain(header::fields(body));
    fields.any(|field| look(&line(&field)))
}

/// Calls `look` with the values of the fields of one name in the message's own header, until it says true; whether it did.
pub fn values(prefix: &[u8], body: &[u8], name: &str, mut look: impl FnMut(&str) -> bool) -> bool {
    let mut fields = header::fields(prefix).chain(header::fields(body)).filter(|field| field.is(name));
    fields.any(|field| look(&casemap(&field.decoded())))
}

/// Calls `look` with what each text part says and with the header lines of enclosed messages, until it says true; whether it did.
/// Attachments are left to [`attachment::texts`], which costs more.
pub fn body(summary: &SummaryRef<'_>, body: &[u8], mut look: impl FnMut(&str) -> bool) -> bool {
    summary.parts().any(|part| {
        section::words(&part, body).is_some_and(|words| look(&casemap(&words)))
            || enclosed_header(&part, body).is_some_and(|block| header::fields(block).any(|field| look(&line(&field))))
    })
}

/// Calls `look` with every text in which any key of SEARCH may find something.
pub fn everything(summary: &SummaryRef<'_>, prefix: &[u8], octets: &[u8], mut look: impl FnMut(&str)) {
    let mut each = |text: &str| {
        look(text);
        false
    };
    header(prefix, octets, &mut each);
    body(summary, octets, &mut each);
    attachment::texts(summary, octets, &mut each);
    // Addresses as the summary writes them may differ from what stands in the header.
    Field::ALL.into_iter().filter_map(|field| field.of(summary)).for_each(|text| look(&text));
}

fn line(field: &header::Field<'_>) -> String {
    casemap(&format!("{}: {}", String::from_utf8_lossy(field.name), field.decoded()))
}

fn enclosed_header<'m>(part: &PartRef<'_>, body: &'m [u8]) -> Option<&'m [u8]> {
    if part.index > 0 && part.envelope.is_some() { body.get(part.header()) } else { None }
}
