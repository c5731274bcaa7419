//! One connection: the machine, what the client has said so far, and who is asked about each event.

use std::sync::Arc;

use postern_core::{Address, EnhancedCode, Outcome};
use postern_mailflow::accept::{Attempted, Client, Refused, Sender, Transaction};
use postern_net::{Conn, Next};
use postern_proto_smtp::server::{BodyFault, Event, Server};

use crate::{auth::Exchange, memory::Held, service::Shared};

/// Octets of dialogue that a session keeps for the trail.
const DIALOGUE: usize = 16 * 1024;

/// One SMTP session. Small, for many of them wait: what is rarely there is boxed.
#[derive(Debug)]
pub struct Session {
    pub(crate) service: Arc<Shared>,
    pub(crate) machine: Server,
    pub(crate) client: Box<Client>,
    /// Between MAIL and the end of its message.
    pub(crate) transaction: Option<Box<Transaction>>,
    pub(crate) login: Option<Arc<Sender>>,
    pub(crate) exchange: Option<Box<Exchange>>,
    /// SCRAM was offered when it began.
    pub(crate) scram: bool,
    /// What a login can be bound to (RFC 9266).
    pub(crate) binding: Option<Box<[u8; 32]>>,
    /// What was said in this transaction, as far as it was taken from the machine.
    pub(crate) dialogue: String,
    /// Messages begun.
    pub(crate) transactions: u32,
    /// Events so far: what the client has achieved.
    pub(crate) events: u64,
    /// Octets of the message that is being received.
    pub(crate) received: u64,
    /// What it holds of the process's memory for messages.
    pub(crate) held: Held,
    pub(crate) draining: bool,
}

impl Session {
    pub(crate) fn new(service: Arc<Shared>, conn: Conn) -> Self {
        let ip = conn.peer.ip();
        let scram = service.offers_scram();
        let binding = conn.tls.as_ref().and_then(|tls| tls.exporter);
        let config = match conn.tls {
            Some(_) => service.encrypted(scram, binding.is_some()),
            None => service.clear(conn.is_this_machine(), scram),
        };
        let machine = Server::new(config);
        let tls = conn.tls.as_ref().map(describe);
        let client = Client { listener: conn.listener, ip, name: String::new(), extended: false, tls };
        let held = Held::new(service.settings.memory.clone());
        Self {
            service,
            machine,
            client: Box::new(client),
            transaction: None,
            login: None,
            exchange: None,
            scram,
            binding: binding.map(Box::new),
            dialogue: String::new(),
            transactions: 0,
            events: 0,
            received: 0,
            held,
            draining: false,
        }
    }

    /// Asks about one event and answers it. `Some` when the driver must do something first.
    pub(crate) async fn event(&mut self, event: Event) -> Option<Next> {
        match event {
            Event::Hello { name, extended } => {
                self.forget_transaction();
                (self.client.name, self.client.extended) = (name, extended);
                self.machine.accept();
            }
            Event::Mail { sender, params } => self.mail(sender, params).await,
            Event::Rcpt { recipient, params } => self.rcpt(recipient, params).await,
            Event::Data => self.data(),
            Event::Message(body) => self.message(body).await,
            Event::BodyRefused(fault) => self.body_refused(fault),
            Event::Reset => self.forget_transaction(),
            Event::StartTls => return Some(self.start_tls()),
            Event::Auth { mechanism, initial } => Box::pin(self.auth(mechanism, initial)).await,
            Event::AuthResponse(response) => Box::pin(self.auth_response(response)).await,
            Event::AuthCancelled => self.exchange = None,
            Event::Closed(_) => return Some(Next::Close),
        }
        None
    }

    fn start_tls(&mut self) -> Next {
        self.machine.accept();
        let config = self.service.encrypted(self.scram, false);
        // RFC 3207 §4.2: before the handshake, so that nothing that came in the clear is seen after it.
        match self.machine.start_tls(config) {
            Ok(()) => {
                self.forget_transaction();
                self.dialogue = String::new();
                self.login = None;
                self.exchange = None;
                Next::StartTls
            }
            Err(_) => {
                self.machine.output().clear();
                Next::Close
            }
        }
    }

    pub(crate) fn forget_transaction(&mut self) {
        self.transaction = None;
        self.received = 0;
        self.held.release();
    }

    /// Says no, and keeps it.
    pub(crate) fn refuse(&mut self, command: &'static str, recipients: &[Address], refused: &Refused) {
        self.machine.refuse(&refused.outcome);
        self.note(command, recipients, refused);
    }

    /// Keeps a refusal that was said already.
    pub(crate) fn note(&mut self, command: &'static str, recipients: &[Address], refused: &Refused) {
        let said = self.machine.take_dialogue();
        let sender = self.transaction.as_ref().map(|t| t.sender());
        self.service.intake.note_refusal(&self.client, Attempted { command, sender, recipients, dialogue: &said }, refused);
        self.remember(&said);
    }

    /// Adds to the dialogue, within its bound.
    pub(crate) fn remember(&mut self, said: &str) {
        if self.dialogue.len() + said.len() <= DIALOGUE {
            self.dialogue.push_str(said);
        }
    }

    /// The transaction's dialogue up to now; a new one begins.
    pub(crate) fn take_dialogue(&mut self) -> String {
        let said = self.machine.take_dialogue();
        self.remember(&said);
        std::mem::take(&mut self.dialogue)
    }

    fn body_refused(&mut self, fault: BodyFault) {
        let reason = match fault {
            BodyFault::TooBig => "too_big",
            BodyFault::BareNewline => "bare_newline",
            BodyFault::Nul => "nul",
            BodyFault::NoRoom => "no_room",
        };
        let reply = fault.reply();
        let enhanced = reply.enhanced.unwrap_or(EnhancedCode::PROTOCOL);
        let outcome = if reply.code >= 500 { Outcome::permanent } else { Outcome::temporary };
        let refused = Refused::new(reason, outcome(reply.code, enhanced, reply.text));
        let recipients = self.transaction.as_ref().map(|t| t.recipients()).unwrap_or_default();
        self.note("DATA", &recipients, &refused);
        self.forget_transaction();
    }
}

/// As it stands in `Received`.
pub(crate) fn describe(tls: &postern_net::TlsInfo) -> Box<str> {
    format!("{} {}", tls.version.as_str(), tls.cipher).into()
}

#[cfg(test)]
mod tests {
    use super::Session;

    /// Thousands of slow clients wait in here, and each session lies in its connection twice while it moves in.
    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Session>() <= 640, "{} octets", size_of::<Session>());
    }
}
