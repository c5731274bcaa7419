//! One listener's service: what all its sessions share.

use std::{fmt, sync::Arc};

use postern_access::{Authenticator, Budgets};
use postern_core::DomainName;
use postern_mailflow::accept::Intake;
use postern_net::{Conn, Refusal, Service};
use postern_proto_smtp::server::Config;
use rand::{SeedableRng, rngs::StdRng};

use crate::{Kind, Session, Settings, settings::Channel};

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

/// By whether SCRAM is offered, where that matters.
struct Configs {
    /// In the clear, where a password would be read by others.
    open: Arc<Config>,
    /// In the clear, within this machine or because it is allowed.
    trusted: [Arc<Config>; 2],
    encrypted: [Arc<Config>; 2],
    /// Encrypted, and with something that a login can be bound to: SCRAM-SHA-256-PLUS.
    bound: Arc<Config>,
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
        let tokens = access.as_ref().is_some_and(|access| access.authenticator.offers_tokens());
        let config = |channel| Arc::new(settings.machine(Channel { tokens, ..channel }));
        let trusted = |scram| config(Channel { private: true, scram, ..Channel::default() });
        let encrypted = |scram, bound| config(Channel { encrypted: true, private: true, scram, bound, ..Channel::default() });
        let configs = Configs {
            open: config(Channel::default()),
            trusted: [trusted(false), trusted(true)],
            encrypted: [encrypted(false, false), encrypted(true, false)],
            bound: encrypted(true, true),
        };
        // RFC 5321 §3.8: 421, so that the client comes again.
        let busy = format!("421 4.3.2 {} has too many connections, try again later\r\n", settings.hostname).into_bytes();
        Self(Arc::new(Shared { settings, intake, access, configs, busy }))
    }
}

impl Shared {
    /// Whether a session that begins now offers SCRAM.
    pub(crate) fn offers_scram(&self) -> bool {
        self.settings.scram || self.access.as_ref().is_some_and(|access| access.authenticator.offers_scram())
    }

    /// The machine's settings for a channel in the clear, by whether it leaves this machine at all.
    pub(crate) fn clear(&self, this_machine: bool, scram: bool) -> Arc<Config> {
        let private = this_machine || self.settings.allow_plaintext;
        if private { self.configs.trusted[usize::from(scram)].clone() } else { self.configs.open.clone() }
    }

    /// The same under TLS, by whether a login can be bound to it.
    pub(crate) fn encrypted(&self, scram: bool, bound: bool) -> Arc<Config> {
        if scram && bound { self.configs.bound.clone() } else { self.configs.encrypted[usize::from(scram)].clone() }
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
