//! The transparency of DATA (RFC 5321 §4.5.2): dots put in front of dots, taken away again, and the one end that counts.
//!
//! Only CRLF.CRLF ends a message. A CR or LF alone is neither an end nor mended: it is told, so that the server refuses
//! the message and nobody sees two messages where another sees one (SMTP smuggling; RFC 5321 §2.3.8, §4.1.1.4).

use memchr::{memchr, memchr2};

/// Where in a line the last block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    /// A dot at the start of a line, not yet written.
    Dot,
    /// A dot and CR at the start of a line, neither written.
    DotCr,
    Inside,
    /// A CR, written.
    Cr,
    End,
}

/// Takes dots away and finds the end.
#[derive(Clone, Copy, Debug)]
pub struct Unstuffer {
    at: At,
    bare: bool,
}

impl Default for Unstuffer {
    /// At the start of a line: the command's CRLF goes before.
    fn default() -> Self {
        Self { at: At::LineStart, bare: false }
    }
}

impl Unstuffer {
    /// Appends the content of `block` to `out` and returns how many octets of the block belong to this message: less
    /// than all only when it ended.
    pub fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) -> usize {
        let mut rest = block;
        // Everything between two removed dots is written at once.
        let mut run = block;
        while let Some(&first) = rest.first() {
            match self.at {
                At::End => break,
                At::LineStart if first == b'.' => {
                    out.extend_from_slice(before(run, rest));
                    rest = skip(rest, 1);
                    run = rest;
                    self.at = At::Dot;
                }
                At::Dot if first == b'\r' => {
                    rest = skip(rest, 1);
                    run = rest;
                    self.at = At::DotCr;
                }
                At::DotCr if first == b'\n' => {
                    rest = skip(rest, 1);
                    run = rest;
                    self.at = At::End;
                }
                At::DotCr => {
                    // The line began with a stuffed dot before a lone CR.
                    out.push(b'\r');
                    self.bare = true;
                    self.at = At::Inside;
                }
                At::Cr if first == b'\n' => {
                    rest = skip(rest, 1);
                    self.at = At::LineStart;
                }
                At::Cr => {
                    self.bare = true;
                    self.at = At::Inside;
                }
                At::LineStart | At::Dot | At::Inside => {
                    rest = self.line(rest);
                }
            }
        }
        out.extend_from_slice(before(run, rest));
        block.len() - rest.len()
    }

    /// Runs to the end of the line or block.
    fn line<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        self.at = At::Inside;
        let Some(end) = memchr2(b'\r', b'\n', rest) else { return &[] };
        match (rest.get(end), rest.get(end + 1)) {
            (Some(b'\n'), _) => {
                self.bare = true;
                skip(rest, end + 1)
            }
            (_, Some(b'\n')) => {
                self.at = At::LineStart;
                skip(rest, end + 2)
            }
            _ => {
                self.at = At::Cr;
                skip(rest, end + 1)
            }
        }
    }

    /// Whether CRLF.CRLF was seen.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at == At::End
    }

    /// Whether a CR or LF stood alone.
    #[must_use]
    pub const fn saw_bare_newline(&self) -> bool {
        self.bare
    }
}

fn skip(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

/// The part of `run` in front of its tail `rest`.
fn before<'a>(run: &'a [u8], rest: &[u8]) -> &'a [u8] {
    run.get(..run.len().saturating_sub(rest.len())).unwrap_or_default()
}

/// Whether a CR or LF stands alone: for bodies that came by BDAT or go out.
#[must_use]
pub fn has_bare_newline(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = memchr2(b'\r', b'\n', rest) {
        if rest.get(at..at + 2) != Some(b"\r\n") {
            return true;
        }
        rest = skip(rest, at + 2);
    }
    false
}

/// Puts dots before dots, block by block; [`Stuffer::finish`] writes the end.
#[derive(Clone, Copy, Debug)]
pub struct Stuffer {
    line_start: bool,
    empty: bool,
}

impl Default for Stuffer {
    fn default() -> Self {
        Self { line_start: true, empty: true }
    }
}

impl Stuffer {
    /// Appends a block of a message whose lines all end with CRLF (see [`has_bare_newline`]).
    pub fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        let mut rest = block;
        self.empty &= block.is_empty();
        while !rest.is_empty() {
            if self.line_start && rest.first() == Some(&b'.') {
                out.push(b'.');
            }
            let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            out.extend_from_slice(line);
            self.line_start = line.last() == Some(&b'\n');
            rest = tail;
        }
    }

    /// Writes the end; a message whose last line has no CRLF gets one, for DATA cannot carry it otherwise.
    pub fn finish(self, out: &mut Vec<u8>) {
        if !self.line_start && !self.empty {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unstuff(wire: &[u8]) -> (Vec<u8>, Unstuffer, usize) {
        let (mut out, mut reader) = (Vec::new(), Unstuffer::default());
        let used = reader.feed(wire, &mut out);
        (out, reader, used)
    }

    #[test]
    fn dots_go_and_the_end_is_found() {
        let (body, reader, used) = unstuff(b"a\r\n..b\r\n.c\r\n\r\n.\r\nQUIT\r\n");
        assert_eq!(body, b"a\r\n.b\r\nc\r\n\r\n");
        assert!(reader.is_done() && !reader.saw_bare_newline());
        assert_eq!(used, 17);
        assert_eq!(unstuff(b".\r\n").0, b"");
    }

    /// The variants that were used to smuggle (CVE-2023-51764 and its kin): none ends the message, each is told.
    #[test]
    fn nothing_else_is_an_end() {
        for end in ["\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n\n.\r\n", "\r\r\n.\r", "\r\n.\rx\n"] {
            let wire = format!("a{end}MAIL FROM:<x@y.example>\r\n");
            let (body, reader, used) = unstuff(wire.as_bytes());
            assert!(!reader.is_done(), "{end:?}");
            assert!(reader.saw_bare_newline(), "{end:?}");
            assert_eq!(used, wire.len(), "{end:?}");
            assert!(body.ends_with(b"MAIL FROM:<x@y.example>\r\n"), "{end:?}");
        }
    }

    proptest! {
        /// RFC 5321 §4.5.2: what one side stuffs the other unstuffs.
        #[test]
        fn stuffed_comes_back(lines in proptest::collection::vec("[.a]{0,5}", 0..20), cut in 0usize..100, cut2 in 0usize..100) {
            let body = lines.iter().flat_map(|l| [l.as_bytes(), b"\r\n"].concat()).collect::<Vec<u8>>();
            let (mut wire, mut stuffer) = (Vec::new(), Stuffer::default());
            let (a, b) = body.split_at(cut.min(body.len()));
            stuffer.feed(a, &mut wire);
            stuffer.feed(b, &mut wire);
            stuffer.finish(&mut wire);
            let (mut out, mut reader) = (Vec::new(), Unstuffer::default());
            let (a, b) = wire.split_at(cut2.min(wire.len()));
            prop_assert_eq!(reader.feed(a, &mut out) + reader.feed(b, &mut out), wire.len());
            prop_assert!(reader.is_done() && !reader.saw_bare_newline());
            prop_assert_eq!(out, body);
        }

        #[test]
        fn blocks_change_nothing(wire in "[\r\n.a]{0,40}", cut in 0usize..40) {
            let whole = unstuff(wire.as_bytes());
            let (a, b) = wire.as_bytes().split_at(cut.min(wire.len()));
            let (mut out, mut reader) = (Vec::new(), Unstuffer::default());
            let used = reader.feed(a, &mut out) + reader.feed(b, &mut out);
            prop_assert_eq!((out, reader.at, used), (whole.0, whole.1.at, whole.2));
            prop_assert_eq!(reader.bare, whole.1.bare);
        }

        #[test]
        fn bare_newlines_are_seen_alike(body in "[\r\na]{0,20}") {
            let (_, reader, _) = unstuff(format!("{body}\r\n").as_bytes());
            prop_assert_eq!(reader.saw_bare_newline(), has_bare_newline(format!("{body}\r\n").as_bytes()));
        }
    }
}
