//! The text of attachments, for SEARCH: office documents (OOXML and OpenDocument), RTF, and text that is sent as octets.
//!
//! What is said to be `text/*` is no subject of this module: [`crate::section::words`] reads it. PDF is left alone: to read its text
//! is to lay out its pages, and no library does that within bounds on whatever octets it is given.
//!
//! The input is hostile. What an archive says of itself is checked before it is used; one message costs [`INFLATED`] octets out of
//! archives and [`TEXT`] octets of text at most, and of a small archive less ([`RATIO`]). What lies beyond is not looked into, and
//! what is encrypted, broken or something else than its name says has no text: there are no errors here. Entities are not
//! expanded, nothing is fetched, archives in archives are not opened.
//!
//! Whoever scans a message and whoever indexes it ask [`texts`], so that both see the same.

mod format;
mod markup;
mod office;
mod rtf;
mod said;
mod zip;

use self::{format::Format, said::Said};
use crate::{
    casemap::casemap,
    charset,
    summary::{PartRef, SummaryRef},
    transfer,
};

/// Octets that come out of the archives of one message.
pub const INFLATED: usize = 16 << 20;
/// Octets of text that the attachments of one message have.
pub const TEXT: usize = 4 << 20;
/// An archive becomes so many times larger at most, and [`ALWAYS`] may come out of the smallest: XML seldom becomes 30 times larger,
/// and whoever makes us work is to send something for it.
pub const RATIO: usize = 128;
/// Octets that come out of any archive.
pub const ALWAYS: usize = 256 << 10;

/// Whether a message has an attachment that [`texts`] opens. Asks the summary alone.
#[must_use]
pub fn any(summary: &SummaryRef<'_>) -> bool {
    summary.parts().any(|part| format::of(&part).is_some())
}

/// Calls `look` with the text of each attachment, mapped for comparison ([`crate::casemap`]), until it says true; whether it did.
/// Takes time in proportion to the message.
pub fn texts(summary: &SummaryRef<'_>, body: &[u8], mut look: impl FnMut(&str) -> bool) -> bool {
    let (mut inflated, mut text) = (INFLATED, TEXT);
    summary.parts().any(|part| {
        let Some(said) = said(&part, body, &mut inflated, text) else { return false };
        text -= said.len();
        look(&casemap(&said))
    })
}

/// The text of one attachment; `None` for what is none. `inflated` is what may still come out of archives.
fn said(part: &PartRef<'_>, body: &[u8], inflated: &mut usize, text: usize) -> Option<String> {
    let format = format::of(part)?;
    let file = transfer::decode(part.encoding, body.get(part.body())?)?;
    let mut said = Said::new(text);
    match format {
        Format::Office => office::read(&file, inflated, &mut said),
        Format::Rtf => rtf::read(&file, &mut said),
        Format::Plain => {
            let file = file.get(..file.len().min(text)).unwrap_or_default();
            let charset = if file.starts_with(b"\xff\xfe") || file.starts_with(b"\xfe\xff") { Some(&b"utf-16"[..]) } else { None };
            said.push(&charset::decode(charset.or_else(|| part.params.find("charset")).unwrap_or_default(), file));
        }
    }
    Some(said.into_text())
}
