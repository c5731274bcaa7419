//! One listener's service: what all its sessions share.

use std::{fmt, sync::Arc};

use postern_access::{Authenticator, Budgets};
use postern_core::DomainName;
use postern_mailflow::accept::Intake;
use postern_net::{Conn, Refusal, Service};
use postern_proto_smtp::server::Config;
use rand::{SeedableRng, rngs::StdRng};

use crate::{Kind, Session, Settings};

/// A listener's service.
pub struct Smtp(Arc<Shared>);

/// What its sessions share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) intake: Arc<Intake>,
    /// For submission.
    pub(crate) access: Option<Access>,
    /// The machine's settings by what the channel is.
    configs: Configs,
    busy: Vec<u8>,
}

/// What a submission port asks of the access crate.
pub(crate) struct Access {
    pub authenticator: Arc<Authenticator>,
    pub budgets: Arc<Budgets>,
    /// Makes SCRAM nonces.
    pub nonces: std::sync::Mutex<StdRng>,
}

struct Configs {
    /// In the clear, where a password would be read by others.
    open: Arc<Config>,
    /// In the clear, within this machine or because it is allowed.
    trusted: Arc<Config>,
    encrypted: Arc<Config>,
}

impl Smtp {
    /// A mail exchanger.
    #[must_use]
    pub fn exchanger(settings: Settings, intake: Arc<Intake>) -> Self {
        Self::new(Settings { kind: Kind::Exchanger, ..settings }, intake, None)
    }

    /// A submission port, with or without implicit TLS (that is the listener's). `seed` is random and new for each process.
    #[must_use]
    pub fn submission(
        settings: Settings,
        intake: Arc<Intake>,
        authenticator: Arc<Authenticator>,
        budgets: Arc<Budgets>,
        seed: [u8; 32],
    ) -> Self {
        let nonces = std::sync::Mutex::new(StdRng::from_seed(seed));
        Self::new(Settings { kind: Kind::Submission, ..settings }, intake, Some(Access { authenticator, budgets, nonces }))
    }

    fn new(settings: Settings, intake: Arc<Intake>, access: Option<Access>) -> Self {
        let config = |encrypted, private| Arc::new(settings.machine(encrypted, private));
        let configs =
            Configs { open: config(false, settings.allow_plaintext), trusted: config(false, true), encrypted: config(true, true) };
        // RFC 5321 §3.8: 421, so that the client comes again.
        let busy = format!("421 4.3.2 {} has too many connections, try again later\r\n", settings.hostname).into_bytes();
        Self(Arc::new(Shared { settings, intake, access, configs, busy }))
    }
}

impl Shared {
    /// The machine's settings for a channel: whether it is encrypted, and whether it leaves this machine at all.
    pub(crate) fn config(&self, encrypted: bool, this_machine: bool) -> Arc<Config> {
        match (encrypted, this_machine) {
            (true, _) => self.configs.encrypted.clone(),
            (false, true) => self.configs.trusted.clone(),
            (false, false) => self.configs.open.clone(),
        }
    }

    pub(crate) fn host(&self) -> &DomainName {
        &self.intake.settings().host
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Service for Smtp {
    type Session = Session;

    fn session(&self, conn: Conn) -> Session {
        Session::new(self.0.clone(), conn)
    }

    fn refusal(&self, _: Refusal) -> &[u8] {
        &self.0.busy
    }
}
