//! The server's side of one connection: bytes in, one command at a time out.
//!
//! ```text
//! loop {
//!     server.input(bytes from the socket)          while server.wants_input()
//!     while let Some(event) = server.next() {
//!         act; write untagged answers into server.output(); server.complete(reply)
//!     }
//!     write server.output() to the socket
//! }
//! ```
//!
//! After [`Event::Command`] the next one comes only when [`Server::complete`] has answered it, so
//! pipelined commands are done in order and the ambiguities of RFC 9051 §5.5 cannot arise. What a
//! state does not allow, what cannot be parsed and what is too large is answered here; the caller
//! sees [`Event::Rejected`] and has nothing to do.

mod append;
mod capability;
mod dispatch;
mod event;
mod input;
mod state;

pub use capability::{Capabilities, Channel, Config};
pub use event::Event;
pub use state::State;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    encode,
    fragment::{Framer, Limits},
    types::{Code, Condition, Dialect, Reply, Tag},
};
use append::{Append, Stage};

/// So many bad commands in a row end the session.
const PATIENCE: u8 = 10;

/// What is under way.
#[derive(Debug)]
enum Phase {
    /// Nothing: the next command may come.
    Ready,
    /// The caller has a command.
    Busy(Tag, Then),
    /// The client's next line of a SASL exchange.
    Response(Tag),
    /// DONE.
    Idle(Tag),
    /// Messages of APPEND.
    Append(Append),
    /// The end of a refused command; then the answer. `tell` says whether the caller hears of it.
    Swallowing { tag: Option<Tag>, reply: Reply, tell: bool },
    /// TLS or compression is being set up; input is not ours.
    Handshake,
    /// The caller is to hear that it is over.
    Closing,
    /// It is over.
    Closed,
}

/// What OK changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Nothing,
    Authenticated,
    Selected,
    Unselected,
    StartTls,
    Compress,
    NotAuthenticated,
    Closed,
}

/// The machine. It holds what the connection is in the midst of and nothing of mail.
#[derive(Debug)]
pub struct Server {
    framer: Framer,
    output: Vec<u8>,
    config: Arc<Config>,
    channel: Channel,
    state: State,
    phase: Phase,
    dialect: Dialect,
    bad: u8,
}

impl Server {
    /// A connection just made; [`Server::greet`] is next.
    #[must_use]
    pub fn new(config: Arc<Config>, channel: Channel) -> Self {
        Self {
            framer: Framer::default(),
            output: Vec::new(),
            config,
            channel,
            state: State::NotAuthenticated,
            phase: Phase::Ready,
            dialect: Dialect::REV1,
            bad: 0,
        }
    }

    /// Writes the greeting with the capabilities (RFC 9051 §7.1.1).
    pub fn greet(&mut self, text: &'static str) {
        let code = Code::Capability(self.capabilities().to_string());
        encode::untagged(&mut self.output, &Reply::ok(text).with(code));
    }

    /// Takes bytes from the socket. Ignored while TLS is set up and after the end.
    pub fn input(&mut self, bytes: &[u8]) {
        if !matches!(self.phase, Phase::Handshake | Phase::Closing | Phase::Closed) {
            self.framer.input(bytes);
        }
    }

    /// Whether more input is of use now. False holds the client back while a command is at work and enough waits behind it.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        match self.phase {
            Phase::Handshake | Phase::Closing | Phase::Closed => false,
            Phase::Busy(..) => self.framer.pending() < self.limits().command,
            Phase::Append(ref append) if append.stage <= Stage::Offered => self.framer.pending() < self.limits().command,
            _ => true,
        }
    }

    /// The next event; `None` needs input, or an answer to the event before.
    #[expect(clippy::should_implement_trait, reason = "None is not the end but a wish for input")]
    pub fn next(&mut self) -> Option<Event> {
        loop {
            match self.phase {
                Phase::Closing => {
                    self.phase = Phase::Closed;
                    return Some(Event::Closed);
                }
                Phase::Busy(..) | Phase::Handshake | Phase::Closed => return None,
                Phase::Append(ref append) if append.stage == Stage::Offered => return None,
                Phase::Append(ref append) if append.stage == Stage::Line => {
                    if let Some(event) = self.append_step() {
                        return Some(event);
                    }
                    continue;
                }
                _ => {}
            }
            let piece = self.framer.next(&self.limits())?;
            if let Some(event) = self.piece(piece) {
                return Some(event);
            }
        }
    }

    /// What is to be sent: drain it. Untagged answers are written here too, by [`crate::encode`].
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Answers the command, at whatever stage it is, and lets the next one come.
    ///
    /// OK changes the state as the command says; OK to a login gains the CAPABILITY code, and OK to
    /// LOGOUT the BYE before it. A message offered by APPEND is refused by this: a synchronising
    /// literal is then never sent, any other is swallowed. Without a command it does nothing.
    pub fn complete(&mut self, mut reply: Reply) {
        match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Busy(tag, then) => {
                if reply.condition == Condition::Ok {
                    self.apply(then, &mut reply);
                }
                self.answer(Some(&tag), &reply);
            }
            Phase::Response(tag) | Phase::Idle(tag) => self.answer(Some(&tag), &reply),
            Phase::Append(append) => self.refuse_append(append, reply),
            other => self.phase = other,
        }
    }

    /// Asks for the next line of a SASL exchange: `+ base64` (RFC 9051 §6.2.2). Only while AUTHENTICATE is at work.
    pub fn challenge(&mut self, challenge: &[u8]) {
        if let Phase::Busy(tag, Then::Authenticated) = &self.phase {
            self.phase = Phase::Response(tag.clone());
            encode::continuation(&mut self.output, &STANDARD.encode(challenge));
        }
    }

    /// Enters IDLE (RFC 2177): `+ idling`. Untagged answers may be written at any time until [`Event::IdleDone`].
    pub fn idle(&mut self) {
        if let Phase::Busy(tag, Then::Nothing) = &self.phase {
            self.phase = Phase::Idle(tag.clone());
            encode::continuation(&mut self.output, "idling");
        }
    }

    /// TLS stands: the session begins anew, without a greeting (RFC 9051 §6.2.1). `binding`: it has an exporter.
    pub fn tls_started(&mut self, binding: bool) {
        if matches!(self.phase, Phase::Handshake) {
            self.channel = Channel { tls: true, binding, ..self.channel };
            self.phase = Phase::Ready;
        }
    }

    /// Compression stands: what comes next is read (RFC 4978).
    pub fn compression_started(&mut self) {
        if matches!(self.phase, Phase::Handshake) {
            self.channel = Channel { compressed: true, ..self.channel };
            self.phase = Phase::Ready;
        }
    }

    /// Ends the session: `* BYE text`. [`Event::Closed`] follows.
    pub fn bye(&mut self, reply: &Reply) {
        if !matches!(self.phase, Phase::Closing | Phase::Closed) {
            self.state = State::Logout;
            self.phase = Phase::Closing;
            self.framer.discard();
            encode::untagged(&mut self.output, reply);
        }
    }

    /// The mailbox is gone, or another session took it away: back to the authenticated state.
    pub fn deselect(&mut self) {
        if self.state == State::Selected {
            self.state = State::Authenticated;
        }
    }

    /// Gives back memory that an idle session does not need.
    pub fn shrink(&mut self) {
        self.framer.shrink();
        if self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    /// The session's state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How names and strings are to be written, and which revision's answers are due.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether no command is under way: untagged answers may be written.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    /// Whether IDLE is under way.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle(_))
    }

    /// What is implemented for the state.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { config: &self.config, channel: self.channel, state: self.state }
    }

    fn limits(&self) -> Limits {
        if self.state == State::NotAuthenticated { Limits::BEFORE_LOGIN } else { Limits::after_login(self.config.append_limit) }
    }

    /// Answers in the caller's place. Too much that is BAD ends the session.
    fn reject(&mut self, tag: Option<Tag>, reply: &Reply) -> Event {
        self.phase = Phase::Ready;
        self.answer(tag.as_ref(), reply);
        if reply.condition == Condition::Bad {
            self.bad += 1;
            if self.bad >= PATIENCE {
                self.bye(&Reply::bye("Too many bad commands").with(Code::ClientBug));
            }
        }
        Event::Rejected { tag, reply: reply.clone() }
    }

    fn answer(&mut self, tag: Option<&Tag>, reply: &Reply) {
        match tag {
            Some(tag) => encode::tagged(&mut self.output, tag, reply),
            None => encode::untagged(&mut self.output, reply),
        }
    }
}
