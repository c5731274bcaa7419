//! The preview (RFC 8970): the first words of the text, and whether anything is attached.

use mail_parser::decoders::html::html_to_text;

use super::{Kind, PartRef};
use crate::section;

/// Characters of a preview at most (RFC 8970 §3.1).
const MAX_CHARS: usize = 200;
/// Octets of the encoded body that are looked at: HTML has its style sheets first.
const LOOK_AT_TEXT: usize = 2 * 1024;
const LOOK_AT_HTML: usize = 16 * 1024;

/// The preview, and whether the message has an attachment.
pub(super) fn look<'s>(message: &[u8], parts: impl Iterator<Item = PartRef<'s>>) -> (String, bool) {
    let (mut plain, mut html, mut attachment) = (None, None, false);
    for part in parts {
        attachment |= part.is_attachment();
        if part.kind == Kind::Text && !part.is_attachment() {
            if part.is("text", "html") {
                html = html.or(Some(part));
            } else if part.is("text", "plain") {
                plain = plain.or(Some(part));
            }
        }
    }
    let words = |part: &PartRef<'_>, octets| section::words_of_first(part, message, octets).unwrap_or_default();
    let text = plain.map(|p| condense(&words(&p, LOOK_AT_TEXT))).filter(|t| !t.is_empty());
    let text = text.or_else(|| html.map(|p| condense(&html_to_text(&words(&p, LOOK_AT_HTML)))));
    (text.unwrap_or_default(), attachment)
}

/// One line: quoted lines left out, white space and controls to single spaces, cut at [`MAX_CHARS`].
fn condense(text: &str) -> String {
    let mut out = String::with_capacity(MAX_CHARS + 4);
    let mut count = 0;
    for line in text.lines().filter(|l| !l.starts_with('>')) {
        let mut gap = !out.is_empty();
        for c in line.chars() {
            if c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{34f}' | '\u{ad}') {
                gap |= !out.is_empty();
                continue;
            }
            if count + usize::from(gap) >= MAX_CHARS {
                return out;
            }
            if gap {
                out.push(' ');
                count += 1;
                gap = false;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}
