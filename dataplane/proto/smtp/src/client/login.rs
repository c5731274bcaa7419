//! From the reply to EHLO to a session that is ready: STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Capabilities, Cause, Client, Event, StartTls, State};

/// Octets came behind the reply to STARTTLS, or the call came at the wrong time. Drop the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plain octets behind the reply to STARTTLS")]
pub struct ResponseBehindStartTls;

impl Client {
    /// After [`Event::StartTls`], with the output written: forgets what was offered (RFC 3207 §4.2) and says EHLO again.
    ///
    /// # Errors
    /// [`ResponseBehindStartTls`] when the server's octets went on behind its 220: the session is closed.
    pub fn tls_started(&mut self) -> Result<(), ResponseBehindStartTls> {
        if !matches!(self.state, State::Handover) || !self.inbox.is_empty() {
            self.close();
            return Err(ResponseBehindStartTls);
        }
        self.secured = true;
        self.offers = Capabilities::default();
        self.say_hello(true);
        Ok(())
    }

    pub(super) fn after_hello(&mut self) -> Option<Event> {
        if self.secured || self.config.starttls == StartTls::Never {
            return self.log_in();
        }
        if self.offers.starttls {
            self.command(b"STARTTLS\r\n");
            self.state = State::StartTls;
            return None;
        }
        if self.config.starttls == StartTls::Required {
            self.state = State::StartTls;
            return Some(self.broken(Cause::NoTls));
        }
        self.log_in()
    }

    pub(super) fn log_in(&mut self) -> Option<Event> {
        let Some(message) = &self.config.auth else { return Some(self.ready()) };
        let command = format!("AUTH PLAIN {}\r\n", STANDARD.encode(message.expose()));
        self.state = State::Auth;
        if !self.offers.auth_plain {
            return Some(self.broken(Cause::NoAuth));
        }
        self.output.extend_from_slice(command.as_bytes());
        self.dialogue.client(b"AUTH PLAIN ***");
        None
    }

    pub(super) fn ready(&mut self) -> Event {
        self.state = State::Ready;
        Event::Ready
    }

    pub(super) fn say_hello(&mut self, extended: bool) {
        let verb = if extended { "EHLO" } else { "HELO" };
        let command = format!("{verb} {}\r\n", self.config.hostname);
        self.command(command.as_bytes());
        self.state = if extended { State::Ehlo } else { State::Helo };
    }
}
