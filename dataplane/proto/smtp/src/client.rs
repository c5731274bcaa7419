//! The client's half of an SMTP session: greeting, EHLO, STARTTLS, login, then any number of transactions.
//!
//! ```text
//! Greeting ─▶ Hello ─▶ (StartTls ─▶ Handover ─▶ Hello) ─▶ (Auth) ─▶ Ready ⇄ Sending
//!                                                                     └─▶ Quit ─▶ Closed
//! ```
//!
//! The loop of a caller: read, `input`; `while let Some(event) = next()`; write and clear `output()`. At
//! [`Event::Flush`] it writes before it asks on. When the connection ends or time runs out, [`Client::disconnected`]
//! tells what that means for each recipient.
//!
//! The machine emits CRLF line ends only: a message with a CR or LF alone is not sent (see [`Transaction`]). It does not
//! choose servers, count attempts or verify certificates.

mod capabilities;
mod config;
mod event;
mod login;
mod reply;
mod sending;
mod transaction;

use std::time::Duration;

pub use capabilities::Capabilities;
pub use config::{Config, StartTls};
pub use event::{Cause, Event, Failure, RecipientOutcome, Stage};
pub use login::ResponseBehindStartTls;
use postern_core::EnhancedCode;
pub use reply::ServerReply;
pub use transaction::Transaction;

use self::{
    reply::Collector,
    sending::{Progress, Sending},
};
use crate::{
    dialogue::Dialogue,
    limits,
    line::{Inbox, Line},
};

/// One session.
#[derive(Debug)]
pub struct Client {
    config: Config,
    inbox: Inbox,
    output: Vec<u8>,
    state: State,
    collector: Collector,
    offers: Capabilities,
    /// TLS was begun on this session.
    secured: bool,
    /// A transaction was left half-way: the next begins with RSET.
    dirty: bool,
    /// An outcome that needed no octet of the server.
    immediate: Option<Vec<RecipientOutcome>>,
    dialogue: Dialogue,
}

#[derive(Debug)]
enum State {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Handover,
    Auth,
    Ready,
    Sending(Box<Sending>),
    Quit,
    /// Over, not yet told.
    Closing,
    Closed,
}

impl Client {
    /// A session on a fresh connection: the server speaks first.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let dialogue = Dialogue::new(config.record);
        Self {
            config,
            inbox: Inbox::default(),
            output: Vec::new(),
            state: State::Greeting,
            collector: Collector::default(),
            offers: Capabilities::default(),
            secured: false,
            dirty: false,
            immediate: None,
            dialogue,
        }
    }

    /// Takes what was received.
    pub fn input(&mut self, bytes: &[u8]) {
        if !self.is_closed() {
            self.inbox.push(bytes);
        }
    }

    /// The next event; `None` when more input is needed, or a call in [`Event::Ready`] or [`Event::StartTls`].
    #[expect(clippy::should_implement_trait, reason = "a machine is not an iterator: None is not its end")]
    pub fn next(&mut self) -> Option<Event> {
        if let Some(outcomes) = self.immediate.take() {
            return Some(Event::Sent(outcomes));
        }
        loop {
            if let State::Sending(sending) = &mut self.state
                && sending.write_block(&mut self.output)
            {
                return Some(Event::Flush);
            }
            match self.state {
                State::Closed | State::Handover => return None,
                State::Closing => {
                    self.close();
                    return Some(Event::Closed);
                }
                _ => {}
            }
            let reply = match self.inbox.line(limits::REPLY_LINE) {
                Line::Incomplete => return None,
                Line::Bare | Line::TooLong => return Some(self.broken(Cause::Malformed)),
                Line::Whole(line) => {
                    let line = self.inbox.slice(line);
                    self.dialogue.server(line);
                    match self.collector.line(line) {
                        Ok(None) => continue,
                        Ok(Some(reply)) => reply,
                        Err(_) => return Some(self.broken(Cause::Malformed)),
                    }
                }
            };
            let event = self.reply(reply);
            if event.is_some() {
                return event;
            }
        }
    }

    /// What is to be sent; the caller drains it.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Begins a transaction; its outcome comes as [`Event::Sent`], at once when this server cannot take the message.
    ///
    /// # Errors
    /// Gives the transaction back when the session is not ready.
    pub fn send(&mut self, transaction: Transaction) -> Result<(), Box<Transaction>> {
        if !self.is_ready() {
            return Err(Box::new(transaction));
        }
        match transaction.form(&self.offers, self.config.chunking) {
            _ if transaction.envelope.recipients.is_empty() => self.immediate = Some(Vec::new()),
            Err(reply) => {
                let outcome = RecipientOutcome { stage: Stage::Check, reply };
                self.immediate = Some(vec![outcome; transaction.envelope.recipients.len()]);
            }
            Ok(form) => {
                let mut sending = Box::new(Sending::new(transaction, form, std::mem::take(&mut self.dirty)));
                let from = self.output.len();
                sending.write(&self.offers, &mut self.output);
                self.record_from(from);
                self.state = State::Sending(sending);
            }
        }
        Ok(())
    }

    /// Ends a ready session politely; [`Event::Closed`] follows. Elsewhere it does nothing: drop the connection.
    pub fn quit(&mut self) {
        if self.is_ready() {
            self.command(b"QUIT\r\n");
            self.state = State::Quit;
        }
    }

    /// Says RSET before the next transaction; for a caller that gave one up elsewhere.
    pub const fn reset(&mut self) {
        self.dirty = true;
    }

    /// The connection ended, or waiting took too long: what that means. `None` when nothing was open.
    pub fn disconnected(&mut self) -> Option<Event> {
        if let State::Sending(sending) = &mut self.state {
            sending.stop_writing();
        }
        // A last reply may lie unread: 421, or a refusal in the middle of the message.
        if let Some(event) = self.next().filter(|event| *event != Event::Flush) {
            return Some(event);
        }
        match self.state {
            State::Closed | State::Quit => {
                self.close();
                None
            }
            _ => Some(self.broken(Cause::Lost)),
        }
    }

    /// Whether [`Client::send`] may be called.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready) && self.immediate.is_none()
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Whether TLS was begun by STARTTLS.
    #[must_use]
    pub const fn is_secured(&self) -> bool {
        self.secured
    }

    /// What the server offers.
    #[must_use]
    pub const fn offers(&self) -> &Capabilities {
        &self.offers
    }

    /// The stage whose reply is awaited.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Greeting => Stage::Greeting,
            State::Ehlo | State::Helo => Stage::Hello,
            State::StartTls | State::Handover => Stage::StartTls,
            State::Auth => Stage::Auth,
            State::Sending(sending) => sending.stage(),
            State::Ready | State::Quit | State::Closing | State::Closed => Stage::Idle,
        }
    }

    /// How long to wait for that reply (RFC 5321 §4.5.3.2).
    #[must_use]
    pub fn timeout(&self) -> Duration {
        match self.stage() {
            Stage::Greeting => limits::GREETING_TIMEOUT,
            Stage::Data => limits::DATA_TIMEOUT,
            Stage::EndOfData => limits::END_OF_DATA_TIMEOUT,
            Stage::Rcpt => limits::RCPT_TIMEOUT,
            _ => limits::MAIL_TIMEOUT,
        }
    }

    /// What was said since the last call, when [`Config::record`] is set.
    pub fn take_dialogue(&mut self) -> String {
        self.dialogue.take()
    }

    fn reply(&mut self, reply: ServerReply) -> Option<Event> {
        // RFC 5321 §3.8: 421 may answer anything.
        if reply.code == 421 && !matches!(self.state, State::Quit) {
            return Some(self.broken(Cause::Refused(reply)));
        }
        match &mut self.state {
            State::Greeting if reply.code == 220 => {
                self.say_hello(true);
                None
            }
            State::Ehlo if reply.is_positive() => {
                self.offers = Capabilities::parse(&reply.text);
                self.after_hello()
            }
            State::Helo if reply.is_positive() => self.after_hello(),
            // RFC 5321 §3.2: a server that does not know EHLO is asked with HELO.
            State::Ehlo if reply.is_permanent() => {
                self.say_hello(false);
                None
            }
            State::StartTls if reply.code == 220 => {
                self.state = State::Handover;
                Some(Event::StartTls)
            }
            State::StartTls if self.config.starttls == StartTls::IfOffered => self.log_in(),
            State::Auth if reply.is_positive() => Some(self.ready()),
            State::Sending(sending) => {
                let from = self.output.len();
                let progress = sending.reply(reply, &mut self.output);
                if let Progress::Open = progress {
                    sending.write(&self.offers, &mut self.output);
                    self.record_from(from);
                    return None;
                }
                let Progress::Over { dirty } = progress else { return None };
                self.dirty = dirty;
                match std::mem::replace(&mut self.state, State::Ready) {
                    State::Sending(sending) => Some(Event::Sent(sending.finish())),
                    _ => None,
                }
            }
            State::Quit => {
                self.close();
                Some(Event::Closed)
            }
            // A reply that nobody asked for, or a refusal.
            _ => Some(self.broken(Cause::Refused(reply))),
        }
    }

    fn command(&mut self, command: &[u8]) {
        self.output.extend_from_slice(command);
        self.dialogue.client(command);
    }

    /// The session cannot go on: the outcome of the open transaction, or a failure.
    fn broken(&mut self, cause: Cause) -> Event {
        let stage = self.stage();
        let failure = Failure { stage, cause };
        if let State::Sending(mut sending) = std::mem::replace(&mut self.state, State::Closing) {
            let reply = match failure.cause {
                Cause::Refused(reply) => reply,
                _ => {
                    let outcome = failure.outcome();
                    ServerReply::ours(outcome.code, EnhancedCode(outcome.enhanced.0, outcome.enhanced.1), &outcome.text)
                }
            };
            sending.decide_rest(stage, &reply);
            return Event::Sent(sending.finish());
        }
        self.close();
        Event::Failed(failure)
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.inbox.clear();
    }

    fn record_from(&mut self, from: usize) {
        if self.config.record
            && let Some(said) = self.output.get(from..)
        {
            self.dialogue.client(said);
        }
    }
}
