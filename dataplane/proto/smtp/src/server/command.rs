//! A command line, whether it may come now, and what becomes of it: the machine's own reply or a question.

use postern_core::{
    Address,
    envelope::{BodyType, ReversePath},
};

use super::{Closing, Event, Question, Server, State, Transaction};
use crate::{
    Command, CommandError, ForwardPath, MailParams, RcptParams, limits,
    line::Line,
    params::ParamError,
    reply::{Reply, standard},
};

impl Server {
    /// Takes one line. Outer `None`: there is none yet; inner `None`: nothing to tell.
    pub(super) fn command(&mut self) -> Option<Option<Event>> {
        // RFC 4954 §4: only AUTH may be so long.
        let longest = if self.config.auth.is_empty() { limits::COMMAND_LINE } else { limits::AUTH_LINE };
        let line = match self.inbox.line(longest) {
            Line::Incomplete => return None,
            Line::Whole(line) => line,
            Line::Bare => return Some(self.told(&standard::BAD_LINE)),
            Line::TooLong => return Some(self.told(&standard::LINE_TOO_LONG)),
        };
        let line = self.inbox.slice(line);
        if line.len() + 2 > limits::COMMAND_LINE && !line.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH ")) {
            return Some(self.told(&standard::LINE_TOO_LONG));
        }
        let command = Command::parse(line);
        if self.config.record {
            match &command {
                Ok(Command::Auth { mechanism, .. }) => self.dialogue.client(&[b"AUTH ", mechanism.as_bytes(), b" ***"].concat()),
                _ => self.dialogue.client(line),
            }
        }
        Some(match command {
            Err(error) => self.told(&error.reply()),
            Ok(Command::Helo(name)) => {
                let name = name.to_owned();
                self.said_hello(name, false)
            }
            Ok(Command::Ehlo(name)) => {
                let name = name.to_owned();
                self.said_hello(name, true)
            }
            Ok(Command::Mail { sender, params }) => self.mail(sender, params),
            Ok(Command::Rcpt { recipient, params }) => self.rcpt(recipient, params),
            Ok(Command::Data) => self.data(),
            Ok(Command::Bdat { size, last }) => self.bdat(size, last),
            Ok(Command::Rset) => {
                self.transaction = None;
                self.say(&standard::OK);
                Some(Event::Reset)
            }
            Ok(Command::Noop) => self.plainly(&standard::OK),
            Ok(Command::Help) => self.plainly(&standard::HELP),
            Ok(Command::Vrfy) => self.plainly(&standard::CANNOT_VERIFY),
            Ok(Command::Expn) => self.told(&standard::NOT_OFFERED),
            Ok(Command::Quit) => {
                self.transaction = None;
                self.say(&standard::BYE);
                self.state = State::Closing(Closing::Quit);
                None
            }
            Ok(Command::StartTls) => self.starttls(),
            Ok(Command::Auth { mechanism, initial }) => {
                // Both borrow the inbox, and few sessions come here.
                let (mechanism, initial) = (mechanism.to_owned(), initial.map(str::to_owned));
                self.auth(&mechanism, initial.as_deref())
            }
        })
    }

    /// Asks the caller.
    pub(super) fn ask(&mut self, question: Question, event: Event) -> Option<Event> {
        self.state = State::Asked(question);
        Some(event)
    }

    /// Refuses by ourselves.
    pub(super) fn told(&mut self, reply: &Reply) -> Option<Event> {
        self.fault(reply);
        None
    }

    fn plainly(&mut self, reply: &Reply) -> Option<Event> {
        self.say(reply);
        None
    }

    fn said_hello(&mut self, name: String, extended: bool) -> Option<Event> {
        self.ask(Question::Hello { extended }, Event::Hello { name, extended })
    }

    fn mail(&mut self, sender: ReversePath, params: MailParams) -> Option<Event> {
        if self.hello.is_none() {
            return self.told(&standard::HELLO_FIRST);
        }
        if self.transaction.is_some() {
            return self.told(&standard::NESTED_MAIL);
        }
        if self.config.auth_required && !self.authenticated {
            return self.told(&standard::AUTH_REQUIRED);
        }
        if !self.offered(&params) {
            return self.told(&CommandError::Param(ParamError::Unknown).reply());
        }
        if sender.as_ref().is_some_and(Address::needs_utf8) && !params.smtputf8 {
            return self.told(&standard::NEEDS_SMTPUTF8);
        }
        if params.size.is_some_and(|size| size > self.config.max_size) {
            return self.told(&standard::TOO_BIG);
        }
        let transaction = Transaction {
            recipients: 0,
            body: params.body.unwrap_or_default(),
            smtputf8: params.smtputf8,
            declared: params.size.unwrap_or(0),
            collected: None,
        };
        self.ask(Question::Mail(transaction), Event::Mail { sender, params })
    }

    /// RFC 5321 §4.1.1.11: parameters belong to extensions, and extensions to EHLO.
    fn offered(&self, params: &MailParams) -> bool {
        let config = &self.config;
        if self.hello != Some(true) {
            return *params == MailParams::default();
        }
        (config.smtputf8 || !params.smtputf8)
            && (config.chunking || params.body != Some(BodyType::BinaryMime))
            && (config.dsn || (params.ret.is_none() && params.envid.is_none()))
            && (config.require_tls || !params.require_tls)
            && (!config.auth.is_empty() || params.auth.is_none())
    }

    fn rcpt(&mut self, recipient: ForwardPath, params: RcptParams) -> Option<Event> {
        let Some(transaction) = &self.transaction else { return self.told(&standard::MAIL_FIRST) };
        if transaction.collected.is_some() {
            return self.told(&standard::BDAT_ONLY);
        }
        let dsn = self.config.dsn && self.hello == Some(true);
        if !dsn && !params.is_plain() {
            return self.told(&standard::UNKNOWN_PARAMETER);
        }
        if recipient.needs_utf8() && !transaction.smtputf8 {
            return self.told(&standard::NEEDS_SMTPUTF8);
        }
        if transaction.recipients >= self.config.max_recipients.max(limits::MIN_RECIPIENTS) {
            return self.told(&standard::TOO_MANY_RECIPIENTS);
        }
        self.ask(Question::Rcpt, Event::Rcpt { recipient, params })
    }
}
