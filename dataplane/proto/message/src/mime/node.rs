//! One part as the walk finds it: its place, and the header fields that IMAP tells of.

use std::borrow::Cow;

use crate::{
    header::{self, Field},
    summary::Kind,
};

/// The fields of one message's header that ENVELOPE and threading need. Of repeated fields the first
/// counts; of address fields all do.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'m> {
    pub(crate) date: Option<Cow<'m, [u8]>>,
    pub(crate) subject: Option<Cow<'m, [u8]>>,
    pub(crate) from: Vec<Cow<'m, [u8]>>,
    pub(crate) sender: Vec<Cow<'m, [u8]>>,
    pub(crate) reply_to: Vec<Cow<'m, [u8]>>,
    pub(crate) to: Vec<Cow<'m, [u8]>>,
    pub(crate) cc: Vec<Cow<'m, [u8]>>,
    pub(crate) bcc: Vec<Cow<'m, [u8]>>,
    pub(crate) in_reply_to: Option<Cow<'m, [u8]>>,
    pub(crate) message_id: Option<Cow<'m, [u8]>>,
    pub(crate) references: Option<Cow<'m, [u8]>>,
}

/// One part as found.
#[derive(Debug)]
pub(crate) struct Node<'m> {
    pub(crate) kind: Kind,
    pub(crate) parent: Option<usize>,
    pub(crate) ordinal: u32,
    pub(crate) children: u32,
    pub(crate) descendants: usize,
    pub(crate) header_start: usize,
    pub(crate) body_start: usize,
    pub(crate) end: usize,
    pub(crate) lines: u64,
    /// Content-Type's text; `None` when absent.
    pub(crate) content_type: Option<Cow<'m, [u8]>>,
    /// What to say instead of Content-Type, when it cannot be obeyed.
    pub(crate) stand_in: Option<(&'static str, &'static str)>,
    pub(crate) id: Option<Cow<'m, [u8]>>,
    pub(crate) description: Option<Cow<'m, [u8]>>,
    pub(crate) encoding: Option<Cow<'m, [u8]>>,
    pub(crate) md5: Option<Cow<'m, [u8]>>,
    pub(crate) disposition: Option<Cow<'m, [u8]>>,
    pub(crate) language: Option<Cow<'m, [u8]>>,
    pub(crate) location: Option<Cow<'m, [u8]>>,
    pub(crate) envelope: Option<Box<Envelope<'m>>>,
}

impl<'m> Node<'m> {
    pub(super) fn read(block: &'m [u8], is_message: bool) -> Self {
        let mut node = Self {
            kind: Kind::Basic,
            parent: None,
            ordinal: 1,
            children: 0,
            descendants: 0,
            header_start: 0,
            body_start: 0,
            end: 0,
            lines: 0,
            content_type: None,
            stand_in: None,
            id: None,
            description: None,
            encoding: None,
            md5: None,
            disposition: None,
            language: None,
            location: None,
            envelope: None,
        };
        let mut envelope = is_message.then(Box::<Envelope<'m>>::default);
        for field in header::fields(block) {
            match field.name.first() {
                Some(b'c' | b'C') if field.name.len() > 8 => node.take_mime(&field),
                _ => {
                    if let Some(envelope) = &mut envelope {
                        envelope.take(&field);
                    }
                }
            }
        }
        node.envelope = envelope;
        node
    }

    fn take_mime(&mut self, field: &Field<'m>) {
        let slot = match field.name.len() {
            12 if field.is("Content-Type") => &mut self.content_type,
            25 if field.is("Content-Transfer-Encoding") => &mut self.encoding,
            19 if field.is("Content-Disposition") => &mut self.disposition,
            10 if field.is("Content-ID") => &mut self.id,
            19 if field.is("Content-Description") => &mut self.description,
            11 if field.is("Content-MD5") => &mut self.md5,
            16 if field.is("Content-Language") => &mut self.language,
            16 if field.is("Content-Location") => &mut self.location,
            _ => return,
        };
        first(slot, field);
    }
}

impl<'m> Envelope<'m> {
    fn take(&mut self, field: &Field<'m>) {
        let list = match field.name.len() {
            2 if field.is("To") => &mut self.to,
            2 if field.is("Cc") => &mut self.cc,
            3 if field.is("Bcc") => &mut self.bcc,
            4 if field.is("From") => &mut self.from,
            6 if field.is("Sender") => &mut self.sender,
            8 if field.is("Reply-To") => &mut self.reply_to,
            4 if field.is("Date") => return first(&mut self.date, field),
            7 if field.is("Subject") => return first(&mut self.subject, field),
            10 if field.is("Message-ID") => return first(&mut self.message_id, field),
            10 if field.is("References") => return first(&mut self.references, field),
            11 if field.is("In-Reply-To") => return first(&mut self.in_reply_to, field),
            _ => return,
        };
        list.push(field.text());
    }
}

fn first<'m>(slot: &mut Option<Cow<'m, [u8]>>, field: &Field<'m>) {
    if slot.is_none() {
        *slot = Some(field.text());
    }
}
