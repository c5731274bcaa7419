//! APPEND: each message is offered before its octets are read, and handed over in one vector.
//!
//! ```text
//! line with {n} ─▶ Offered ──accept──▶ Reading ──n octets──▶ Next ──line with {n}──▶ Offered …
//!                     │refused                                 └────── end of line ──▶ AppendEnd
//! ```

use super::{Event, Phase, Server, State, Then};
use crate::{
    encode,
    fragment::Literal,
    parse::{self, AppendStart, ParseError},
    types::{AppendMessage, Code, MailboxName, Reply, Tag},
};

/// An APPEND under way.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) tag: Tag,
    mailbox: MailboxName,
    literal: Literal,
    number: usize,
    pub(super) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The caller is to accept or refuse.
    Offered,
    /// The octets come.
    Reading,
    /// Another message, or the end.
    Next,
}

/// Most messages in one APPEND.
const MAX_MESSAGES: usize = 1024;

impl Server {
    /// Accepts the message offered: a client that waits is told to send it.
    pub fn accept(&mut self) {
        if let Phase::Append(append) = &mut self.phase
            && append.stage == Stage::Offered
        {
            append.stage = Stage::Reading;
            self.framer.take_apart(append.literal);
            if append.literal.sync {
                encode::continuation(&mut self.output, "OK");
            }
        }
    }

    pub(super) fn append_first(&mut self, start: Result<AppendStart, (Tag, ParseError)>, literal: Literal) -> Option<Event> {
        match start {
            Err((tag, _)) | Ok(AppendStart { tag, .. }) if self.state == State::NotAuthenticated => {
                self.refuse(literal, Some(tag), Reply::bad("Log in first"))
            }
            Err((tag, error)) => self.refuse(literal, Some(tag), error.reply()),
            Ok(AppendStart { tag, mailbox, message }) => {
                let append = Append { tag, mailbox, literal, number: 0, stage: Stage::Offered };
                self.offer(append, message)
            }
        }
    }

    pub(super) fn append_again(&mut self, append: Append, literal: Literal) -> Option<Event> {
        match parse::append_continues(self.framer.text(), self.dialect) {
            Err(error) => self.refuse(literal, Some(append.tag), error.reply()),
            Ok(_) if append.number + 1 == MAX_MESSAGES => {
                self.refuse(literal, Some(append.tag), Reply::no("Too many messages in one APPEND").with(Code::Limit))
            }
            Ok(message) => self.offer(Append { literal, number: append.number + 1, stage: Stage::Offered, ..append }, message),
        }
    }

    /// The line behind a message that holds no further one.
    pub(super) fn append_line(&mut self, append: Append) -> Event {
        let ends = self.framer.text().is_empty();
        self.framer.finish(false);
        if !ends {
            return self.reject(Some(append.tag), &Reply::bad("Expected another message or the end of APPEND"));
        }
        self.bad = 0;
        self.phase = Phase::Busy(append.tag, Then::Nothing);
        Event::AppendEnd
    }

    pub(super) fn append_body(&mut self) -> Event {
        if let Phase::Append(append) = &mut self.phase {
            append.stage = Stage::Next;
        }
        Event::AppendBody(self.framer.body())
    }

    /// The caller wants no more of it.
    pub(super) fn refuse_append(&mut self, append: Append, reply: Reply) {
        match append.stage {
            Stage::Offered if append.literal.sync => {
                self.framer.finish(false);
                self.answer(Some(&append.tag), &reply);
            }
            Stage::Offered => self.swallow_append(append.tag, reply, Some(append.literal)),
            Stage::Next => self.swallow_append(append.tag, reply, None),
            // The octets are under way; the caller has no event to answer.
            Stage::Reading => self.phase = Phase::Append(append),
        }
    }

    fn swallow_append(&mut self, tag: Tag, reply: Reply, literal: Option<Literal>) {
        self.framer.swallow(literal);
        self.phase = Phase::Swallowing { tag: Some(tag), reply, tell: false };
    }

    fn offer(&mut self, append: Append, message: AppendMessage) -> Option<Event> {
        let refusal = if message.size > self.limits().append {
            Some(Reply::no("Message too large").with(Code::TooBig))
        } else if message.size == 0 {
            Some(Reply::no("An empty message is not stored"))
        } else {
            None
        };
        if let Some(reply) = refusal {
            return self.refuse(append.literal, Some(append.tag), reply);
        }
        let event = Event::AppendMessage { tag: append.tag.clone(), mailbox: append.mailbox.clone(), message, number: append.number };
        self.phase = Phase::Append(append);
        Some(event)
    }
}
