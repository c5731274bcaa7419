//! A small SMTP client for stories: blocking, in clear, and as wrong as a test wants it to be.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// The longest wait for a reply.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
#[derive(Debug)]
pub struct Smtp {
    reader: BufReader<TcpStream>,
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 250 and the like.
    pub code: u16,
    /// The texts of its lines.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether it says yes.
    #[must_use]
    pub const fn accepts(&self) -> bool {
        matches!(self.code, 200..=399)
    }

    /// Whether it says: later.
    #[must_use]
    pub const fn defers(&self) -> bool {
        matches!(self.code, 400..=499)
    }

    /// Its lines in one.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }
}

impl Smtp {
    /// Connects and takes the greeting.
    ///
    /// # Errors
    /// When nobody listens or the greeting does not come.
    pub fn connect(address: SocketAddr) -> io::Result<(Self, Reply)> {
        let mut client = Self::unheard(address)?;
        let greeting = client.reply()?;
        Ok((client, greeting))
    }

    /// Connects and hears nothing yet.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn unheard(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// Connects and says EHLO.
    ///
    /// # Errors
    /// As [`Smtp::connect`], or when the greeting or EHLO is not accepted.
    pub fn greet(address: SocketAddr) -> io::Result<Self> {
        let (mut client, greeting) = Self::connect(address)?;
        for reply in [greeting, client.command("EHLO client.test")?] {
            if !reply.accepts() {
                return Err(io::Error::other(format!("{reply:?}")));
            }
        }
        Ok(client)
    }

    /// A connection on which the user has logged in.
    ///
    /// # Errors
    /// As [`Smtp::greet`], or when the login is refused.
    pub fn login(address: SocketAddr, user: &str, password: &str) -> io::Result<Self> {
        let mut client = Self::greet(address)?;
        let reply = client.command(&format!("AUTH PLAIN {}", base64(format!("\0{user}\0{password}").as_bytes())))?;
        if reply.code == 235 { Ok(client) } else { Err(io::Error::other(format!("{reply:?}"))) }
    }

    /// Sends a line and takes its reply.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.send(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Takes one reply.
    ///
    /// # Errors
    /// When the connection ends, or what comes is no reply.
    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end_matches(['\r', '\n']);
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.ok_or_else(|| io::Error::other(format!("no reply: {line}")))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
    }

    /// MAIL, RCPT for each and DATA. Stops at the first refusal and returns it; otherwise the reply to DATA.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn envelope(&mut self, from: &str, to: &[&str]) -> io::Result<Reply> {
        let mut reply = self.command(&format!("MAIL FROM:<{from}>"))?;
        for recipient in to {
            if !reply.accepts() {
                return Ok(reply);
            }
            reply = self.command(&format!("RCPT TO:<{recipient}>"))?;
        }
        if reply.accepts() { self.command("DATA") } else { Ok(reply) }
    }

    /// A whole transaction; the body's line ends are made CRLF and its dots stuffed. Returns the last reply.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn deliver(&mut self, from: &str, to: &[&str], message: &str) -> io::Result<Reply> {
        let reply = self.envelope(from, to)?;
        if reply.code != 354 {
            self.command("RSET")?;
            return Ok(reply);
        }
        self.send(stuffed(message).as_bytes())?;
        self.reply()
    }
}

/// A message as DATA wants it, with its end.
#[must_use]
pub fn stuffed(message: &str) -> String {
    let mut out = String::with_capacity(message.len() + 64);
    for line in message.lines() {
        if line.starts_with('.') {
            out.push('.');
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    out + ".\r\n"
}

/// RFC 4648 §4.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let six = usize::try_from((bits >> (18 - 6 * place)) & 63).unwrap_or(0);
            out.push(if place <= chunk.len() { char::from(ALPHABET[six]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_rfc() {
        // RFC 4648 §10.
        for (clear, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(clear.as_bytes()), coded);
        }
    }

    #[test]
    fn dots_are_stuffed_and_lines_end_in_crlf() {
        assert_eq!(stuffed("a\n.b\n\nc"), "a\r\n..b\r\n\r\nc\r\n.\r\n");
    }
}
