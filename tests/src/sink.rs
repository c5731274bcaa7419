//! A server on the other end that does what it is told: takes, defers, refuses, hangs up.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What the client has just said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It has connected.
    Connect,
    /// It has named a sender: the line.
    Mail(&'a str),
    /// It has named a recipient: the address.
    Rcpt(&'a str),
    /// It has sent the final dot of this message.
    Dot(&'a str),
}

/// What the sink answers instead of yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Accept,
    /// A reply of its own: `451 4.3.0 later`.
    Say(String),
    /// Nothing any more: the connection is closed.
    HangUp,
}

/// A message as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What the client calls itself.
    pub helo: String,
    /// The sender's path, without brackets.
    pub from: String,
    /// The recipients that were accepted.
    pub to: Vec<String>,
    /// Header and body, dots unstuffed.
    pub message: String,
}

impl Taken {
    /// The first value of a header field.
    #[must_use]
    pub fn header(&self, field: &str) -> Option<&str> {
        let mut lines = self.message.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, value)| value.trim()))
    }
}

/// Decides the answers.
type Script = dyn Fn(Step<'_>) -> Answer + Send + Sync;

/// A fake MX. It listens until the test's process ends.
#[derive(Clone)]
pub struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    taken: Mutex<Vec<Taken>>,
    grown: Condvar,
    script: Box<Script>,
}

impl Sink {
    /// Takes everything.
    #[must_use]
    pub fn new() -> Self {
        Self::scripted(|_| Answer::Accept)
    }

    /// Answers as the script says.
    #[must_use]
    pub fn scripted(script: impl Fn(Step<'_>) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared { taken: Mutex::default(), grown: Condvar::new(), script: Box::new(script) });
        let sink = Self { address, shared };
        let accepting = sink.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = accepting.clone();
                thread::spawn(move || session.serve(&stream));
            }
        });
        sink
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of `outbound.static_mx` that leads a domain here.
    #[must_use]
    pub fn for_domain(&self, domain: &str) -> String {
        format!("{domain}={}", self.address)
    }

    /// What it has taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().clone()
    }

    /// Waits until `enough` says so of what it has taken.
    ///
    /// # Errors
    /// What it has taken, when that is not enough in time.
    pub fn wait(&self, patience: Duration, enough: impl Fn(&[Taken]) -> bool) -> Result<Vec<Taken>, Vec<Taken>> {
        let end = Instant::now() + patience;
        let mut taken = self.lock();
        loop {
            if enough(&taken) {
                return Ok(taken.clone());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(taken.clone());
            }
            taken = self.shared.grown.wait_timeout(taken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One session; it ends when the client leaves or the script hangs up.
    fn serve(&self, stream: &TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut session = Session { sink: self, stream, helo: String::new(), from: String::new(), to: Vec::new() };
        let _ = session.run();
    }
}

impl Default for Sink {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("address", &self.address).field("taken", &self.lock().len()).finish_non_exhaustive()
    }
}

struct Session<'a> {
    sink: &'a Sink,
    stream: &'a TcpStream,
    helo: String,
    from: String,
    to: Vec<String>,
}

impl Session<'_> {
    fn run(&mut self) -> io::Result<()> {
        let mut lines = BufReader::new(self.stream);
        if !self.answer(Step::Connect, "220 sink.test ESMTP")? {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            match line.get(..4).unwrap_or(&line).to_ascii_uppercase().as_str() {
                "EHLO" | "HELO" => {
                    self.helo = line.get(5..).unwrap_or_default().to_owned();
                    self.say("250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800")?;
                }
                "MAIL" => {
                    self.to.clear();
                    self.from = path(&line);
                    self.answer(Step::Mail(&line), "250 2.1.0 ok")?;
                }
                "RCPT" => {
                    let to = path(&line);
                    if self.answer(Step::Rcpt(&to), "250 2.1.5 ok")? {
                        self.to.push(to);
                    }
                }
                "DATA" if self.to.is_empty() => self.say("554 5.5.1 no recipients")?,
                "DATA" => {
                    self.say("354 go on")?;
                    let message = read_message(&mut lines)?;
                    self.take(message)?;
                }
                "QUIT" => return self.say("221 2.0.0 bye"),
                _ => self.say("250 2.0.0 ok")?,
            }
        }
    }

    /// Counts a message before it says so: what follows may be lost, the message is not.
    fn take(&mut self, message: String) -> io::Result<()> {
        let answer = (self.sink.shared.script)(Step::Dot(&message));
        let to = std::mem::take(&mut self.to);
        match answer {
            Answer::Accept => {
                self.sink.lock().push(Taken { helo: self.helo.clone(), from: self.from.clone(), to, message });
                self.sink.shared.grown.notify_all();
                self.say("250 2.0.0 taken")
            }
            Answer::Say(reply) => self.say(&reply),
            Answer::HangUp => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Whether the script accepted, or an error when it hung up.
    fn answer(&self, step: Step<'_>, yes: &str) -> io::Result<bool> {
        match (self.sink.shared.script)(step) {
            Answer::Accept => self.say(yes).map(|()| true),
            Answer::Say(reply) => self.say(&reply).map(|()| false),
            Answer::HangUp => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    fn say(&self, reply: &str) -> io::Result<()> {
        let mut stream = self.stream;
        stream.write_all(format!("{reply}\r\n").as_bytes())
    }
}

/// What stands between the brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(path, _)| path.to_owned())
}

fn read_message(lines: &mut impl BufRead) -> io::Result<String> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(String::from_utf8_lossy(&message).into_owned());
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::Smtp;

    #[test]
    fn it_takes_what_the_script_lets_pass() {
        let sink = Sink::scripted(|step| match step {
            Step::Rcpt("later@sink.test") => Answer::Say("450 4.2.0 later".to_owned()),
            Step::Dot(message) if message.contains("never") => Answer::HangUp,
            _ => Answer::Accept,
        });
        let mut client = Smtp::greet(sink.address()).unwrap();
        assert!(client.deliver("a@b.test", &["later@sink.test"], "x").unwrap().defers());
        assert!(client.deliver("a@b.test", &["now@sink.test"], "Subject: x\n\n.dot").unwrap().accepts());
        assert!(client.deliver("a@b.test", &["now@sink.test"], "never").is_err());
        let taken = sink.wait(Duration::from_secs(10), |taken| taken.len() == 1).unwrap();
        assert_eq!((taken[0].from.as_str(), taken[0].to.as_slice()), ("a@b.test", ["now@sink.test".to_owned()].as_slice()));
        assert_eq!((taken[0].header("subject"), taken[0].message.as_str()), (Some("x"), "Subject: x\r\n\r\n.dot\r\n"));
    }
}
