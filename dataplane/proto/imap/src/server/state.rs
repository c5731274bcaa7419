//! The four states and what each allows (RFC 9051 §3).

use crate::types::Command;

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Before login.
    NotAuthenticated,
    /// Logged in, no mailbox selected.
    Authenticated,
    /// A mailbox is selected.
    Selected,
    /// BYE was said.
    Logout,
}

impl State {
    /// Whether the command is allowed now.
    ///
    /// # Errors
    /// What to say with BAD when it is not.
    pub(super) const fn allows(self, command: &Command) -> Result<(), &'static str> {
        match (command, self) {
            (Command::Capability | Command::Noop | Command::Logout | Command::Id(_), _) => Ok(()),
            (Command::StartTls | Command::Login { .. } | Command::Authenticate { .. }, Self::NotAuthenticated) => Ok(()),
            (Command::StartTls | Command::Login { .. } | Command::Authenticate { .. }, _) => Err("Already logged in"),
            (_, Self::NotAuthenticated) => Err("Log in first"),
            (
                Command::Check
                | Command::Close
                | Command::Unselect
                | Command::Expunge(_)
                | Command::Search(_)
                | Command::CancelUpdate(_)
                | Command::Sort(_)
                | Command::Thread(_)
                | Command::Fetch { .. }
                | Command::Store { .. }
                | Command::Copy { .. }
                | Command::Move { .. },
                Self::Selected,
            ) => Ok(()),
            (
                Command::Check
                | Command::Close
                | Command::Unselect
                | Command::Expunge(_)
                | Command::Search(_)
                | Command::CancelUpdate(_)
                | Command::Sort(_)
                | Command::Thread(_)
                | Command::Fetch { .. }
                | Command::Store { .. }
                | Command::Copy { .. }
                | Command::Move { .. },
                _,
            ) => Err("Select a mailbox first"),
            (
                Command::Enable(_)
                | Command::Unauthenticate
                | Command::Notify(_)
                | Command::Select { .. }
                | Command::Create { .. }
                | Command::Delete(_)
                | Command::Rename { .. }
                | Command::Subscribe(_)
                | Command::Unsubscribe(_)
                | Command::List(_)
                | Command::Lsub(_)
                | Command::Namespace
                | Command::Status { .. }
                | Command::Compress
                | Command::GetQuota(_)
                | Command::GetQuotaRoot(_)
                | Command::GetMetadata { .. }
                | Command::SetMetadata { .. }
                | Command::SetAcl { .. }
                | Command::DeleteAcl { .. }
                | Command::GetAcl(_)
                | Command::ListRights { .. }
                | Command::MyRights(_)
                | Command::GenUrlAuth(_)
                | Command::UrlFetch(_)
                | Command::ResetKey { .. }
                | Command::MultiSearch(_)
                | Command::Idle,
                _,
            ) => Ok(()),
        }
    }
}
