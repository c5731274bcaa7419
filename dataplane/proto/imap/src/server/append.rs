//! APPEND and REPLACE: each message, and each part of one, is offered before its octets are read; they are handed over in
//! one vector.
//!
//! ```text
//!            ┌──────────── accept ────────────┐
//!            ▼                                │
//! line ─▶ Line ──next step──▶ Offered ──accept, its octets follow──▶ Reading ──n octets──▶ Next ──line──▶ Line …
//!            │                   │refused
//!            └── command whole ─▶ AppendEnd
//! ```

use std::collections::VecDeque;

use super::{Event, Phase, Server, State, Then};
use crate::{
    encode,
    fragment::Literal,
    parse::{self, AppendLine, AppendPlace, AppendStart, AppendStep, ParseError},
    types::{AppendLiteral, AppendMessage, CatenatePart, Code, MailboxName, Replaced, Reply, Tag},
};

/// An APPEND under way.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) tag: Tag,
    mailbox: MailboxName,
    replaces: Option<Replaced>,
    /// What the line in hand still holds.
    steps: VecDeque<AppendStep>,
    /// The literal that the line ends in; it belongs to the last step.
    literal: Option<Literal>,
    /// What is open behind the line.
    behind: AppendPlace,
    messages: usize,
    parts: usize,
    pub(super) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The next step of the line is due, or the end.
    Line,
    /// The caller is to accept or refuse.
    Offered,
    /// The octets come.
    Reading,
    /// Another line.
    Next,
}

/// Most messages in one APPEND.
const MAX_MESSAGES: usize = 1024;
/// Most parts in one APPEND, over all its messages.
const MAX_PARTS: usize = 1024;

impl Server {
    /// Accepts the message or part offered: a client that waits is told to send it.
    pub fn accept(&mut self) {
        if let Phase::Append(append) = &mut self.phase
            && append.stage == Stage::Offered
        {
            let Some(literal) = append.literal.filter(|_| append.steps.is_empty()) else {
                append.stage = Stage::Line;
                return;
            };
            append.stage = Stage::Reading;
            self.framer.take_apart(literal);
            if literal.sync {
                encode::continuation(&mut self.output, "OK");
            }
        }
    }

    pub(super) fn append_first(
        &mut self,
        start: Result<(AppendStart, AppendLine), (Tag, ParseError)>,
        literal: Option<Literal>,
    ) -> Option<Event> {
        let (AppendStart { tag, mailbox, replaces }, line) = match start {
            Err((tag, _)) if self.state == State::NotAuthenticated => return self.refuse(literal, Some(tag), Reply::bad("Log in first")),
            Err((tag, error)) => return self.refuse(literal, Some(tag), error.reply()),
            Ok(start) => start,
        };
        if let Err(reply) = self.admit_append(replaces) {
            return self.refuse(literal, Some(tag), reply);
        }
        let (steps, behind) = (line.steps.into(), line.behind);
        self.append_read(Append { tag, mailbox, replaces, steps, literal, behind, messages: 0, parts: 0, stage: Stage::Line })
    }

    /// The line behind the octets of a message or part.
    pub(super) fn append_again(&mut self, append: Append, literal: Option<Literal>) -> Option<Event> {
        match (parse::append_goes_on(self.framer.text(), append.behind, literal.is_some(), self.dialect), literal) {
            (Ok(Some(line)), _) => {
                self.append_read(Append { steps: line.steps.into(), behind: line.behind, literal, stage: Stage::Line, ..append })
            }
            (Ok(None), Some(literal)) => self.literal_inside(literal, Phase::Append(append)),
            (Ok(None), None) => self.refuse(None, Some(append.tag), Reply::bad("Expected a literal")),
            (Err(error), _) => self.refuse(literal, Some(append.tag), error.reply()),
        }
    }

    /// Offers the next thing of the line in hand, or says that the command is whole.
    pub(super) fn append_step(&mut self) -> Option<Event> {
        let mut append = match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Append(append) => append,
            other => {
                self.phase = other;
                return None;
            }
        };
        let Some(step) = append.steps.pop_front() else {
            self.bad = 0;
            self.phase = Phase::Busy(append.tag, Then::Nothing);
            return Some(Event::AppendEnd);
        };
        if let Some(reply) = self.refusal(&append, &step) {
            return self.refuse(append.literal, Some(append.tag), reply);
        }
        let event = match step {
            AppendStep::Message(message) => {
                let (number, replaces) = (append.messages, append.replaces);
                append.messages += 1;
                Event::AppendMessage { tag: append.tag.clone(), mailbox: append.mailbox.clone(), replaces, message, number }
            }
            AppendStep::Part(part) => {
                append.parts += 1;
                Event::AppendPart(part)
            }
        };
        self.phase = Phase::Append(Append { stage: Stage::Offered, ..append });
        Some(event)
    }

    pub(super) fn append_body(&mut self) -> Event {
        if let Phase::Append(append) = &mut self.phase {
            (append.stage, append.literal) = (Stage::Next, None);
        }
        Event::AppendBody(self.framer.body())
    }

    /// The caller wants no more of it.
    pub(super) fn refuse_append(&mut self, append: Append, reply: Reply) {
        match (append.stage, append.literal) {
            (Stage::Offered, Some(literal)) if !literal.sync => self.swallow_append(append.tag, reply, Some(literal)),
            (Stage::Offered, _) => {
                self.framer.finish(false);
                self.answer(Some(&append.tag), &reply);
            }
            (Stage::Next, _) => self.swallow_append(append.tag, reply, None),
            // The octets are under way, or the next step is; the caller has no event to answer.
            (Stage::Reading | Stage::Line, _) => self.phase = Phase::Append(append),
        }
    }

    fn swallow_append(&mut self, tag: Tag, reply: Reply, literal: Option<Literal>) {
        self.framer.swallow(literal);
        self.phase = Phase::Swallowing { tag: Some(tag), reply, tell: false };
    }

    /// Whether the state allows the command.
    fn admit_append(&self, replaces: Option<Replaced>) -> Result<(), Reply> {
        match (self.state, replaces) {
            (State::NotAuthenticated, _) => Err(Reply::bad("Log in first")),
            // RFC 8508 §3: REPLACE is of the selected state.
            (state, Some(_)) if state != State::Selected => Err(Reply::bad("Select a mailbox first")),
            (_, Some(Replaced { uid: false, .. })) if self.dialect.uid_only => {
                Err(Reply::bad("By UID only, as was enabled").with(Code::UidRequired))
            }
            _ => Ok(()),
        }
    }

    /// A line was read. Its text is done with; a literal at its end goes where the caller says.
    fn append_read(&mut self, append: Append) -> Option<Event> {
        if append.literal.is_none() {
            self.framer.finish(false);
        }
        self.phase = Phase::Append(append);
        self.append_step()
    }

    /// What no caller needs to be asked about.
    fn refusal(&self, append: &Append, step: &AppendStep) -> Option<Reply> {
        let most = |n, limit, text| (n >= limit).then(|| Reply::no(text).with(Code::Limit));
        let too_big = |literal: &AppendLiteral| literal.size > self.limits().append;
        match step {
            AppendStep::Message(_) if append.replaces.is_some() && append.messages > 0 => Some(Reply::bad("REPLACE takes one message")),
            AppendStep::Message(AppendMessage { literal: Some(literal), .. }) | AppendStep::Part(CatenatePart::Text(literal))
                if too_big(literal) =>
            {
                Some(Reply::no("Message too large").with(Code::TooBig))
            }
            // RFC 3502 §6.3.11
            AppendStep::Message(AppendMessage { literal: Some(AppendLiteral { size: 0, .. }), .. }) => {
                Some(Reply::no("An empty message is not stored"))
            }
            AppendStep::Message(_) => most(append.messages, MAX_MESSAGES, "Too many messages in one APPEND"),
            AppendStep::Part(_) => most(append.parts, MAX_PARTS, "Too many parts in one APPEND"),
        }
    }
}
