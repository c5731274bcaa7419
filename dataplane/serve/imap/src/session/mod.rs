//! One connection: events of the machine to commands, changes of the box to answers.

mod end;
mod notify;
mod tell;

use std::{net::IpAddr, sync::Arc};

use postern_access::Login;
use postern_core::Secret;
use postern_net::{Aside, Conn, Limit, Next, Session, TlsInfo, Wait};
use postern_proto_imap::{
    server::{Channel, Event, Server, State},
    types::{Code, Tag},
};
use postern_proto_sasl::ChannelBinding;
use postern_store::{Result, mail::boxes::Boxes};

use crate::{
    command::{self, Append, Authentication, Fetch},
    notify::Watch,
    progress::Progress,
    refused::Refused,
    selected::Selected,
    service::Shared,
};

/// Octets of answers after which the client must take some before there are more.
pub(crate) const FLUSH: usize = 256 * 1024;
/// Octets of a long literal that count as progress.
const PROGRESS: u64 = 64 * 1024;

/// A session of one client.
pub struct ImapSession {
    pub(crate) shared: Arc<Shared>,
    pub(crate) server: Server,
    pub(crate) client: IpAddr,
    /// SCRAM was offered when it began.
    scram: bool,
    /// What a login can be bound to (RFC 9266).
    binding: Option<[u8; 32]>,
    pub(crate) login: Option<Box<Login>>,
    pub(crate) selected: Option<Box<Selected>>,
    /// What NOTIFY has set.
    pub(crate) watch: Option<Box<Watch>>,
    pub(crate) work: Work,
    /// The tag of the command in hand, or of the last one.
    pub(crate) tag: Option<Tag>,
    aside: Aside,
    /// The limit that the command in hand has met.
    pub(crate) limited: Option<Code>,
    /// Raised by every command, and by every so many octets of a long one.
    step: u32,
    received: u64,
    /// The process ends: leave after what is in hand.
    draining: bool,
}

/// What takes more than one turn.
#[derive(Default)]
pub(crate) enum Work {
    /// Nothing.
    #[default]
    None,
    /// AUTHENTICATE between two lines.
    Authenticate(Box<Authentication>),
    /// APPEND between two messages.
    Append(Box<Append>),
    /// FETCH while the client takes what there is.
    Fetch(Box<Fetch>),
}

impl ImapSession {
    pub(crate) fn new(shared: Arc<Shared>, conn: &Conn) -> Self {
        let client = conn.peer.ip().to_canonical();
        let cleartext_login = conn.is_this_machine() || shared.config.allow_plaintext;
        let binding = conn.tls.as_ref().and_then(|tls| tls.exporter);
        let channel = Channel {
            tls: conn.tls.is_some(),
            starttls: shared.config.starttls,
            binding: binding.is_some(),
            compressed: false,
            cleartext_login,
        };
        let scram = shared.offers_scram();
        let server = Server::new(shared.machine(scram), channel);
        Self {
            shared,
            server,
            client,
            scram,
            binding,
            login: None,
            selected: None,
            watch: None,
            work: Work::None,
            tag: None,
            aside: Aside::default(),
            limited: None,
            step: 0,
            received: 0,
            draining: false,
        }
    }

    pub(crate) fn boxes(&self) -> &Boxes {
        &self.shared.store.boxes
    }

    /// What logged in; the machine lets no command that needs it pass before.
    pub(crate) fn account(&self) -> std::result::Result<postern_core::AccountId, Refused> {
        Ok(self.logged_in()?.account)
    }

    /// What SCRAM is bound to; only where `-PLUS` was on offer, so that a client which was kept from it is noticed (RFC 5802 §6).
    pub(crate) fn channel_binding(&self) -> ChannelBinding {
        match self.binding.filter(|_| self.scram) {
            Some(exporter) => ChannelBinding::TlsExporter(Secret::new(exporter.to_vec())),
            None => ChannelBinding::Unavailable,
        }
    }

    /// Who logged in.
    pub(crate) fn logged_in(&self) -> std::result::Result<&Login, Refused> {
        self.login.as_deref().ok_or_else(|| Refused(postern_proto_imap::types::Reply::bad("Log in first")))
    }

    /// The mailbox selected; the machine lets no command that needs one pass without.
    pub(crate) fn selected(&mut self) -> std::result::Result<&mut Selected, Refused> {
        self.selected.as_deref_mut().ok_or_else(|| Refused(postern_proto_imap::types::Reply::bad("Select a mailbox first")))
    }

    /// For a command that may take long.
    pub(crate) fn progress(&self) -> Progress {
        let clock = self.shared.store.clock.clone();
        let (every, last) = (self.shared.config.progress, clock.now());
        Progress { tag: self.tag.clone(), aside: self.aside.clone(), clock, every, last }
    }

    /// Does one event; false when the machine is to wait for the client to take the output.
    async fn event(&mut self, event: Event) -> Flow {
        self.step = self.step.wrapping_add(1);
        match event {
            Event::Command { tag, command } => {
                self.tag = Some(tag.clone());
                command::run(self, tag, command).await
            }
            Event::AppendMessage { mailbox, replaces, message, number, .. } => {
                command::append_message(self, &mailbox, replaces, message, number).await
            }
            Event::AppendPart(part) => command::append_part(self, part).await,
            Event::AppendBody(body) => command::append_body(self, body).await,
            Event::AppendEnd => command::append_end(self).await,
            Event::AuthenticateResponse(response) => command::respond(self, &response).await,
            Event::IdleDone => command::idle_done(self).await,
            Event::Rejected { .. } => {
                self.work = Work::None;
                Flow::On
            }
            Event::Closed => Flow::Close,
        }
    }
}

/// What comes after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next event.
    On,
    /// The client must take the output first; then the work goes on.
    Flush,
    /// The TLS handshake.
    StartTls,
    /// Compression from here on.
    Deflate,
    /// The end.
    Close,
}

impl Session for ImapSession {
    async fn open(&mut self) -> Next {
        self.server.greet("Postern ready");
        Next::Read
    }

    fn input(&mut self, bytes: &[u8]) {
        let before = self.received / PROGRESS;
        self.received += bytes.len() as u64;
        // Before login nothing but a login buys time and octets.
        if self.login.is_some() && self.received / PROGRESS > before {
            self.step = self.step.wrapping_add(1);
        }
        self.server.input(bytes);
    }

    async fn run(&mut self) -> Next {
        if matches!(self.work, Work::Fetch(_)) && command::fetch_on(self).await == Flow::Flush {
            return Next::Flush;
        }
        if self.server.is_idle() {
            self.tell_idle().await;
        }
        if self.watch.is_some() && (self.server.is_idle() || self.server.is_ready()) {
            self.tell_watched().await;
        }
        if self.server.is_ready() && self.follows_searches() {
            self.tell_followed().await;
        }
        while let Some(event) = self.server.next() {
            match self.event(event).await {
                Flow::On => {}
                Flow::Flush => return Next::Flush,
                Flow::StartTls => return Next::StartTls,
                Flow::Deflate => return Next::Deflate,
                Flow::Close => return Next::Close,
            }
            if self.server.output().len() >= FLUSH {
                return Next::Flush;
            }
        }
        if self.draining && self.is_at_rest() {
            return self.leave();
        }
        self.server.shrink();
        Next::Read
    }

    fn aside(&self) -> Option<Aside> {
        Some(self.aside.clone())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        self.server.output()
    }

    fn wait(&self) -> Wait {
        let config = &self.shared.config;
        if self.server.state() == State::NotAuthenticated {
            return Wait { step: 0, timeout: config.login_timeout, bytes: BEFORE_LOGIN };
        }
        // What one command may hold is the machine's to bound, and APPEND's.
        Wait { step: u64::from(self.step) + 1, timeout: config.idle_timeout, bytes: u64::MAX }
    }

    async fn wake(&mut self) {
        let (idle, ready) = (self.server.is_idle(), self.server.is_ready());
        let follows = self.watch.as_ref().and_then(|watch| watch.set.selected()).is_some_and(|(events, _)| events.messages)
            || self.follows_searches();
        let selected = self.selected.as_deref_mut().filter(|_| idle || (ready && follows));
        let watch = self.watch.as_deref_mut().filter(|_| idle || ready);
        let of_selected = async {
            match selected {
                Some(selected) => selected.news().await,
                None => std::future::pending().await,
            }
        };
        let of_others = async {
            match watch {
                Some(watch) => watch.news().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = of_selected => {}
            () = of_others => {}
        }
    }

    fn tls_started(&mut self, tls: &TlsInfo) {
        self.work = Work::None;
        self.binding = tls.exporter;
        self.server.tls_started(tls.exporter.is_some());
    }

    fn deflate_started(&mut self) {
        self.server.compression_started();
    }

    fn on_limit(&mut self, limit: Limit) {
        self.say_limit(limit);
    }

    fn on_drain(&mut self) -> Next {
        self.draining = true;
        if self.is_at_rest() { self.leave() } else { Next::Read }
    }
}

/// Octets that a client may send before it has logged in.
const BEFORE_LOGIN: u64 = 8 * 1024;
