//! When a session looks for changes, and what it does when it cannot.

use postern_proto_imap::types::Command;
use postern_store::StoreError;

use super::{ImapSession, Result};
use crate::selected::{Expunges, Moment, Own};

impl ImapSession {
    /// The moment of a command.
    pub(crate) fn moment(&self, command: &Command) -> Moment {
        let uid = match command {
            Command::Fetch { uid, .. } | Command::Store { uid, .. } | Command::Copy { uid, .. } | Command::Move { uid, .. } => *uid,
            Command::Search(args) => args.uid,
            Command::Expunge(set) => set.is_some(),
            _ => false,
        };
        Moment { expunges: Expunges::during(command), uid, dialect: self.server.dialect() }
    }

    /// During IDLE everything may be told (RFC 9051 §6.3.13).
    pub(super) async fn tell_idle(&mut self) {
        let moment = Moment { expunges: Expunges::Told, uid: false, dialect: self.server.dialect() };
        self.tell(moment, false, None).await;
    }

    /// Tells what has changed. `look` asks the store though nothing was heard: NOOP must not trust in hints alone.
    ///
    /// When the store is away nothing is told and the next call looks again; when the mailbox is gone the session ends.
    pub(crate) async fn tell(&mut self, moment: Moment, look: bool, own: Option<&Own<'_>>) {
        match self.try_tell(moment, look, own).await {
            Ok(()) => {}
            Err(StoreError::NotFound(_)) => self.lose_mailbox(),
            Err(error) => tracing::debug!(%error, "changes are not told yet"),
        }
    }

    async fn try_tell(&mut self, moment: Moment, look: bool, own: Option<&Own<'_>>) -> Result<()> {
        let Some(selected) = &mut self.selected else { return Ok(()) };
        if let Some(newest) = selected.newest(&self.shared.store.boxes, look).await? {
            selected.tell(&newest, moment, own, self.server.output());
        }
        Ok(())
    }
}
