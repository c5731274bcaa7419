//! Plays a dialogue that a real client once held: what it says is sent, what the server says must fit.
//!
//! ```text
//! # A remark.
//! S: * OK […]          the next line, `[…]` standing for anything
//! C: 1 NOOP            a line to send
//! S… 1 OK […]          lines that are passed over, up to one that fits
//! D: text              a line of a literal or message to send, which is not answered
//! ```

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
};

use crate::server::PATIENCE;

/// Stands for anything.
const ANYTHING: &str = "[…]";

/// Plays a transcript against a server. `words` are put in place of `<name>` in it.
///
/// # Panics
/// With the line of the transcript that the server did not fit, and what it said.
pub fn play(address: SocketAddr, transcript: &str, words: &[(&str, &str)]) {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let mut server = BufReader::new(stream);
    for (number, line) in (1..).zip(transcript.lines()) {
        let line = words.iter().fold(line.to_owned(), |line, (name, word)| line.replace(&format!("<{name}>"), word));
        let played = step(&mut server, &line);
        if let Err(error) = played {
            panic!("line {number}: {line}\nbut: {error}");
        }
    }
}

fn step(server: &mut BufReader<TcpStream>, line: &str) -> io::Result<()> {
    if let Some(said) = line.strip_prefix("C: ").or_else(|| line.strip_prefix("D: ")).or_else(|| (line == "D:").then_some("")) {
        return server.get_mut().write_all(format!("{said}\r\n").as_bytes());
    }
    if let Some(expected) = line.strip_prefix("S: ") {
        let heard = hear(server)?;
        return if fits(expected, &heard) { Ok(()) } else { Err(io::Error::other(heard)) };
    }
    if let Some(expected) = line.strip_prefix("S… ") {
        let mut passed = Vec::new();
        // A server that never says it is cut off by the time limit.
        loop {
            match hear(server) {
                Ok(heard) if fits(expected, &heard) => return Ok(()),
                Ok(heard) => passed.push(heard),
                Err(error) => return Err(io::Error::other(format!("{error} after {passed:#?}"))),
            }
        }
    }
    let remark = line.is_empty() || line.starts_with('#');
    if remark { Ok(()) } else { Err(io::Error::other("no line of a transcript")) }
}

fn hear(server: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = Vec::new();
    if server.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

/// Whether a line is as expected.
fn fits(expected: &str, heard: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let Some(mut rest) = parts.next().and_then(|first| heard.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn anything_stands_for_anything_and_nothing_else_does() {
        assert!(fits("* OK […] ready", "* OK [CAPABILITY IMAP4rev1] ready"));
        assert!(fits("1 OK[…]", "1 OK"));
        assert!(fits("a[…]b[…]c", "a1b2c"));
        for (expected, heard) in [("1 OK", "1 OK done"), ("1 OK[…]", "2 OK"), ("a[…]b[…]c", "ac"), ("ab[…]ba", "aba")] {
            assert!(!fits(expected, heard), "{expected} {heard}");
        }
    }
}
