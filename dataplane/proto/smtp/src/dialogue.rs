//! The lines of a session as both sides spoke them, for the trail. Bodies and credentials are never in it.

/// Most octets that are kept; what follows is left out.
const LONGEST: usize = 16 * 1024;

/// A bounded record of lines, each with `C: ` or `S: ` in front.
#[derive(Debug, Default)]
pub struct Dialogue {
    text: Vec<u8>,
    on: bool,
}

impl Dialogue {
    /// A record that keeps lines only when `on`.
    #[must_use]
    pub const fn new(on: bool) -> Self {
        Self { text: Vec::new(), on }
    }

    /// Adds what the client said, one or more lines.
    pub fn client(&mut self, lines: &[u8]) {
        self.add(b"C: ", lines);
    }

    /// Adds what the server said, one or more lines.
    pub fn server(&mut self, lines: &[u8]) {
        self.add(b"S: ", lines);
    }

    /// Hands the record out and begins a new one.
    pub fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        String::from_utf8(text).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }

    fn add(&mut self, who: &[u8], lines: &[u8]) {
        if !self.on {
            return;
        }
        for line in lines.trim_ascii_end().split(|b| *b == b'\n') {
            if self.text.len() + line.len() > LONGEST {
                return;
            }
            self.text.extend_from_slice(who);
            self.text.extend_from_slice(line.trim_ascii_end());
            self.text.push(b'\n');
        }
    }
}
