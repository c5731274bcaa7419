//! A small IMAP client for stories: blocking, in clear, bytes as they came.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// The longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
#[derive(Debug)]
pub struct Imap {
    reader: BufReader<TcpStream>,
    tag: u32,
}

/// What a command was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Untagged responses, without `* ` and line end; literals stand in them as they came.
    pub untagged: Vec<String>,
    /// `OK`, `NO` or `BAD`.
    pub status: String,
    /// What follows the status.
    pub text: String,
}

impl Answer {
    /// Whether it says OK.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status == "OK"
    }
}

impl Imap {
    /// Connects and takes the greeting.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut client = Self { reader: BufReader::new(stream), tag: 0 };
        let greeting = client.response()?;
        if greeting.starts_with("* OK") { Ok(client) } else { Err(io::Error::other(greeting)) }
    }

    /// A connection on which the user has logged in.
    ///
    /// # Errors
    /// As [`Imap::connect`], or when the login is refused.
    pub fn login(address: SocketAddr, user: &str, password: &str) -> io::Result<Self> {
        let mut client = Self::connect(address)?;
        let answer = client.command(&format!("LOGIN {user} \"{password}\""))?;
        if answer.is_ok() { Ok(client) } else { Err(io::Error::other(format!("{answer:?}"))) }
    }

    /// Sends a command and takes everything up to its tagged answer.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn command(&mut self, command: &str) -> io::Result<Answer> {
        let tag = self.begin(command)?;
        self.finish(&tag)
    }

    /// The same for commands that must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub fn ok(&mut self, command: &str) -> Answer {
        let answer = self.command(command).unwrap_or_else(|error| panic!("{command}: {error}"));
        assert!(answer.is_ok(), "{command}: {answer:?}");
        answer
    }

    /// Sends a command and returns its tag.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn begin(&mut self, command: &str) -> io::Result<String> {
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        self.send(format!("{tag} {command}\r\n").as_bytes())?;
        Ok(tag)
    }

    /// Takes everything up to the answer of a tag.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn finish(&mut self, tag: &str) -> io::Result<Answer> {
        let mut untagged = Vec::new();
        loop {
            let line = self.response()?;
            if let Some(rest) = line.strip_prefix("* ") {
                untagged.push(rest.to_owned());
            } else if let Some(rest) = line.strip_prefix(tag) {
                let (status, text) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
                return Ok(Answer { untagged, status: status.to_owned(), text: text.to_owned() });
            }
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// The next response, whatever it is, with its literals and without its line end.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn response(&mut self) -> io::Result<String> {
        let mut out = Vec::new();
        loop {
            if self.reader.read_until(b'\n', &mut out)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match literal_length(&out) {
                Some(length) => {
                    let taken = self.reader.by_ref().take(length).read_to_end(&mut out)?;
                    if taken as u64 != length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                None => {
                    while out.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                        out.pop();
                    }
                    return Ok(String::from_utf8_lossy(&out).into_owned());
                }
            }
        }
    }

    /// Appends a message to a folder, with a literal that waits for its go-ahead.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn append(&mut self, folder: &str, message: &str) -> io::Result<Answer> {
        let message = message.replace("\r\n", "\n").replace('\n', "\r\n");
        let tag = self.begin(&format!("APPEND {folder} {{{}}}", message.len()))?;
        let (go, mut news) = self.go_ahead()?;
        if !go.starts_with('+') {
            let rest = go.strip_prefix(&tag).unwrap_or(&go).trim_start();
            let (status, text) = rest.split_once(' ').unwrap_or((rest, ""));
            return Ok(Answer { untagged: news, status: status.to_owned(), text: text.to_owned() });
        }
        self.send(message.as_bytes())?;
        self.send(b"\r\n")?;
        let answer = self.finish(&tag)?;
        news.extend(answer.untagged);
        Ok(Answer { untagged: news, ..answer })
    }

    /// The next response that is not untagged, `+` most of all, and the untagged ones before it, without `* `.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn go_ahead(&mut self) -> io::Result<(String, Vec<String>)> {
        let mut news = Vec::new();
        loop {
            let line = self.response()?;
            match line.strip_prefix("* ") {
                Some(untagged) if !untagged.starts_with("BYE") => news.push(untagged.to_owned()),
                _ => return Ok((line, news)),
            }
        }
    }

    /// The value of a header field in every message of a folder, in the order of arrival; empty where it is missing.
    ///
    /// # Panics
    /// When the folder cannot be read.
    pub fn header_fields(&mut self, folder: &str, field: &str) -> Vec<String> {
        let selected = self.ok(&format!("EXAMINE {folder}"));
        if selected.untagged.iter().any(|line| line == "0 EXISTS") {
            return Vec::new();
        }
        let fetched = self.ok(&format!("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS ({field})])"));
        let begins = format!("{}:", field.to_ascii_lowercase());
        let value = |response: &String| {
            let line = response.lines().find(|line| line.to_ascii_lowercase().starts_with(&begins));
            line.and_then(|line| line.split_once(':')).map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        fetched.untagged.iter().filter(|line| line.contains(" FETCH ")).map(value).collect()
    }
}

/// The length that a line promises at its end: `… {12}`.
fn literal_length(response: &[u8]) -> Option<u64> {
    let line = response.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(line.get(open + 1..)?).ok()?.trim_start_matches('~').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_seen_at_the_end_of_a_line_only() {
        assert_eq!(literal_length(b"* 1 FETCH (BODY[] {12}\r\n"), Some(12));
        assert_eq!(literal_length(b"* OK {12} words\r\n"), None);
        assert_eq!(literal_length(b"* OK words\r\n"), None);
    }
}
