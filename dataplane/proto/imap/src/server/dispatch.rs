//! A command that was read: refused by the state, answered here, or handed on.

use super::{Event, Phase, Server, State, Then};
use crate::{
    encode,
    types::{Code, Command, Dialect, Extension, Reply, SearchSource, Tag},
};

impl Server {
    /// `None` when the command is answered and the next may come.
    pub(super) fn dispatch(&mut self, tag: Tag, command: Command) -> Option<Event> {
        if let Err(reply) = self.admit(&command) {
            return Some(self.reject(Some(tag), &reply));
        }
        self.bad = 0;
        self.dialect.condstore |= command.enables_condstore();
        let then = match &command {
            Command::Capability => {
                let list = self.capabilities().to_string();
                encode::capability(&mut self.output, &list);
                encode::tagged(&mut self.output, &tag, &Reply::ok("CAPABILITY completed"));
                return None;
            }
            Command::Enable(wanted) => {
                let (out, dialect) = (&mut self.output, &mut self.dialect);
                enable(wanted, dialect, out);
                Then::Nothing
            }
            Command::Login { .. } | Command::Authenticate { .. } => Then::Authenticated,
            Command::StartTls => Then::StartTls,
            Command::Compress => Then::Compress,
            Command::Logout => Then::Closed,
            Command::Unauthenticate => Then::NotAuthenticated,
            Command::Select { .. } => {
                // RFC 9051 §6.3.2: SELECT deselects first, and a failed one leaves nothing selected.
                self.deselect();
                Then::Selected
            }
            Command::Close | Command::Unselect => Then::Unselected,
            _ => Then::Nothing,
        };
        self.phase = Phase::Busy(tag.clone(), then);
        Some(Event::Command { tag, command })
    }

    /// What OK to the command at work changes.
    pub(super) fn apply(&mut self, then: Then, reply: &mut Reply) {
        match then {
            Then::Nothing => {}
            Then::Authenticated => {
                self.state = State::Authenticated;
                // RFC 9051 §6.2.2, §6.2.3: the capabilities have changed; say so at once.
                if reply.code.is_none() {
                    reply.code = Some(Code::Capability(self.capabilities().to_string()));
                }
            }
            Then::Selected => self.state = State::Selected,
            Then::Unselected => self.deselect(),
            Then::StartTls | Then::Compress => {
                // RFC 9051 §11.1, §6.2.1: what came in the clear behind STARTTLS must not be read as if under TLS. Behind
                // COMPRESS a client sends nothing until it has the answer (RFC 4978 §3).
                self.framer.discard();
                self.phase = Phase::Handshake;
            }
            Then::NotAuthenticated => {
                // RFC 8437 §3: as if the connection were new, but for TLS.
                self.state = State::NotAuthenticated;
                self.dialect = Dialect::REV1;
            }
            Then::Closed => self.bye(&Reply::bye("Logging out")),
        }
    }

    /// Whether state and channel allow the command.
    fn admit(&self, command: &Command) -> Result<(), Reply> {
        self.state.allows(command).map_err(Reply::bad)?;
        match command {
            // RFC 7377 §2.2: `selected` needs a mailbox that is.
            Command::MultiSearch(args) if self.state != State::Selected && args.sources.contains(&SearchSource::Selected) => {
                Err(Reply::bad("Select a mailbox first"))
            }
            command if self.dialect.uid_only && command.uses_message_numbers() => {
                Err(Reply::bad("By UID only, as was enabled").with(Code::UidRequired))
            }
            Command::StartTls if self.channel.tls => Err(Reply::bad("TLS is active already")),
            Command::StartTls if !self.channel.starttls => Err(Reply::bad("TLS is not available here")),
            // RFC 4978 §3
            Command::Compress if self.channel.compressed => Err(Reply::no("DEFLATE is active already").with(Code::CompressionActive)),
            Command::Login { .. } | Command::Authenticate { .. } if !self.channel.may_login() => {
                Err(Reply::no("Not without TLS").with(Code::PrivacyRequired))
            }
            Command::Authenticate { mechanism, .. }
                if !self.channel.can_do(mechanism.as_str()) || !self.config.mechanisms.iter().any(|known| known == mechanism.as_str()) =>
            {
                Err(Reply::no("Mechanism not offered"))
            }
            _ => Ok(()),
        }
    }
}

/// Switches on what is wanted and not on yet, and says what that was (RFC 5161 §3.2).
fn enable(wanted: &[Extension], dialect: &mut Dialect, out: &mut Vec<u8>) {
    let before = *dialect;
    for extension in wanted {
        match extension {
            Extension::Imap4Rev2 => (dialect.rev2, dialect.utf8) = (true, true),
            Extension::Condstore => dialect.condstore = true,
            // RFC 7162 §3.2.3: QRESYNC enables CONDSTORE.
            Extension::UidOnly => dialect.uid_only = true,
            Extension::Utf8Accept => dialect.utf8 = true,
            Extension::QResync => (dialect.qresync, dialect.condstore) = (true, true),
        }
    }
    // RFC 5161 §3.2: all that was asked for and was not on before, also where another of them brings it along.
    let news: Vec<_> = wanted.iter().copied().filter(|extension| !is_on(*extension, before)).collect();
    encode::enabled(out, &news);
}

const fn is_on(extension: Extension, dialect: Dialect) -> bool {
    match extension {
        Extension::Imap4Rev2 => dialect.rev2,
        Extension::Condstore => dialect.condstore,
        Extension::UidOnly => dialect.uid_only,
        Extension::Utf8Accept => dialect.utf8,
        Extension::QResync => dialect.qresync,
    }
}
