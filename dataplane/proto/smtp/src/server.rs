//! The server's half of an SMTP session, from the greeting to the close (RFC 5321 §3, §4).
//!
//! ```text
//!            ┌──────────── Asked ◀── a command that the caller decides ──┐
//!            ▼ answer                                                     │
//! greet ─▶ Command ─▶ Body (DATA) / Chunk (BDAT) ─▶ Asked(Message) ─▶ Command ─▶ Closed
//!            └─▶ AuthResponse      └─▶ Handover (STARTTLS) ─▶ start_tls ─▶ Command
//! ```
//!
//! The machine knows the protocol: order of commands, sizes, limits, encodings. It does not know addresses: the caller
//! keeps the envelope from [`Event::Mail`] and [`Event::Rcpt`] and drops it at [`Event::Hello`], [`Event::Reset`],
//! [`Event::BodyRefused`], after its answer to [`Event::Message`] and when it refuses [`Event::Data`].
//!
//! The loop of a caller: `input(bytes)`; `while let Some(event) = next() { answer }`; write and clear `output()`; read
//! again. Replies to pipelined commands so leave in one write (RFC 2920 §3.2). Feed no more until the output is written.
//!
//! Decisions: a bare CR or LF in a message refuses it with 550 on every port, and in a command with 500. A NUL is taken
//! only with BODY=BINARYMIME, for nothing that reads mail can show it. A refused BDAT is swallowed and its transaction
//! ends (RFC 3030 §2 leaves the state open; so it is certain).

mod auth;
mod body;
mod command;
mod config;
mod event;
mod hello;

use std::sync::Arc;

pub use config::Config;
pub use event::{BodyFault, Closing, Event, PlaintextBehindStartTls};
use postern_core::envelope::BodyType;

use self::body::{Chunk, Collected, Receiving};
use crate::{
    dialogue::Dialogue,
    line::Inbox,
    reply::{Reply, standard},
};

/// One session.
#[derive(Debug)]
pub struct Server {
    config: Arc<Config>,
    inbox: Inbox,
    output: Vec<u8>,
    state: State,
    /// How the client said hello: `Some(true)` for EHLO.
    hello: Option<bool>,
    authenticated: bool,
    transaction: Option<Transaction>,
    errors: u32,
    dialogue: Dialogue,
}

#[derive(Debug)]
enum State {
    /// The next line is a command.
    Command,
    /// The next line answers a challenge.
    AuthResponse,
    /// The octets are a message's, up to its dot.
    Body(Box<Receiving>),
    /// The octets are a chunk's.
    Chunk(Box<Chunk>),
    /// The caller has not answered yet.
    Asked(Question),
    /// 220 was said to STARTTLS.
    Handover,
    /// Closed, not yet told.
    Closing(Closing),
    Closed,
}

/// What the caller was asked.
#[derive(Debug)]
enum Question {
    Hello { extended: bool },
    Mail(Transaction),
    Rcpt,
    Data,
    Bdat { size: u64, last: bool },
    Message,
    StartTls,
    Auth,
}

/// What the machine must know of the transaction.
#[derive(Debug)]
struct Transaction {
    recipients: u32,
    body: BodyType,
    smtputf8: bool,
    /// SIZE=, a hint for the first allocation.
    declared: u64,
    /// What BDAT brought so far.
    collected: Option<Collected>,
}

impl Server {
    /// A session that has said nothing yet.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        let dialogue = Dialogue::new(config.record);
        Self {
            config,
            inbox: Inbox::default(),
            output: Vec::new(),
            state: State::Command,
            hello: None,
            authenticated: false,
            transaction: None,
            errors: 0,
            dialogue,
        }
    }

    /// Takes what was received.
    pub fn input(&mut self, bytes: &[u8]) {
        if self.is_closed() {
            return;
        }
        // A message's octets go where they belong without a stop in between.
        let direct = if self.inbox.is_empty() { self.feed_body(bytes) } else { 0 };
        if let Some(rest) = bytes.get(direct..).filter(|rest| !rest.is_empty()) {
            self.inbox.push(rest);
        }
    }

    /// The next event; `None` when more input or an answer is needed.
    #[expect(clippy::should_implement_trait, reason = "a machine is not an iterator: None is not its end")]
    pub fn next(&mut self) -> Option<Event> {
        loop {
            let event = match &mut self.state {
                State::Asked(_) | State::Handover | State::Closed => return None,
                State::Closing(why) => {
                    let why = *why;
                    self.state = State::Closed;
                    self.inbox.clear();
                    return Some(Event::Closed(why));
                }
                State::Command => self.command()?,
                State::AuthResponse => self.auth_response()?,
                State::Body(_) | State::Chunk(_) => self.body()?,
            };
            if event.is_some() {
                return event;
            }
        }
    }

    /// What is to be sent; the caller drains it.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Says 220 with our name.
    pub fn greet(&mut self) {
        let from = self.output.len();
        self.output.extend_from_slice(b"220 ");
        self.output.extend_from_slice(self.config.hostname.as_bytes());
        self.output.extend_from_slice(b" ESMTP Postern\r\n");
        self.record_from(from);
    }

    /// Says a last reply (421, or 554 in place of the greeting) and closes, whatever the state.
    pub fn close_with(&mut self, reply: &Reply) {
        if !self.is_closed() {
            self.say(reply);
            self.state = State::Closed;
            self.transaction = None;
            self.inbox.clear();
        }
    }

    /// Answers the event at hand with its usual 2xx (for [`Event::Data`]: 354, without a prefix).
    pub fn accept(&mut self) {
        match std::mem::replace(&mut self.state, State::Command) {
            State::Asked(Question::Hello { extended }) => self.hello_accepted(extended),
            State::Asked(question @ (Question::Data | Question::Bdat { .. })) => {
                self.state = State::Asked(question);
                self.accept_data(Vec::new());
            }
            State::Asked(question) => {
                let reply = match question {
                    Question::Mail(_) => standard::SENDER_OK,
                    Question::Rcpt => standard::RECIPIENT_OK,
                    Question::Message => standard::MESSAGE_OK,
                    Question::StartTls => standard::READY_FOR_TLS,
                    _ => standard::AUTHENTICATED,
                };
                self.state = State::Asked(question);
                self.accept_as(&reply);
            }
            other => self.state = other,
        }
    }

    /// Answers the event at hand with a 2xx of the caller's, such as one with the message's id. For [`Event::Hello`] and
    /// [`Event::Data`] the reply is fixed by the protocol and this is [`Server::accept`].
    pub fn accept_as(&mut self, reply: &Reply) {
        match std::mem::replace(&mut self.state, State::Command) {
            State::Asked(Question::Mail(transaction)) => self.transaction = Some(transaction),
            State::Asked(Question::Rcpt) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipients += 1;
                }
            }
            State::Asked(Question::Message) => {
                self.transaction = None;
                self.errors = 0;
            }
            State::Asked(Question::StartTls) => self.state = State::Handover,
            State::Asked(Question::Auth) => self.authenticated = true,
            State::Asked(question) => {
                self.state = State::Asked(question);
                return self.accept();
            }
            other => {
                self.state = other;
                return;
            }
        }
        self.say(reply);
    }

    /// Answers the event at hand with a 4xx or 5xx; 421 closes.
    pub fn refuse(&mut self, reply: impl Into<Reply>) {
        let reply = reply.into();
        match std::mem::replace(&mut self.state, State::Command) {
            State::Asked(Question::Bdat { size, last }) if !reply.closes() => {
                self.transaction = None;
                self.state = State::Chunk(Box::new(Chunk::refused(size, last, reply)));
                return;
            }
            // RFC 5321 §4.1.1.4: whatever is said to the end of data, the buffers are cleared. Refusing DATA itself
            // leaves nothing to go on with either.
            State::Asked(Question::Message | Question::Data | Question::Bdat { .. }) => self.transaction = None,
            State::Asked(_) => {}
            other => {
                self.state = other;
                return;
            }
        }
        self.fault(&reply);
    }

    /// Whether AUTH succeeded on this channel.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// Whether the client said EHLO, for `with ESMTP` (RFC 3848).
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.hello == Some(true)
    }

    /// Whether a transaction is open: a drain waits for its end.
    #[must_use]
    pub const fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Whether a message is being received, which has a time limit of its own.
    #[must_use]
    pub const fn is_receiving(&self) -> bool {
        matches!(self.state, State::Body(_) | State::Chunk(_))
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Refused commands since the last good message.
    #[must_use]
    pub const fn errors(&self) -> u32 {
        self.errors
    }

    /// What was said since the last call, when [`Config::record`] is set.
    pub fn take_dialogue(&mut self) -> String {
        self.dialogue.take()
    }

    /// Gives back memory that an idle session does not need: call it before waiting long.
    pub fn shrink(&mut self) {
        self.inbox.shrink();
        if self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    fn say(&mut self, reply: &Reply) {
        let from = self.output.len();
        reply.write(&mut self.output);
        self.record_from(from);
        if reply.closes() {
            self.state = State::Closing(Closing::Caller);
        }
    }

    /// Says a refusal and counts it.
    fn fault(&mut self, reply: &Reply) {
        self.say(reply);
        // 4xx is as often our fault as theirs.
        self.errors += u32::from(reply.code >= 500);
        if self.errors > self.config.max_errors && !matches!(self.state, State::Closing(_)) {
            self.say(&standard::TOO_MANY_ERRORS);
            self.state = State::Closing(Closing::TooManyErrors);
        }
    }

    fn record_from(&mut self, from: usize) {
        if self.config.record
            && let Some(said) = self.output.get(from..)
        {
            self.dialogue.server(said);
        }
    }
}
