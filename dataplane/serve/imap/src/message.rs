//! One stored message as its reader sees it: this copy's own header lines, then the body that all copies share.
//!
//! A summary's offsets count from the body's first octet; what speaks of the message's own header, or
//! of all of it, begins with the prefix.

use std::borrow::Cow;

use bytes::Bytes;
use postern_message::{Summary, SummaryRef, attachment, header, section};
use postern_proto_imap::{
    encode,
    types::{Part, Section, SectionText},
};
use postern_store::{
    Result, StoreError,
    mail::{boxes::Boxes, read::StoredMessage},
};

/// A message with its content.
pub(crate) struct Message {
    row: StoredMessage,
    body: Bytes,
}

impl Message {
    /// Reads the body of a row.
    ///
    /// # Errors
    /// As [`Boxes::body`].
    pub async fn read(boxes: &Boxes, row: StoredMessage) -> Result<Self> {
        let body = boxes.body(&row).await?;
        Ok(Self::of(row, body))
    }

    /// A row whose body has been read.
    pub fn of(row: StoredMessage, body: Bytes) -> Self {
        // A summary of another version is made again.
        let summary = if is_readable(&row) { row.summary } else { Summary::of(&body).encode() };
        Self { row: StoredMessage { summary, ..row }, body }
    }

    /// Its row; the summary there can be read.
    pub const fn row(&self) -> &StoredMessage {
        &self.row
    }

    /// Its summary.
    pub fn summary(&self) -> SummaryRef<'_> {
        SummaryRef::new(&self.row.summary).unwrap_or_default()
    }

    /// The body, header and all, without the prefix: what the summary's offsets are of.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// This copy's own header lines.
    pub fn prefix(&self) -> &[u8] {
        &self.row.prefix
    }

    /// What is attached says, each text ready to be compared. Archives are unpacked for it, away from whoever waits for this thread.
    ///
    /// # Errors
    /// When the process has no thread for it.
    pub async fn attached(&self) -> Result<Vec<String>> {
        let (summary, body) = (self.row.summary.clone(), self.body.clone());
        let read = tokio::task::spawn_blocking(move || {
            let mut texts = Vec::new();
            attachment::texts(&SummaryRef::new(&summary).unwrap_or_default(), &body, |text| {
                texts.push(text.to_owned());
                false
            });
            texts
        });
        read.await.map_err(StoreError::unavailable)
    }

    /// `BODY[section]`; `None` is NIL.
    pub fn section(&self, section: &Section) -> Option<Cow<'_, [u8]>> {
        let octets = encode::section(&self.summary(), &self.body, section)?;
        if !section.part.0.is_empty() {
            return Some(octets);
        }
        Some(match &section.text {
            SectionText::All | SectionText::Header => self.behind_prefix(octets),
            SectionText::HeaderFields { names, not } => self.behind_chosen(octets, |field| names.iter().any(|name| field.is(name)) != *not),
            SectionText::Text | SectionText::Mime => octets,
        })
    }

    /// `BINARY[part]` (RFC 3516).
    ///
    /// # Errors
    /// When there is no such part, or its encoding cannot be undone.
    pub fn binary(&self, part: &Part) -> std::result::Result<Cow<'_, [u8]>, section::BinaryError> {
        let octets = section::binary(&self.summary(), &self.body, &part.0)?;
        Ok(if part.0.is_empty() { self.behind_prefix(octets) } else { octets })
    }

    fn behind_prefix<'m>(&'m self, octets: Cow<'m, [u8]>) -> Cow<'m, [u8]> {
        if self.row.prefix.is_empty() { octets } else { Cow::Owned([&self.row.prefix, &*octets].concat()) }
    }

    fn behind_chosen<'m>(&'m self, octets: Cow<'m, [u8]>, chosen: impl Fn(&header::Field<'_>) -> bool) -> Cow<'m, [u8]> {
        let mut all: Vec<u8> = header::fields(&self.row.prefix).filter(chosen).flat_map(|field| field.raw.iter().copied()).collect();
        if all.is_empty() {
            return octets;
        }
        all.extend_from_slice(&octets);
        Cow::Owned(all)
    }
}

/// Whether a summary is of a version that is read.
pub(crate) fn is_readable(row: &StoredMessage) -> bool {
    SummaryRef::new(&row.summary).is_some()
}
