//! AUTH (RFC 4954) and STARTTLS (RFC 3207): the two ways in which a session changes its footing.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use postern_core::Secret;

use super::{Config, Event, PlaintextBehindStartTls, Question, Server, State};
use crate::{limits, line::Line, reply::standard};

impl Server {
    /// Answers [`Event::Auth`] or [`Event::AuthResponse`]: 334 with the challenge.
    pub fn challenge(&mut self, challenge: &[u8]) {
        if matches!(self.state, State::Asked(Question::Auth)) {
            self.output.extend_from_slice(b"334 ");
            self.output.extend_from_slice(STANDARD.encode(challenge).as_bytes());
            self.output.extend_from_slice(b"\r\n");
            self.dialogue.server(b"334 ***");
            self.state = State::AuthResponse;
        }
    }

    /// After [`Event::StartTls`] was accepted and the output written: forgets everything (RFC 3207 §4.2) and goes on
    /// with what is offered under TLS. The client says EHLO again; no greeting.
    ///
    /// # Errors
    /// [`PlaintextBehindStartTls`] when octets were received behind the command: they are dropped, the machine is
    /// closed, and the connection must be.
    pub fn start_tls(&mut self, config: Arc<Config>) -> Result<(), PlaintextBehindStartTls> {
        if !matches!(self.state, State::Handover) || !self.inbox.is_empty() {
            self.inbox.clear();
            self.state = State::Closed;
            return Err(PlaintextBehindStartTls);
        }
        self.inbox.clear();
        self.config = config;
        self.state = State::Command;
        self.hello = None;
        self.authenticated = false;
        self.transaction = None;
        Ok(())
    }

    /// Changes what is offered from the next EHLO on: what a channel can do is known in full when its handshake is done.
    pub fn offer(&mut self, config: Arc<Config>) {
        self.config = config;
    }

    pub(super) fn starttls(&mut self) -> Option<Event> {
        if !self.config.starttls {
            return self.told(&standard::NOT_OFFERED);
        }
        self.ask(Question::StartTls, Event::StartTls)
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&str>) -> Option<Event> {
        if self.config.auth.is_empty() {
            let reply = if self.config.starttls && self.config.auth_required { standard::TLS_REQUIRED } else { standard::NOT_OFFERED };
            return self.told(&reply);
        }
        // RFC 4954 §4: not before EHLO, not twice, not in a transaction.
        if self.hello != Some(true) || self.authenticated || self.transaction.is_some() {
            return self.told(&standard::NOT_NOW);
        }
        let Some(mechanism) = self.config.auth.iter().copied().find(|offered| offered.eq_ignore_ascii_case(mechanism)) else {
            return self.told(&standard::UNKNOWN_MECHANISM);
        };
        let initial = match initial {
            None => None,
            // RFC 4954 §4: a lone `=` is an empty initial response.
            Some("=") => Some(Secret::new(Vec::new())),
            Some(text) => match STANDARD.decode(text) {
                Ok(bytes) => Some(Secret::new(bytes)),
                Err(_) => return self.told(&standard::NOT_BASE64),
            },
        };
        self.ask(Question::Auth, Event::Auth { mechanism, initial })
    }

    /// Takes one line. Outer `None`: there is none yet.
    pub(super) fn auth_response(&mut self) -> Option<Option<Event>> {
        let refusal = match self.inbox.line(limits::AUTH_LINE) {
            Line::Incomplete => return None,
            Line::TooLong => standard::LINE_TOO_LONG,
            Line::Bare => standard::BAD_LINE,
            Line::Whole(line) => match self.inbox.slice(line) {
                b"*" => standard::AUTH_CANCELLED,
                text => match STANDARD.decode(text) {
                    Ok(bytes) => {
                        self.dialogue.client(b"***");
                        return Some(self.ask(Question::Auth, Event::AuthResponse(Secret::new(bytes))));
                    }
                    Err(_) => standard::NOT_BASE64,
                },
            },
        };
        self.state = State::Command;
        self.fault(&refusal);
        Some(Some(Event::AuthCancelled))
    }
}
