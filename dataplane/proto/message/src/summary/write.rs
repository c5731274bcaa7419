//! Writes a summary from what the walk found.

use std::borrow::Cow;

use super::{
    ATTACHMENT, INCOMPLETE, Kind, MAX_TEXT, SENT, VERSION,
    envelope::{REPLY_TO_IS_FROM, SENDER_IS_FROM},
    part::{HAS_DESCRIPTION, HAS_DISPOSITION, HAS_ENVELOPE, HAS_ID, HAS_LANGUAGE, HAS_LOCATION, HAS_MD5, HAS_PARAMS, PartRef},
    preview,
    wire::{Reader, Writer},
};
use crate::{
    address_list::{self, Entry},
    date,
    mime::{Envelope, Node, Param, parse_content_type, parse_valued, walk},
};

pub(super) fn summarise(message: &[u8]) -> Vec<u8> {
    let (nodes, incomplete) = walk(message);
    let mut records = Writer::new(MAX_TEXT);
    let mut offsets = Vec::with_capacity(nodes.len());
    for node in &nodes {
        offsets.push(records.len());
        record(&mut records, node);
    }
    let records = records.into_bytes();
    let parts = offsets.iter().enumerate().filter_map(|(i, at)| PartRef::read(i, Reader::new(records.get(*at..)?)));
    let (preview, attachment) = preview::look(message, parts);

    let envelope = nodes.first().and_then(|n| n.envelope.as_deref());
    let sent = envelope.and_then(|e| date::parse(e.date.as_deref()?));
    let mut out = Writer::new(MAX_TEXT);
    out.u8(VERSION);
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    out.u8(flag(attachment, ATTACHMENT) | flag(sent.is_some(), SENT) | flag(incomplete, INCOMPLETE));
    if let Some(sent) = sent {
        out.signed(sent.secs());
    }
    out.nstring(envelope.and_then(|e| e.references.as_deref()));
    out.text(preview.as_bytes());
    out.size(nodes.len());
    for at in offsets {
        // Bounded by MAX_TEXT and MAX_PARTS: far from 4 GiB.
        out.raw(&u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes());
    }
    out.raw(&records);
    out.into_bytes()
}

fn record(w: &mut Writer, node: &Node<'_>) {
    let content_type = node.content_type.as_deref().filter(|_| node.stand_in.is_none()).and_then(parse_content_type);
    let (media_type, subtype, params) = match (content_type, node.stand_in) {
        (Some(c), _) => (c.media_type, c.subtype, c.params),
        (None, Some((t, s))) => (t.as_bytes(), s.as_bytes(), default_params(node)),
        (None, None) => (&b"text"[..], &b"plain"[..], default_params(node)),
    };
    let disposition = node.disposition.as_deref().map(parse_valued).filter(|d| !d.value.is_empty());
    let has = |on: bool, bit: u8| if on { bit } else { 0 };
    w.u8(match node.kind {
        Kind::Basic => 0,
        Kind::Text => 1,
        Kind::Multipart => 2,
        Kind::Message => 3,
    });
    w.u8(has(!params.is_empty(), HAS_PARAMS)
        | has(node.id.is_some(), HAS_ID)
        | has(node.description.is_some(), HAS_DESCRIPTION)
        | has(node.md5.is_some(), HAS_MD5)
        | has(disposition.is_some(), HAS_DISPOSITION)
        | has(node.language.is_some(), HAS_LANGUAGE)
        | has(node.location.is_some(), HAS_LOCATION)
        | has(node.envelope.is_some(), HAS_ENVELOPE));
    w.size(node.parent.map_or(0, |p| p + 1));
    w.varint(u64::from(node.ordinal));
    w.varint(u64::from(node.children));
    w.size(node.descendants);
    w.size(node.header_start);
    w.size(node.body_start - node.header_start);
    w.size(node.end - node.body_start);
    w.varint(node.lines);
    w.text(media_type);
    w.text(subtype);
    // RFC 2045 §5.1 allows comments behind the mechanism.
    let encoding = node.encoding.as_deref().map_or(&[][..], |e| e.split(|b| matches!(b, b' ' | b';' | b'(')).next().unwrap_or(e));
    w.text(if encoding.is_empty() { b"7BIT" } else { encoding });
    if !params.is_empty() {
        write_params(w, &params);
    }
    optional(w, node.id.as_ref());
    optional(w, node.description.as_ref());
    optional(w, node.md5.as_ref());
    if let Some(disposition) = disposition {
        w.text(disposition.value);
        write_params(w, &disposition.params);
    }
    optional(w, node.language.as_ref());
    optional(w, node.location.as_ref());
    if let Some(envelope) = &node.envelope {
        w.block(|w| write_envelope(w, envelope));
    }
}

/// RFC 2045 §5.2: what has no valid Content-Type is text/plain in US-ASCII.
fn default_params(node: &Node<'_>) -> Vec<Param<'static>> {
    if node.kind != Kind::Text {
        return Vec::new();
    }
    vec![Param { name: Cow::Borrowed(b"charset"), value: Cow::Borrowed(b"us-ascii") }]
}

fn optional(w: &mut Writer, text: Option<&Cow<'_, [u8]>>) {
    if let Some(text) = text {
        w.text(text);
    }
}

fn write_params(w: &mut Writer, params: &[Param<'_>]) {
    w.block(|w| {
        for param in params {
            w.text(&param.name);
            w.text(&param.value);
        }
    });
}

fn write_envelope(w: &mut Writer, e: &Envelope<'_>) {
    // RFC 9051 §7.5.2: without Sender or Reply-To the server says From.
    let sender_is_from = no_address(&e.sender);
    let reply_to_is_from = no_address(&e.reply_to);
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    w.u8(flag(sender_is_from, SENDER_IS_FROM) | flag(reply_to_is_from, REPLY_TO_IS_FROM));
    w.nstring(e.date.as_deref());
    w.nstring(e.subject.as_deref());
    write_addresses(w, &e.from);
    write_addresses(w, if sender_is_from { &[] } else { &e.sender });
    write_addresses(w, if reply_to_is_from { &[] } else { &e.reply_to });
    write_addresses(w, &e.to);
    write_addresses(w, &e.cc);
    write_addresses(w, &e.bcc);
    w.nstring(e.in_reply_to.as_deref());
    w.nstring(e.message_id.as_deref());
}

fn no_address(fields: &[Cow<'_, [u8]>]) -> bool {
    fields.iter().all(|f| f.is_empty())
}

fn write_addresses(w: &mut Writer, fields: &[Cow<'_, [u8]>]) {
    w.block(|w| {
        for entry in fields.iter().flat_map(|f| address_list::parse(f)) {
            // Four octets of lengths cost too: a list of nothing but commas and letters must end as well.
            if !w.spend(4) {
                break;
            }
            let [name, adl, mailbox, host] = match &entry {
                Entry::Mailbox(m) => [m.name.as_deref(), m.route.as_deref(), Some(&m.local[..]), Some(&m.host[..])],
                Entry::GroupStart(name) => [None, None, Some(&name[..]), None],
                Entry::GroupEnd => [None; 4],
            };
            for part in [name, adl, mailbox, host] {
                w.nstring(part);
            }
        }
    });
}
