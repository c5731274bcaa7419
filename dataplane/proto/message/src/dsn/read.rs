//! Reads the notices of others, as far as Postern acts on them: which recipient, what became of it, why.

use super::Action;
use crate::{header, summary::SummaryRef, transfer};

/// Recipients that are read of one notice.
const MAX_RECIPIENTS: usize = 1000;

/// A delivery status notification that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Original-Envelope-Id, not in xtext.
    pub envid: Option<String>,
    /// Its recipients, those whose fields can be read.
    pub recipients: Vec<BouncedRecipient>,
}

/// One recipient of a [`Bounce`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BouncedRecipient {
    /// Final-Recipient, without its type.
    pub address: String,
    /// What became of it.
    pub action: Action,
    /// `5.1.1`.
    pub status: Option<String>,
    /// Diagnostic-Code, without its type.
    pub diagnostic: Option<String>,
}

/// Recognises a multipart/report with a message/delivery-status part. `None` for any other message.
#[must_use]
pub fn read(summary: &SummaryRef<'_>, message: &[u8]) -> Option<Bounce> {
    let root = summary.root().filter(|r| r.is("multipart", "report"))?;
    let part = summary.children(&root).find(|p| p.is("message", "delivery-status") || p.is("message", "global-delivery-status"))?;
    let body = transfer::decode(part.encoding, message.get(part.body())?)?;
    let mut groups = Groups(&body);
    let envid = groups.next().and_then(|g| text(g, "Original-Envelope-Id"));
    let recipients = groups.take(MAX_RECIPIENTS).filter_map(recipient).collect();
    Some(Bounce { envid, recipients })
}

fn recipient(group: &[u8]) -> Option<BouncedRecipient> {
    Some(BouncedRecipient {
        address: text(group, "Final-Recipient").map(untyped)?,
        action: Action::parse(&text(group, "Action")?)?,
        status: text(group, "Status"),
        diagnostic: text(group, "Diagnostic-Code").map(untyped),
    })
}

fn text(group: &[u8], name: &str) -> Option<String> {
    header::find(group, name).map(|f| f.decoded()).filter(|t| !t.is_empty())
}

/// `rfc822; ann@example.org` without `rfc822;`.
fn untyped(value: String) -> String {
    value.split_once(';').map(|(_, v)| v.trim().to_owned()).unwrap_or(value)
}

/// Groups of fields, parted by blank lines.
struct Groups<'b>(&'b [u8]);

impl<'b> Iterator for Groups<'b> {
    type Item = &'b [u8];
    fn next(&mut self) -> Option<&'b [u8]> {
        while let Some(rest) = self.0.strip_prefix(b"\r\n").or_else(|| self.0.strip_prefix(b"\n")) {
            self.0 = rest;
        }
        if self.0.is_empty() {
            return None;
        }
        let (group, rest) = self.0.split_at(header::header_end(self.0));
        self.0 = rest;
        Some(group)
    }
}
