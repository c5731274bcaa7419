//! From a recipient to the places where its mail goes: boxes here, servers elsewhere, or nowhere.
//!
//! ```text
//!  recipient ─► domain ours? ─► address ─► without +tag ─► postmaster ─► catch-all ─► split ─► unknown
//!                  │ no            ├ box ───────────────────────────────────────────────────► Box
//!                  ▼               └ alias ─► each target, the same way, never twice ────────► …
//!              Elsewhere, or relay denied at a door for strangers
//! ```
//!
//! A decision over looked-up values: [`Lookups`] answers (the directory in a server, a table in tests), nothing is
//! written and no reply is made here. The envelope sender stays as it is on the way elsewhere; rewriting it (SRS) is
//! not done yet.

mod lookups;
mod refusal;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, sync::Arc};

pub use lookups::Lookups;
pub use refusal::Refusal;

use postern_core::{
    Address,
    directory::{AliasKind, DomainMode},
};
use postern_store::{
    Result,
    directory::{AccountEntry, AddressTarget, DomainEntry},
};

/// One place where a recipient's mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Into a box of ours.
    Box(Arc<AccountEntry>),
    /// To another server.
    Elsewhere(Address),
}

/// What becomes of a recipient's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// There; never empty, no box twice.
    To(Vec<Hop>),
    /// Accepted and thrown away: a no-reply address.
    Discard,
    /// Not taken.
    Refuse(Refusal),
}

/// Whose recipients are routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Strangers, who reach what is ours and nothing else.
    Exchanger,
    /// Our own users, who reach everybody.
    Submission,
}

/// How far an alias may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Aliases in a row.
    pub depth: usize,
    /// Addresses looked at for one recipient.
    pub targets: usize,
    /// Who reads `postmaster@` of a domain that has neither such an address, nor admins, nor a catch-all.
    pub postmaster: Option<Address>,
}

impl Default for Limits {
    /// 10 aliases in a row, 1000 addresses, no postmaster.
    fn default() -> Self {
        Self { depth: 10, targets: 1000, postmaster: None }
    }
}

/// Routes one recipient.
///
/// # Errors
/// As the directory says.
pub async fn route(lookups: &impl Lookups, limits: &Limits, door: Door, recipient: &Address) -> Result<Route> {
    // The usual case first, without any set: an address that is a box's own.
    let start = step(lookups, limits, recipient).await?;
    match start {
        Step::Box(account) => Ok(Route::To(vec![Hop::Box(account)])),
        Step::NotOurs if door == Door::Exchanger => Ok(Route::Refuse(Refusal::RelayDenied)),
        Step::NotOurs | Step::Split => Ok(Route::To(vec![Hop::Elsewhere(recipient.clone())])),
        Step::Discard => Ok(Route::Discard),
        Step::Refuse(refusal) => Ok(Route::Refuse(refusal)),
        Step::Follow(targets) => expand(lookups, limits, recipient, targets).await,
    }
}

/// What one look at an address says.
enum Step {
    Box(Arc<AccountEntry>),
    Follow(Vec<Address>),
    NotOurs,
    Split,
    Discard,
    Refuse(Refusal),
}

async fn step(lookups: &impl Lookups, limits: &Limits, address: &Address) -> Result<Step> {
    let Some(domain) = lookups.domain(address.domain()).await? else { return Ok(Step::NotOurs) };
    let postmaster = address.local().eq_ignore_ascii_case("postmaster");
    if domain.record.mode == DomainMode::SendOnly && !postmaster {
        return Ok(Step::Refuse(Refusal::ReceivesNothing));
    }
    if let Some(found) = known(lookups.address(address).await?) {
        return Ok(found);
    }
    // RFC 5233: an address that has the tag in its name wins over its user.
    if address.split_tag().1.is_some()
        && let Some(found) = known(lookups.address(&address.without_tag()).await?)
    {
        return Ok(found);
    }
    Ok(fallback(&domain, limits, address, postmaster))
}

fn known(target: AddressTarget) -> Option<Step> {
    match target {
        AddressTarget::Account(account) => Some(Step::Box(account)),
        AddressTarget::Alias(alias) if alias.kind == AliasKind::NoReply => Some(Step::Discard),
        AddressTarget::Alias(alias) => Some(Step::Follow(alias.targets.clone())),
        AddressTarget::None => None,
    }
}

/// Where mail goes that no address of the domain takes.
fn fallback(domain: &DomainEntry, limits: &Limits, address: &Address, postmaster: bool) -> Step {
    let record = &domain.record;
    let itself = |target: &Address| target.key() == address.key();
    // RFC 5321 §4.5.1: postmaster is always somebody.
    if postmaster && !record.admins.is_empty() && !record.admins.iter().any(itself) {
        return Step::Follow(record.admins.clone());
    }
    match &record.catch_all {
        Some(target) if !itself(target) => return Step::Follow(vec![target.clone()]),
        _ => {}
    }
    match &limits.postmaster {
        Some(target) if postmaster && !itself(target) => return Step::Follow(vec![target.clone()]),
        _ => {}
    }
    if record.mode == DomainMode::Split { Step::Split } else { Step::Refuse(Refusal::NoSuchMailbox) }
}

/// Follows aliases breadth first, each address once, until only boxes and other servers are left.
async fn expand(lookups: &impl Lookups, limits: &Limits, first: &Address, targets: Vec<Address>) -> Result<Route> {
    let mut seen = HashSet::from([first.key()]);
    let (mut hops, mut boxes) = (Vec::new(), HashSet::new());
    let (mut level, mut discarded, mut refusal) = (targets, false, Refusal::AliasLoop);
    for _ in 0..limits.depth {
        let mut next = Vec::new();
        for target in level {
            if !seen.insert(target.key()) {
                continue;
            }
            if seen.len() > limits.targets {
                return Ok(Route::Refuse(Refusal::TooManyTargets));
            }
            match step(lookups, limits, &target).await? {
                Step::Box(account) if boxes.insert(account.id) => hops.push(Hop::Box(account)),
                Step::Box(_) => {}
                Step::NotOurs | Step::Split => hops.push(Hop::Elsewhere(target)),
                Step::Discard => discarded = true,
                Step::Follow(more) => next.extend(more),
                // One dead target does not cost the others their mail; the refusal is said when none is left.
                Step::Refuse(why) => refusal = why,
            }
        }
        if next.is_empty() {
            return Ok(match (hops.is_empty(), discarded) {
                (false, _) => Route::To(hops),
                (true, true) => Route::Discard,
                (true, false) => Route::Refuse(refusal),
            });
        }
        level = next;
    }
    Ok(Route::Refuse(Refusal::AliasLoop))
}
