//! An address without storage: redirect, group, no-reply.

use serde::{Deserialize, Serialize};

use crate::{Address, Timestamp};

/// What an alias is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AliasKind {
    /// Mail goes on to the targets.
    Redirect,
    /// The same, named a group.
    Group,
    /// Mail is accepted and thrown away.
    NoReply,
}

/// An alias as the dataplane routes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// The tenant (namespace).
    pub tenant: String,
    /// The address.
    pub address: Address,
    /// What it is for.
    pub kind: AliasKind,
    /// Where its mail goes, here or elsewhere.
    pub targets: Vec<Address>,
    /// No longer valid from then on.
    pub expires_at: Option<Timestamp>,
}
