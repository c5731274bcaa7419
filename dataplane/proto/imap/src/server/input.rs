//! Pieces of input, by what is under way: a command, a SASL response, DONE, a message of APPEND.

use super::{Event, Phase, Server, State, Then};
use crate::{
    encode,
    fragment::{Literal, Piece},
    parse,
    types::{Code, Reply, Tag},
};

impl Server {
    /// One piece of a command.
    pub(super) fn piece(&mut self, piece: Piece) -> Option<Event> {
        match piece {
            Piece::Command => self.line(),
            Piece::Literal(literal) => self.literal(literal),
            Piece::Body => Some(self.append_body()),
            Piece::TooLong => {
                let tag = self.current_tag();
                self.framer.swallow(None);
                self.phase = Phase::Swallowing { tag, reply: Reply::bad("Command too long"), tell: true };
                None
            }
            Piece::Swallowed => match std::mem::replace(&mut self.phase, Phase::Ready) {
                Phase::Swallowing { tag, reply, tell: true } => Some(self.reject(tag, &reply)),
                Phase::Swallowing { tag, reply, tell: false } => {
                    self.answer(tag.as_ref(), &reply);
                    None
                }
                other => {
                    self.phase = other;
                    None
                }
            },
            Piece::Hopeless => {
                self.bye(&Reply::bye("Too much to read to the end of the command").with(Code::TooBig));
                None
            }
        }
    }

    /// A whole line or command, by what is under way.
    fn line(&mut self) -> Option<Event> {
        match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Response(tag) => Some(self.sasl_line(tag)),
            Phase::Idle(tag) => Some(self.idle_line(tag)),
            Phase::Append(append) => self.append_again(append, None),
            _ => {
                if let Some(start) = parse::append_starts(self.framer.text(), false, self.dialect) {
                    return self.append_first(start, None);
                }
                let parsed = parse::command(self.framer.text(), self.dialect);
                self.framer.finish(self.state == State::NotAuthenticated);
                match parsed {
                    Ok((tag, command)) => self.dispatch(tag, command),
                    Err(rejection) => Some(self.reject(rejection.tag, &rejection.error.reply())),
                }
            }
        }
    }

    fn sasl_line(&mut self, tag: Tag) -> Event {
        let text = self.framer.text();
        // RFC 9051 §6.2.2: a single * cancels, and is answered BAD.
        let response = if text == b"*" { None } else { Some(parse::response(text)) };
        self.framer.finish(true);
        match response {
            Some(Ok(response)) => {
                self.phase = Phase::Busy(tag, Then::Authenticated);
                Event::AuthenticateResponse(response)
            }
            Some(Err(error)) => self.reject(Some(tag), &error.reply()),
            None => self.reject(Some(tag), &Reply::bad("Authentication cancelled")),
        }
    }

    fn idle_line(&mut self, tag: Tag) -> Event {
        let done = self.framer.text().eq_ignore_ascii_case(b"DONE");
        self.framer.finish(false);
        if !done {
            return self.reject(Some(tag), &Reply::bad("Expected DONE"));
        }
        self.phase = Phase::Busy(tag, Then::Nothing);
        Event::IdleDone
    }

    /// A literal's header: in the midst of a command, or before a message.
    fn literal(&mut self, literal: Literal) -> Option<Event> {
        match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Response(tag) | Phase::Idle(tag) => self.refuse(Some(literal), Some(tag), Reply::bad("No literal is expected here")),
            Phase::Append(append) => self.append_again(append, Some(literal)),
            phase => match parse::append_starts(self.framer.text(), true, self.dialect) {
                Some(start) => self.append_first(start, Some(literal)),
                None => self.literal_inside(literal, phase),
            },
        }
    }

    /// A literal that is text of the command; `phase` goes on.
    pub(super) fn literal_inside(&mut self, literal: Literal, phase: Phase) -> Option<Event> {
        self.phase = phase;
        let limits = self.limits();
        let too_large = self.framer.length_with(literal) > limits.command as u64;
        // RFC 7888 §5: with LITERAL-, a non-synchronising literal has at most 4096 octets.
        if too_large || (!literal.sync && literal.size > limits.non_sync) {
            let tag = self.current_tag();
            return self.refuse(Some(literal), tag, Reply::bad("Literal too large").with(Code::TooBig));
        }
        self.framer.keep_inside(literal);
        if literal.sync {
            encode::continuation(&mut self.output, "OK");
        }
        None
    }

    /// Refuses the command at a literal, or at its end. What waits for `+` will not be sent, any other is swallowed (RFC 7888 §4).
    pub(super) fn refuse(&mut self, literal: Option<Literal>, tag: Option<Tag>, reply: Reply) -> Option<Event> {
        match literal {
            Some(literal) if !literal.sync => {
                self.framer.swallow(Some(literal));
                self.phase = Phase::Swallowing { tag, reply, tell: true };
                None
            }
            _ => {
                self.framer.finish(self.state == State::NotAuthenticated);
                Some(self.reject(tag, &reply))
            }
        }
    }

    /// The tag of the command under way, or of the one that begins the text.
    fn current_tag(&self) -> Option<Tag> {
        match &self.phase {
            Phase::Busy(tag, _) | Phase::Response(tag) | Phase::Idle(tag) => Some(tag.clone()),
            Phase::Append(append) => Some(append.tag.clone()),
            _ => self.framer.text().split(|&b| b == b' ').next().and_then(|bytes| Tag::new(bytes).ok()),
        }
    }
}
