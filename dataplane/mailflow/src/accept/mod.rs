//! Taking a message: from MAIL to the commit after which `250` may be said.
//!
//! ```text
//!  MAIL ─► begin ─► RCPT ─► recipient (route, room) ─► DATA ─► trace field ─► body ─► checks ─► one commit ─► Stored
//! ```
//!
//! [`Intake`] is what all doors share. It answers with values: [`Stored`] or [`Refused`], whose outcome is the reply and
//! whose reason is for the trail. It never writes to a connection and never says yes before the store did. Recipients
//! here are in the same commit as the queue's; what is content's to refuse is in [`check`], a file a check.

mod away;
pub mod check;
mod client;
mod commit;
mod deliveries;
mod header;
mod record;
mod refused;
mod room;
mod success;
mod transaction;

use std::sync::Arc;

pub use client::Client;
pub use commit::Stored;
pub use header::HeaderFacts;
pub use record::Attempted;
pub use refused::Refused;
use room::Room;
pub use transaction::{Parameters, Sender, Transaction};

use away::Away;
use check::Check;
use postern_core::{DomainName, Permanence};
use postern_store::{Store, directory::Directory, trail::Trail};

use crate::{dkim::Signers, queue::Bodies, route};

/// How messages are taken.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This host: `by` in `Received`, and the home of `<Postmaster>`.
    pub host: DomainName,
    /// How far aliases lead.
    pub route: route::Limits,
    /// What a full box answers to RCPT: 552 sends the mail back at once, 452 lets it wait. At the commit it is always 452.
    pub full_box: Permanence,
    /// Whether the dialogue of accepted messages is kept; that of refusals always is.
    pub keep_dialogue: bool,
    /// Bodies that this process's sender is going to ask for at once.
    pub bodies: Bodies,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
}

/// Who counts what was taken and what was not. It is called on the way: it must not wait.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// A message of so many octets is safe, in so many boxes and for so many recipients elsewhere.
    fn stored(&self, boxes: usize, elsewhere: usize, bytes: usize) {
        let _ = (boxes, elsewhere, bytes);
    }

    /// A command, a recipient or a message was refused. The word is a constant of the program.
    fn refused(&self, reason: &'static str) {
        let _ = reason;
    }
}

/// Nobody counts.
impl Observer for () {}

impl Settings {
    /// The usual ones for a host: full boxes refuse for good, dialogues are kept, bodies are not.
    #[must_use]
    pub fn new(host: DomainName) -> Self {
        Self {
            host,
            route: route::Limits::default(),
            full_box: Permanence::Permanent,
            keep_dialogue: true,
            bodies: Bodies::new(0),
            observer: Arc::new(()),
        }
    }
}

/// The way in for messages, shared by all sessions of a process.
pub struct Intake {
    store: Store,
    directory: Directory,
    trail: Trail,
    settings: Settings,
    checks: Vec<Box<dyn Check>>,
    room: Room,
    away: Away,
    signers: Signers,
}

impl Intake {
    /// With the usual [`check::all`] for strangers.
    #[must_use]
    pub fn new(store: Store, directory: Directory, trail: Trail, settings: Settings) -> Arc<Self> {
        let room = Room::new(store.boxes.clone(), store.clock.clone());
        let away = Away::new(store.clock.clone());
        Arc::new(Self { store, directory, trail, settings, checks: check::all(), room, away, signers: Signers::default() })
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The directory, for the doors that ask it too.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The store.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Signing keys, ready for use.
    pub(crate) const fn signers(&self) -> &Signers {
        &self.signers
    }

    /// A failure of the store as a refusal; remembers when it is away.
    pub(crate) fn failed(&self, error: &postern_store::StoreError) -> Refused {
        self.away.observe(error);
        Refused::from(error)
    }
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("settings", &self.settings).field("checks", &self.checks).finish_non_exhaustive()
    }
}
