//! Replies (RFC 5321 §4.2): a code, an enhanced code (RFC 2034, RFC 3463) and text of one or more lines.
//!
//! The common ones are constants in [`standard`] and are written without allocation. A reply never carries a control
//! character to the wire, whatever text it was made of.

pub mod standard;

use std::borrow::Cow;

use postern_core::{EnhancedCode, Outcome};

/// A server's reply. The enhanced code's class is the first digit of `code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, 200–599.
    pub code: u16,
    /// `subject.detail`, repeated on each line (RFC 2034 §4). None in greetings, replies to EHLO and 3xx.
    pub enhanced: Option<EnhancedCode>,
    /// What follows; lines are parted by `\n`.
    pub text: Cow<'static, str>,
}

impl Reply {
    /// A reply with an enhanced code.
    #[must_use]
    pub fn new(code: u16, enhanced: EnhancedCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, enhanced: Some(enhanced), text: text.into() }
    }

    /// A reply of fixed text, for constants.
    #[must_use]
    pub const fn fixed(code: u16, subject: u16, detail: u16, text: &'static str) -> Self {
        Self { code, enhanced: Some(EnhancedCode(subject, detail)), text: Cow::Borrowed(text) }
    }

    /// A reply of fixed text without enhanced code, for constants.
    #[must_use]
    pub const fn plain(code: u16, text: &'static str) -> Self {
        Self { code, enhanced: None, text: Cow::Borrowed(text) }
    }

    /// Whether it is a 2xx.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it says that the connection closes (RFC 5321 §3.8).
    #[must_use]
    pub const fn closes(&self) -> bool {
        matches!(self.code, 221 | 421)
    }

    /// Appends the reply as it goes on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut lines = self.text.split('\n').peekable();
        while let Some(line) = lines.next() {
            digits(u64::from(self.code), out);
            out.push(if lines.peek().is_some() { b'-' } else { b' ' });
            if let Some(EnhancedCode(subject, detail)) = self.enhanced {
                digits(u64::from(self.code / 100), out);
                out.push(b'.');
                digits(u64::from(subject), out);
                out.push(b'.');
                digits(u64::from(detail), out);
                out.push(b' ');
            }
            printable(line, out);
            out.extend_from_slice(b"\r\n");
        }
    }
}

impl From<&Outcome> for Reply {
    fn from(outcome: &Outcome) -> Self {
        Self::new(outcome.code, outcome.enhanced, outcome.text.clone())
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        Self::new(outcome.code, outcome.enhanced, outcome.text)
    }
}

/// Decimal digits without the detour of `format!`.
pub(crate) fn digits(mut n: u64, out: &mut Vec<u8>) {
    let from = out.len();
    loop {
        out.push(b'0' + u8::try_from(n % 10).unwrap_or(0));
        n /= 10;
        if n == 0 {
            break;
        }
    }
    if let Some(written) = out.get_mut(from..) {
        written.reverse();
    }
}

fn printable(line: &str, out: &mut Vec<u8>) {
    if line.bytes().any(|b| b.is_ascii_control()) {
        out.extend(line.bytes().map(|b| if b.is_ascii_control() { b'?' } else { b }));
    } else {
        out.extend_from_slice(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(reply: &Reply) -> String {
        let mut out = Vec::new();
        reply.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_enhanced_code_stands_on_each_line() {
        let reply = Reply::new(550, EnhancedCode(1, 1), "No such user\nhere");
        assert_eq!(wire(&reply), "550-5.1.1 No such user\r\n550 5.1.1 here\r\n");
    }

    #[test]
    fn text_cannot_forge_a_line() {
        assert_eq!(wire(&Reply::new(451, EnhancedCode::SYSTEM, "a\r\n250 ok\0")), "451-4.3.0 a?\r\n451 4.3.0 250 ok?\r\n");
    }

    #[test]
    fn numbers_of_every_length() {
        for n in [0, 9, 10, 4096, u64::MAX] {
            let mut out = Vec::new();
            digits(n, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), n.to_string());
        }
    }
}
