//! A server's reply, read line by line and bounded (RFC 5321 §4.2, RFC 2034).

use postern_core::{EnhancedCode, Outcome};

use crate::limits;

/// Longest text that is kept of one reply, in octets.
const MAX_TEXT: usize = 16 * 1024;

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerReply {
    /// Three digits, 200–599.
    pub code: u16,
    /// `subject.detail` of the enhanced code, when its class fits the code.
    pub enhanced: Option<EnhancedCode>,
    /// The text without codes, lines parted by `\n`.
    pub text: String,
}

impl ServerReply {
    /// What we say in a server's stead.
    pub(super) fn ours(code: u16, enhanced: EnhancedCode, text: &str) -> Self {
        Self { code, enhanced: Some(enhanced), text: text.to_owned() }
    }

    /// Whether it is a 2xx.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether trying again is pointless.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// The refusal as an outcome, on one line. Anything but 5xx may pass.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let enhanced = self.enhanced.unwrap_or(EnhancedCode(0, 0));
        let text = self.text.replace('\n', " ");
        if self.is_permanent() { Outcome::permanent(self.code, enhanced, text) } else { Outcome::temporary(self.code, enhanced, text) }
    }
}

/// What is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A reply in the making.
#[derive(Debug, Default)]
pub(super) struct Collector {
    so_far: Option<ServerReply>,
    lines: usize,
}

impl Collector {
    /// Takes a line without its CRLF; gives the reply with its last one.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Option<ServerReply>, Malformed> {
        let (code, text) = line.split_at_checked(3).ok_or(Malformed)?;
        let code = code.iter().try_fold(0u16, |n, b| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0'))).ok_or(Malformed)?;
        let (more, text) = match text {
            [] => (false, text),
            [b' ', text @ ..] => (false, text),
            [b'-', text @ ..] => (true, text),
            _ => return Err(Malformed),
        };
        self.lines += 1;
        if !(200..600).contains(&code) || self.lines > limits::REPLY_LINES {
            return Err(Malformed);
        }
        let text = String::from_utf8_lossy(text);
        let (enhanced, text) = split_enhanced(code, &text);
        match &mut self.so_far {
            None => self.so_far = Some(ServerReply { code, enhanced, text: text.to_owned() }),
            // RFC 5321 §4.2.1: each line has the same code.
            Some(reply) if reply.code != code => return Err(Malformed),
            Some(reply) if reply.text.len() + text.len() < MAX_TEXT => {
                reply.text.push('\n');
                reply.text.push_str(text);
            }
            Some(_) => return Err(Malformed),
        }
        if more {
            return Ok(None);
        }
        self.lines = 0;
        Ok(self.so_far.take())
    }
}

/// `class.subject.detail SP text` (RFC 2034 §4); a class that contradicts the code is only text.
fn split_enhanced(code: u16, text: &str) -> (Option<EnhancedCode>, &str) {
    let parse = || {
        let (status, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = status.split('.');
        let mut number = || parts.next().filter(|p| (1..=3).contains(&p.len())).and_then(|p| p.parse::<u16>().ok());
        let (class, subject, detail) = (number()?, number()?, number()?);
        (class == code / 100 && parts.next().is_none()).then_some((EnhancedCode(subject, detail), rest))
    };
    parse().map_or((None, text), |(enhanced, rest)| (Some(enhanced), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<ServerReply>, Malformed> {
        let mut collector = Collector::default();
        let mut last = Ok(None);
        for line in lines {
            last = collector.line(line.as_bytes());
        }
        last
    }

    #[test]
    fn codes_and_text_are_parted() {
        let reply = read(&["550-5.1.1 No such user", "550 5.1.1 here"]).unwrap().unwrap();
        assert_eq!((reply.code, reply.enhanced, reply.text.as_str()), (550, Some(EnhancedCode(1, 1)), "No such user\nhere"));
        assert_eq!(reply.outcome().to_string(), "550 5.1.1 No such user here");
        assert_eq!(read(&["250"]).unwrap().unwrap().text, "");
        assert_eq!(read(&["250 5.1.1 odd"]).unwrap().unwrap().enhanced, None);
    }

    #[test]
    fn what_is_no_reply() {
        for lines in [&["25"][..], &["abc"], &["250x"], &["199 x"], &["600 x"], &["250-a", "251 b"]] {
            assert_eq!(read(lines), Err(Malformed), "{lines:?}");
        }
        assert_eq!(read(&["250-x"; 129]), Err(Malformed));
    }
}
