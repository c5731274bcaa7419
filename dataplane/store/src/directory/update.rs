//! What a projection hands over, and what it hears back. Plain values.

use std::collections::HashMap;

use postern_core::{
    AccountId,
    directory::{AccountRecord, AliasRecord, BrandRecord, DeletionPolicy, DomainRecord, PoolRecord, Projected, SourceKey},
};

use super::credential::Verifiers;

/// Records of one cluster (or folder) as its resources say, all of them or those that changed.
#[derive(Clone, Debug, Default)]
pub struct DirectoryUpdate {
    /// The cluster's name, the same as in every source.
    pub cluster: String,
    /// Domains.
    pub domains: Vec<Projected<DomainRecord>>,
    /// Accounts.
    pub accounts: Vec<Projected<AccountRecord>>,
    /// Aliases.
    pub aliases: Vec<Projected<AliasRecord>>,
    /// Pools. Whether a namespace may own the addresses was decided before: they count as proven.
    pub pools: Vec<Projected<PoolRecord>>,
    /// Brands.
    pub brands: Vec<Projected<BrandRecord>>,
    /// Resources that exist but cannot be projected now: their rows stay as they are.
    pub held: Vec<SourceKey>,
    /// Resources that are being deleted: their rows go, however many they are.
    pub leaving: Vec<Leaving>,
    /// Whether this is all there is: only then are missing ones tombstoned.
    pub complete: bool,
    /// Whether more than a twentieth of the rows may go at once.
    pub confirm_mass_delete: bool,
}

/// A resource that is being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Which.
    pub source: SourceKey,
    /// What becomes of its data by its last word; `None` leaves it to the row.
    pub deletion: Option<DeletionPolicy>,
}

/// Verifiers of the accounts that a [`CredentialPlan`] named.
pub type VerifiersBySource = HashMap<SourceKey, Verifiers>;

/// Whose password must be worked on before the update can be applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialPlan {
    /// A clear password that is new or changed: make its verifiers.
    pub to_hash: Vec<SourceKey>,
    /// No password yet and one is to be made: make it, show it once, and make its verifiers.
    pub to_generate: Vec<SourceKey>,
}

/// What became of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyReport {
    /// The position at which all of it is visible.
    pub position: i64,
    /// Records written.
    pub written: usize,
    /// Records whose digest was equal.
    pub unchanged: usize,
    /// Records that came back from a tombstone.
    pub restored: Vec<SourceKey>,
    /// Accounts that were found by their address and have a new owner.
    pub adopted: Vec<(SourceKey, AccountId)>,
    /// Records whose resource is gone.
    pub removed: Vec<SourceKey>,
    /// Records whose resource is gone, kept because they are too many to lose at once.
    pub withheld: Vec<SourceKey>,
    /// Records that were not taken, or are kept and not served, and why.
    pub refused: Vec<Refusal>,
}

/// One object that is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The object.
    pub source: SourceKey,
    /// The address, domain or host that it is about.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why an object is not in force. Names are those of the resources' conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Another record of the tenant has the address. Nothing was written; what was there stays.
    AddressTaken,
    /// Another holds the name. The record is kept and serves once the name is free.
    DomainClaimedElsewhere,
    /// Ownership is not proven yet. The record is kept and serves once it is.
    TokenNotFound,
    /// The password changed and came without verifiers: plan again. Nothing was written.
    CredentialMissing,
}
