//! Framing: where a command ends, and which literals lie inside it. Knows no grammar beyond that.
//!
//! ```text
//! a1 LOGIN {5}CRLF   fredy SP {4+}CRLF   pass CRLF
//! └── line ──────┘   └─ 5 ┘└─ line ──┘   └ 4 ┘└ end of the command
//! ```
//!
//! A command is complete before anybody parses it, and bounded before it is complete. What goes over
//! a bound is swallowed to the command's end without being kept, so that the next command is read as
//! one. Splitting the input anywhere gives the same pieces.

/// How much one connection may make us hold. The caller owns the budget and changes it at login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one command with all its literals, but for the messages of APPEND.
    pub command: usize,
    /// Largest non-synchronising literal (RFC 7888 §5: 4096 where LITERAL- is offered).
    pub non_sync: u64,
    /// Largest message of APPEND, in octets (RFC 7889).
    pub append: u64,
    /// Most octets that are swallowed to find the end of a refused command; beyond, the connection ends (RFC 7888 §4).
    pub swallow: u64,
}

impl Limits {
    /// Before login: 8 KiB in all, no message, little patience.
    pub const BEFORE_LOGIN: Self = Self { command: 8 << 10, non_sync: 4096, append: 0, swallow: 64 << 10 };

    /// After login: commands of 64 KiB and messages of `append` octets.
    #[must_use]
    pub const fn after_login(append: u64) -> Self {
        Self { command: 64 << 10, non_sync: u64::MAX, append, swallow: append.saturating_add(64 << 20) }
    }
}

/// The header of a literal, `{n}`, `{n+}` or `~{n}`, at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Octets that follow; `u64::MAX` when the number is larger.
    pub size: u64,
    /// The client waits for `+` before it sends them (RFC 9051 §4.3).
    pub sync: bool,
}

/// What framing found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// [`Framer::text`] is a whole command, without its last CRLF.
    Command,
    /// [`Framer::text`] ends in a literal's header: keep it inside, take it apart, or swallow it.
    Literal(Literal),
    /// The command went over [`Limits::command`]; [`Framer::text`] is how it began. Swallow it.
    TooLong,
    /// The literal taken apart is whole.
    Body,
    /// The command swallowed has ended.
    Swallowed,
    /// More was to be swallowed than [`Limits::swallow`]: the connection cannot go on.
    Hopeless,
}

#[derive(Debug, Default)]
enum Mode {
    /// Looking for the end of a line.
    #[default]
    Line,
    /// A literal inside the command, so many octets of which are missing.
    Inside(u64),
    /// A literal apart: so many octets are missing.
    Apart(u64, Vec<u8>),
    /// The line is too long and its end is not seen yet.
    Overlong,
    /// So many octets of a literal are to be swallowed, then the rest of the command.
    Swallow(u64),
}

/// Collects input and finds the pieces of commands in it.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the current command begins.
    start: usize,
    /// Up to where it has been looked at; `start <= seen <= buffer.len()`.
    seen: usize,
    /// Where the line in hand begins, behind the last literal inside.
    line: usize,
    /// Where its text ends, without CRLF, once a piece was found.
    end: usize,
    mode: Mode,
    /// Octets swallowed of this command.
    swallowed: u64,
}

impl Framer {
    /// Takes input. The octets of a literal apart go where they will stay.
    pub fn input(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if let Mode::Apart(missing, body) = &mut self.mode
            && self.seen == self.buffer.len()
        {
            let (now, later) = rest.split_at(rest.len().min(usize::try_from(*missing).unwrap_or(usize::MAX)));
            body.extend_from_slice(now);
            *missing -= now.len() as u64;
            rest = later;
        }
        self.buffer.extend_from_slice(rest);
    }

    /// The next piece; `None` needs more input.
    pub fn next(&mut self, limits: &Limits) -> Option<Piece> {
        loop {
            match &mut self.mode {
                Mode::Line => return self.line(limits),
                Mode::Inside(missing) => {
                    let here = available(*missing, self.seen, self.buffer.len());
                    self.seen += here;
                    *missing -= here as u64;
                    if *missing > 0 {
                        return None;
                    }
                    self.line = self.seen;
                    self.mode = Mode::Line;
                }
                Mode::Apart(missing, body) => {
                    let here = available(*missing, self.seen, self.buffer.len());
                    body.extend_from_slice(self.buffer.get(self.seen..self.seen + here).unwrap_or_default());
                    *missing -= here as u64;
                    let whole = *missing == 0;
                    self.seen += here;
                    self.release();
                    return whole.then_some(Piece::Body);
                }
                Mode::Overlong => return Some(Piece::TooLong),
                Mode::Swallow(_) => return self.swallow_on(limits),
            }
        }
    }

    /// The text of the command so far.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// After [`Piece::Literal`]: it stays in the text of the command.
    pub fn keep_inside(&mut self, literal: Literal) {
        self.mode = Mode::Inside(literal.size);
    }

    /// Octets that the command has so far, and that a literal would make it.
    #[must_use]
    pub fn length_with(&self, literal: Literal) -> u64 {
        ((self.seen - self.start) as u64).saturating_add(literal.size)
    }

    /// After [`Piece::Literal`]: it becomes a vector of its own, made at once in its whole size, so that it is written
    /// once; the allocator gives it real memory only as it fills.
    pub fn take_apart(&mut self, literal: Literal) {
        self.release();
        self.mode = Mode::Apart(literal.size, Vec::with_capacity(usize::try_from(literal.size).unwrap_or(0)));
    }

    /// After [`Piece::Body`]: the literal's octets.
    pub fn body(&mut self) -> Vec<u8> {
        match std::mem::replace(&mut self.mode, Mode::Line) {
            Mode::Apart(_, body) => body,
            other => {
                self.mode = other;
                Vec::new()
            }
        }
    }

    /// Swallows `literal`, when it is sent in any case, and the rest of the command; [`Piece::Swallowed`] ends it.
    pub fn swallow(&mut self, literal: Option<Literal>) {
        self.release();
        self.swallowed = 0;
        self.mode = Mode::Swallow(literal.map_or(0, |literal| literal.size));
    }

    /// Ends the current command; with `wipe` its octets are overwritten first.
    pub fn finish(&mut self, wipe: bool) {
        if wipe && let Some(command) = self.buffer.get_mut(self.start..self.seen) {
            command.fill(0);
        }
        self.release();
        self.mode = Mode::Line;
    }

    /// Drops all input: nothing sent before TLS may count after it (RFC 9051 §6.2.1).
    pub fn discard(&mut self) {
        *self = Self::default();
    }

    /// Octets that wait.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Gives back memory when nothing waits.
    pub fn shrink(&mut self) {
        if self.pending() == 0 {
            self.release();
            self.buffer = Vec::new();
        }
    }

    /// To the end of a line, which ends the command or holds a literal's header.
    fn line(&mut self, limits: &Limits) -> Option<Piece> {
        let fresh = self.buffer.get(self.seen..).unwrap_or_default();
        let found = memchr::memchr(b'\n', fresh);
        let seen = self.seen + found.map_or(fresh.len(), |at| at + 1);
        if seen - self.start > limits.command {
            // Cut where the limit lies and not where the input was split; a literal's header may straddle it.
            self.end = self.start + limits.command;
            self.seen = self.end.saturating_sub(LONGEST_HEADER).max(self.line);
            self.mode = Mode::Overlong;
            return Some(Piece::TooLong);
        }
        self.seen = seen;
        found?;
        let line = without_cr(self.buffer.get(self.line..seen - 1).unwrap_or_default());
        self.end = self.line + line.len();
        Some(literal_at_end(line).map_or(Piece::Command, Piece::Literal))
    }

    /// Drops octets up to the end of a command: literals by their size, lines but for their tail.
    fn swallow_on(&mut self, limits: &Limits) -> Option<Piece> {
        while let Mode::Swallow(missing) = self.mode {
            let here = available(missing, self.start, self.buffer.len());
            self.drop_front(here);
            let missing = missing - here as u64;
            self.mode = Mode::Swallow(missing);
            if self.swallowed.saturating_add(missing) > limits.swallow {
                return Some(Piece::Hopeless);
            }
            if missing > 0 {
                return None;
            }
            let fresh = self.buffer.get(self.start..).unwrap_or_default();
            let Some(at) = memchr::memchr(b'\n', fresh) else {
                self.drop_front(fresh.len().saturating_sub(LONGEST_HEADER));
                return (self.swallowed > limits.swallow).then_some(Piece::Hopeless);
            };
            let tail = fresh.get(at.saturating_sub(LONGEST_HEADER)..at).unwrap_or_default();
            let literal = literal_at_end(without_cr(tail));
            self.drop_front(at + 1);
            if self.swallowed > limits.swallow {
                return Some(Piece::Hopeless);
            }
            match literal {
                Some(Literal { sync: false, size }) => self.mode = Mode::Swallow(size),
                // What waits for `+` gets the tagged answer instead and is never sent.
                _ => self.mode = Mode::Line,
            }
        }
        Some(Piece::Swallowed)
    }

    fn drop_front(&mut self, octets: usize) {
        self.seen = self.start + octets;
        self.swallowed = self.swallowed.saturating_add(octets as u64);
        self.release();
    }

    /// What has been seen goes; what came behind it stays.
    fn release(&mut self) {
        if self.seen == self.buffer.len() {
            self.buffer.clear();
            self.seen = 0;
        } else if self.seen > self.buffer.len() / 2 {
            self.buffer.drain(..self.seen);
            self.seen = 0;
        }
        (self.start, self.line, self.end) = (self.seen, self.seen, self.seen);
    }
}

/// Octets before a line's end among which a literal's header is looked for when the line is not kept.
const LONGEST_HEADER: usize = 32;

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn available(missing: u64, from: usize, to: usize) -> usize {
    usize::try_from(missing).unwrap_or(usize::MAX).min(to.saturating_sub(from))
}

/// `literal = "{" number64 ["+"] "}"`, as the end of a line shows it.
fn literal_at_end(line: &[u8]) -> Option<Literal> {
    let inside = line.strip_suffix(b"}")?;
    let (inside, sync) = inside.strip_suffix(b"+").map_or((inside, true), |inside| (inside, false));
    let digits = inside.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (before, digits) = inside.split_at_checked(inside.len() - digits)?;
    if digits.is_empty() || before.last() != Some(&b'{') {
        return None;
    }
    let size = digits.iter().try_fold(0u64, |n, d| n.checked_mul(10)?.checked_add(u64::from(d - b'0')));
    Some(Literal { size: size.unwrap_or(u64::MAX), sync })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { command: 40, non_sync: 4096, append: 0, swallow: 120 };

    /// Drives the framer as a caller would: literals are kept inside while they fit, all else is swallowed.
    fn pieces(chunks: &[&[u8]]) -> Vec<(Piece, Vec<u8>)> {
        let (mut framer, mut found) = (Framer::default(), Vec::new());
        for chunk in chunks {
            framer.input(chunk);
            while let Some(piece) = framer.next(&LIMITS) {
                found.push((piece, framer.text().to_vec()));
                match piece {
                    Piece::Command => framer.finish(false),
                    Piece::Literal(literal) if literal.size == 7 => framer.take_apart(literal),
                    Piece::Literal(literal) if framer.length_with(literal) <= LIMITS.command as u64 => framer.keep_inside(literal),
                    Piece::Literal(literal) if literal.sync => framer.finish(false),
                    Piece::Literal(literal) => framer.swallow(Some(literal)),
                    Piece::TooLong => framer.swallow(None),
                    Piece::Body => found.push((piece, framer.body())),
                    Piece::Swallowed => {}
                    Piece::Hopeless => return found,
                }
            }
        }
        found
    }

    fn texts(input: &str) -> Vec<String> {
        pieces(&[input.as_bytes()]).into_iter().map(|(piece, text)| format!("{piece:?} {}", String::from_utf8_lossy(&text))).collect()
    }

    #[test]
    fn a_literal_may_look_like_a_header() {
        let found = texts("a X {3}\r\n{5}\r\nb\r\n");
        assert_eq!(found, ["Literal(Literal { size: 3, sync: true }) a X {3}", "Command a X {3}\r\n{5}", "Command b"]);
    }

    #[test]
    fn after_an_overlong_command_the_next_is_read() {
        let long = "x".repeat(60);
        assert_eq!(texts(&format!("a {long} {{3+}}\r\nb\nz\r\nnext\r\n")).last().map(String::as_str), Some("Command next"));
        let found = texts("a X {90+}\r\nfoo\r\n");
        assert!(found.iter().all(|piece| !piece.starts_with("Command")), "{found:?}");
    }

    #[test]
    fn patience_ends() {
        assert!(texts("a X {500+}\r\n").last().is_some_and(|piece| piece.starts_with("Hopeless")));
        assert!(texts(&"x".repeat(400)).last().is_some_and(|piece| piece.starts_with("Hopeless")));
        assert!(texts("a X {99999999999999999999+}\r\n").last().is_some_and(|piece| piece.starts_with("Hopeless")));
    }

    proptest! {
        #[test]
        fn splits_change_nothing(
            input in prop::collection::vec(prop::sample::select(vec![
                "a ", "x", "\r\n", "\n", "\r", "{3}\r\n", "{7+}\r\n", "{20+}\r\n", "{100+}\r\n", "{3+}", "{", "}", "abcdefgh", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
            ]), 0..40),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let input = input.concat().into_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
            at.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in at {
                chunks.push(&input[from..cut]);
                from = cut;
            }
            chunks.push(&input[from..]);
            let whole = pieces(&[&input]);
            prop_assert_eq!(&pieces(&chunks), &whole);
            let single: Vec<&[u8]> = input.chunks(1).collect();
            prop_assert_eq!(&pieces(&single), &whole);
        }
    }
}
