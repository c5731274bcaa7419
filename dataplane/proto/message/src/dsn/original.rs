//! Which part of the original a notice returns, and as what type.

use postern_core::envelope::Return;

use super::{Action, MAX_RETURNED, Report};
use crate::header;

/// Longest line that may be sent without BINARYMIME (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// What is returned.
pub(super) struct Returned<'a> {
    pub(super) octets: std::borrow::Cow<'a, [u8]>,
    pub(super) media_type: &'static str,
    /// The whole message, not its header alone.
    pub(super) whole: bool,
}

impl<'a> Returned<'a> {
    /// RFC 3461 §4.3: all of it only when it failed and all was asked for; and only when it is small and text.
    pub(super) fn choose(report: &Report<'a>, utf8: bool) -> Self {
        let original = report.original;
        let failed = report.recipients.iter().any(|r| r.action == Action::Failed);
        let whole = failed && report.ret == Return::Full && original.len() <= MAX_RETURNED && is_text(original);
        if whole {
            let media_type = if utf8 { "message/global" } else { "message/rfc822" };
            return Self { octets: original.into(), media_type, whole };
        }
        let media_type = if utf8 { "message/global-headers" } else { "text/rfc822-headers" };
        Self { octets: header_within(original), media_type, whole }
    }

    pub(super) fn encoding(&self) -> &'static str {
        if self.octets.is_ascii() { "7bit" } else { "8bit" }
    }
}

/// Lines of bearable length without NUL, that end with CRLF but for the last: what any server takes.
fn is_text(octets: &[u8]) -> bool {
    let mut lines = octets.split(|b| *b == b'\n');
    let last = lines.next_back().unwrap_or_default();
    let fits = |line: &[u8]| line.len() <= MAX_LINE && memchr::memchr2(0, b'\r', line).is_none();
    fits(last) && lines.all(|line| line.strip_suffix(b"\r").is_some_and(fits))
}

/// The header's fields, those left out that are no text, until the size is reached.
fn header_within(original: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let mut out = Vec::new();
    for field in header::fields(original) {
        if out.len() + field.raw.len() > MAX_RETURNED {
            break;
        }
        if is_text(field.raw) {
            out.extend_from_slice(field.raw);
        }
    }
    out.into()
}
