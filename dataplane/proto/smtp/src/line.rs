//! The framing layer: received octets until they are taken as lines or as blocks of a message.
//!
//! Bounded by what the caller feeds between two calls; a line over the limit is swallowed up to its end, in bounded
//! memory, and told once.

use memchr::memchr;

/// Octets received and not yet taken.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    start: usize,
    /// The rest of a line that was too long is being dropped.
    swallowing: bool,
}

/// What [`Inbox::line`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line; its content lies in the buffer, see [`Inbox::slice`].
    Whole(std::ops::Range<usize>),
    /// A line that ends with LF alone or has a CR inside.
    Bare,
    /// A line over the limit.
    TooLong,
    /// Not yet.
    Incomplete,
}

impl Inbox {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }

    /// What was not yet taken.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Marks octets as taken.
    pub(crate) fn take(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
        if self.is_empty() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives memory back that an idle session does not need.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }

    /// The content of a line found; valid until the next [`Inbox::push`].
    pub(crate) fn slice(&self, line: std::ops::Range<usize>) -> &[u8] {
        self.buffer.get(line).unwrap_or_default()
    }

    /// Takes a line of at most `longest` octets with its CRLF. The buffer keeps the content until the next push.
    pub(crate) fn line(&mut self, longest: usize) -> Line {
        let rest = self.rest();
        let Some(end) = memchr(b'\n', rest) else {
            // Nothing in it is needed once it is too long, but for a last CR that would make the line's end.
            if self.swallowing || rest.len() > longest {
                let first = !std::mem::replace(&mut self.swallowing, true);
                self.buffer.clear();
                self.start = 0;
                return if first { Line::TooLong } else { Line::Incomplete };
            }
            return Line::Incomplete;
        };
        let from = self.start;
        self.start += end + 1;
        if std::mem::take(&mut self.swallowing) {
            return self.line(longest);
        }
        if end + 1 > longest {
            return Line::TooLong;
        }
        match self.slice(from..from + end).strip_suffix(b"\r") {
            // RFC 5321 §2.3.8: neither CR nor LF may stand alone.
            Some(content) if memchr(b'\r', content).is_none() => Line::Whole(from..from + content.len()),
            _ => Line::Bare,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_long_lines_and_bare_ends() {
        let mut inbox = Inbox::default();
        inbox.push(b"NOOP\r\nQU");
        let Line::Whole(line) = inbox.line(16) else { panic!("a line") };
        assert_eq!(inbox.slice(line), b"NOOP");
        assert_eq!(inbox.line(16), Line::Incomplete);
        inbox.push(b"IT\n123456789012345678\r\n");
        assert_eq!(inbox.line(16), Line::Bare);
        assert_eq!(inbox.line(16), Line::TooLong);
        assert!(inbox.is_empty());
    }

    #[test]
    fn a_long_line_in_pieces_is_told_once_and_not_kept() {
        let mut inbox = Inbox::default();
        let mut told = 0;
        for _ in 0..100 {
            inbox.push(b"0123456789");
            told += usize::from(inbox.line(16) == Line::TooLong);
            assert!(inbox.rest().len() <= 20);
        }
        inbox.push(b"\r\nOK\r\n");
        assert!(matches!(inbox.line(16), Line::Whole(_)));
        assert_eq!(told, 1);
    }
}
