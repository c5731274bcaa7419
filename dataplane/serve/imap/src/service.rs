//! Makes sessions: one [`Imap`] a listener.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use postern_access::Authenticator;
use postern_core::Secret;
use postern_net::{Conn, Refusal, Service};
use postern_proto_imap::server;
use postern_proto_sasl::encoding;
use postern_store::{Store, trail::Trail};
use tokio::sync::Semaphore;

use crate::{config::Config, people::People, session::ImapSession};

/// Who counts what clients do. It is called on the way: it must not wait.
pub trait Observer: Send + Sync {
    /// A client gave a command; the word is a constant of the program.
    fn command(&self, name: &'static str) {
        let _ = name;
    }
}

/// Nobody counts.
impl Observer for () {}

/// What IMAP works with.
#[derive(Clone)]
pub struct Parts {
    /// Boxes, bodies, the way in.
    pub store: Store,
    /// Who may log in.
    pub authenticator: Arc<Authenticator>,
    /// Who else there is.
    pub people: Arc<dyn People>,
    /// Where logins are noted.
    pub trail: Trail,
    /// Random, new for each process: SCRAM's nonces and the keys of URLs come of it.
    pub seed: Secret<[u8; 32]>,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
}

/// The sessions of one listener.
pub struct Imap(Arc<Shared>);

/// What all sessions of a listener share.
pub(crate) struct Shared {
    pub store: Store,
    pub authenticator: Arc<Authenticator>,
    pub people: Arc<dyn People>,
    pub trail: Trail,
    pub observer: Arc<dyn Observer>,
    pub config: Config,
    with_scram: Arc<server::Config>,
    without_scram: Arc<server::Config>,
    pub body_searches: Semaphore,
    seed: [u8; 32],
    key_seed: [u8; 32],
    nonces: AtomicU64,
}

impl Imap {
    /// A service for a listener.
    #[must_use]
    pub fn new(parts: Parts, config: Config) -> Self {
        let Parts { store, authenticator, people, trail, seed, observer } = parts;
        let tokens = authenticator.offers_tokens();
        let machine = |scram| {
            Arc::new(server::Config {
                mechanisms: Config::mechanisms(scram, tokens),
                append_limit: config.append_limit,
                message_limit: config.message_limit,
            })
        };
        Self(Arc::new(Shared {
            store,
            authenticator,
            people,
            trail,
            observer,
            with_scram: machine(true),
            without_scram: machine(false),
            body_searches: Semaphore::new(config.body_searches.max(1)),
            seed: blake3::derive_key("postern imap: nonces", seed.expose()),
            key_seed: blake3::derive_key("postern imap: keys of URLs", seed.expose()),
            nonces: AtomicU64::new(0),
            config,
        }))
    }
}

impl Shared {
    /// Whether a session that begins now offers SCRAM.
    pub fn offers_scram(&self) -> bool {
        self.config.scram || self.authenticator.offers_scram()
    }

    /// The machine's settings.
    pub fn machine(&self, scram: bool) -> Arc<server::Config> {
        if scram { self.with_scram.clone() } else { self.without_scram.clone() }
    }

    /// A key that nobody has had before (RFC 4467 §5).
    pub fn fresh_key(&self) -> Secret<[u8; 32]> {
        let number = self.nonces.fetch_add(1, Ordering::Relaxed);
        Secret::new(*blake3::keyed_hash(&self.key_seed, &number.to_le_bytes()).as_bytes())
    }

    /// What the server adds to a SCRAM exchange: 24 octets in base64, never the same twice.
    pub fn nonce(&self) -> String {
        let number = self.nonces.fetch_add(1, Ordering::Relaxed);
        let hash = blake3::keyed_hash(&self.seed, &number.to_le_bytes());
        encoding::encode(hash.as_bytes().get(..24).unwrap_or_default())
    }
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Imap").field(&self.0.config).finish()
    }
}

impl Service for Imap {
    type Session = ImapSession;

    fn session(&self, conn: Conn) -> ImapSession {
        ImapSession::new(self.0.clone(), &conn)
    }

    fn refusal(&self, _: Refusal) -> &[u8] {
        b"* BYE [LIMIT] Too many connections\r\n"
    }
}
