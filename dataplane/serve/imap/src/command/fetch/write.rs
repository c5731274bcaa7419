//! The items of one message, in the order in which they were asked for.

use postern_message::{SummaryRef, section::BinaryError};
use postern_proto_imap::{
    encode::FetchWriter,
    types::{FetchItem, Rfc822, Section, SectionText},
};
use postern_store::mail::snapshot::Entry;

use crate::{
    message::Message,
    object_id,
    selected::{Moment, number},
    words,
};

/// What is known of a message beyond the snapshot.
pub(super) enum Content<'r> {
    None,
    Summary(&'r [u8]),
    Whole(Message),
}

impl Content<'_> {
    fn summary(&self) -> SummaryRef<'_> {
        match self {
            Self::None => SummaryRef::default(),
            Self::Summary(bytes) => SummaryRef::new(bytes).unwrap_or_default(),
            Self::Whole(message) => message.summary(),
        }
    }
}

/// Writes one FETCH response; true when a part's encoding was not known and its item is left out.
pub(super) fn message(out: &mut Vec<u8>, moment: Moment, index: usize, entry: &Entry, items: &[FetchItem], content: &Content<'_>) -> bool {
    let mut unknown = false;
    let summary = content.summary();
    let mut fetch = FetchWriter::of(out, number(index + 1), entry.uid, moment.dialect);
    for item in items {
        match item {
            FetchItem::Uid => fetch.uid(entry.uid),
            FetchItem::Flags => words::write_flags(&mut fetch, entry),
            FetchItem::InternalDate => fetch.internal_date(entry.received()),
            FetchItem::Size => fetch.size(entry.size.into()),
            FetchItem::EmailId => fetch.email_id(&object_id::email(entry.message)),
            FetchItem::ThreadId => fetch.thread_id(object_id::thread(&summary).as_ref()),
            FetchItem::SaveDate => fetch.save_date(entry.saved()),
            FetchItem::Preview => fetch.preview(summary.preview()),
            FetchItem::ModSeq => fetch.modseq(words::modseq(entry.modseq)),
            FetchItem::Envelope => fetch.envelope(&summary.envelope()),
            FetchItem::Body => fetch.body(&summary),
            FetchItem::BodyStructure => fetch.body_structure(&summary),
            item => {
                if let Content::Whole(message) = content {
                    unknown |= octets(&mut fetch, message, item);
                }
            }
        }
    }
    fetch.finish();
    unknown
}

/// The items that are octets of the message.
fn octets(fetch: &mut FetchWriter<'_>, message: &Message, item: &FetchItem) -> bool {
    match item {
        FetchItem::Section { section, partial, .. } => {
            fetch.section(section, *partial, message.section(section).as_deref());
        }
        FetchItem::Rfc822(what) => fetch.rfc822(*what, message.section(&rfc822(*what)).as_deref()),
        FetchItem::Binary { part, partial, .. } => match message.binary(part) {
            Ok(octets) => fetch.binary(part, *partial, Some(&octets)),
            Err(BinaryError::NoSuchPart) => fetch.binary(part, *partial, None),
            Err(BinaryError::UnknownEncoding) => return true,
        },
        FetchItem::BinarySize(part) => match message.binary(part) {
            Ok(octets) => fetch.binary_size(part, octets.len() as u64),
            Err(BinaryError::NoSuchPart) => fetch.binary_size(part, 0),
            Err(BinaryError::UnknownEncoding) => return true,
        },
        _ => {}
    }
    false
}

/// RFC 3501 §6.4.5: what the old items are short for.
fn rfc822(what: Rfc822) -> Section {
    let text = match what {
        Rfc822::All => SectionText::All,
        Rfc822::Header => SectionText::Header,
        Rfc822::Text => SectionText::Text,
    };
    Section { text, ..Section::default() }
}
