//! What look-ups answer: parsed once when they are loaded, shared by everybody after.

use std::{fmt, sync::Arc};

use postern_core::{
    AccountId, Address, Timestamp,
    directory::{AccountRecord, AliasRecord, DomainRecord, Protocols},
};

use super::credential::ScramSecret;

/// A domain that its tenant holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEntry {
    /// Its record; aliases and hosts that another holds are left out.
    pub record: DomainRecord,
    /// Key of the owning resource.
    pub owner: String,
}

/// An account that is not a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Its id, for ever.
    pub id: AccountId,
    /// Its record.
    pub record: AccountRecord,
    /// Key of the owning resource.
    pub owner: String,
}

/// Where mail for an address goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressTarget {
    /// Into a box. Suspended ones receive too.
    Account(Arc<AccountEntry>),
    /// On to others, or nowhere.
    Alias(Arc<AliasRecord>),
    /// Nobody has it.
    None,
}

/// What the cache keeps of an address: the account by its id, so that a changed account is seen at once.
#[derive(Clone, Debug)]
pub(super) enum KnownTarget {
    Account { id: AccountId, until: Option<Timestamp> },
    Alias(Arc<AliasRecord>),
    None,
}

/// All that a login is decided by. Deciding is the access crate's.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginAccount {
    /// The account.
    pub account: AccountId,
    /// Its tenant.
    pub tenant: String,
    /// Its own address.
    pub address: Address,
    /// All its addresses, in lower case: what it may send as. Under alias domains the same.
    pub addresses: Vec<Address>,
    /// Doors.
    pub protocols: Protocols,
    /// Receives, but nobody may log in or send.
    pub suspended: bool,
    /// `$argon2id$…`; without one there is no password login.
    pub phc: Option<String>,
    /// For SCRAM-SHA-256.
    pub scram: Option<ScramSecret>,
    /// Who its owner is at an issuer of tokens.
    pub subject: Option<String>,
    /// When the password was last set.
    pub password_changed_at: Option<Timestamp>,
    /// Changes whenever the password does: sessions remember it.
    pub credential_digest: [u8; 32],
}

impl fmt::Debug for LoginAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAccount").field("account", &self.account).field("address", &self.address).finish_non_exhaustive()
    }
}
