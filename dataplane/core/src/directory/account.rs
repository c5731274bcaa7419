//! An address with storage.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::DeletionPolicy;
use crate::{Address, ByteSize, Secret};

/// Which doors are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protocols {
    /// IMAP.
    pub imap: bool,
    /// POP3.
    pub pop3: bool,
    /// Submission.
    pub smtp: bool,
    /// `ActiveSync`.
    pub active_sync: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Self { imap: true, pop3: true, smtp: true, active_sync: true }
    }
}

/// Role of the person behind the box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoxRole {
    /// Sees only their own.
    #[default]
    User,
    /// Administers the domain.
    DomainAdmin,
}

/// Where the password comes from. Hashing happens outside the projection, and only when the digest changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CredentialSource {
    /// None was given: no password login until the user sets one.
    None,
    /// A clear password from a Secret; argon2id and SCRAM verifiers are made of it.
    Clear(Secret<String>),
    /// A PHC string (`$argon2id$…`); SCRAM follows at the first PLAIN login.
    Phc(String),
    /// To be made at random by the operator, once.
    Generate,
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Clear(_) => "Clear([secret])",
            Self::Phc(_) => "Phc([secret])",
            Self::Generate => "Generate",
        })
    }
}

/// Applied once, when the account is made; the user's own afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initial {
    /// Name shown in From.
    pub display_name: Option<String>,
    /// Language tag.
    pub locale: Option<String>,
    /// For password recovery.
    pub recovery_email: Option<String>,
    /// Must choose a password at the first web login.
    pub must_change_password: bool,
}

/// A box as the projection makes it. The credential is apart from what is stored as the record
/// ([`CredentialSource`] is skipped by `serde`), so that no clear password reaches a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The tenant (namespace).
    pub tenant: String,
    /// The address; a change is a rename.
    pub address: Address,
    /// Further addresses of the same box.
    pub aliases: Vec<Address>,
    /// Storage; `None` takes the domain's default, and without one there is no limit.
    pub quota: Option<ByteSize>,
    /// Doors.
    pub protocols: Protocols,
    /// Role.
    pub role: BoxRole,
    /// Password.
    #[serde(skip, default = "no_credential")]
    pub credential: CredentialSource,
    /// Who the owner is at an issuer of tokens (`sub`); with one no other subject's token opens the box.
    #[serde(default)]
    pub subject: Option<String>,
    /// Applied once.
    pub initial: Initial,
    /// Company Sieve script put before the user's.
    pub sieve_before: Option<String>,
    /// Receives mail, but nobody may log in or send.
    pub suspended: bool,
    /// How long the old address stays an alias after a rename.
    pub rename_alias_for: Duration,
    /// What becomes of the mail when the resource goes.
    pub deletion: DeletionPolicy,
}

const fn no_credential() -> CredentialSource {
    CredentialSource::None
}
