//! One update in one transaction: what changed is found by digest, checked as a whole, written in batches.
//!
//! Nothing here depends on the order in which objects arrive: a conflict with a committed row is the
//! newcomer's, and one inside an update is decided by the owners' keys.

mod accounts;
mod addresses;
mod claims;
mod removal;
mod rows;

use std::collections::{HashMap, HashSet};

use postern_core::{IdSource, Timestamp};

use self::addresses::AddressPlan;
use super::{
    change::{Change, Changes},
    claim,
    fence::{self, Epoch},
    record::{RecordKind, Stored, Wanted, source_of},
    seal::SealKeys,
    update::{ApplyReport, DirectoryUpdate, Reason, Refusal, VerifiersBySource},
};
use crate::{db::Tx, error::Result};

pub(super) use self::accounts::plan;

/// What an update is applied with.
pub(super) struct Apply<'a> {
    pub update: &'a DirectoryUpdate,
    pub wanted: &'a [Wanted<'a>],
    pub verifiers: &'a VerifiersBySource,
    pub keys: &'a SealKeys,
    pub ids: &'a IdSource,
    pub now: Timestamp,
}

impl Apply<'_> {
    /// The whole of it. `tx` is committed by the caller.
    pub async fn run(&self, tx: &mut Tx, epoch: Epoch) -> Result<ApplyReport> {
        fence::check(tx, epoch).await?;
        let mut report = ApplyReport::default();
        let mut changes = Changes::default();
        let stored = rows::load(tx, self.update, self.wanted).await?;
        let mut changed: Vec<&Wanted<'_>> = self.wanted.iter().filter(|w| !is_unchanged(w, stored.get(&w.owner))).collect();
        report.unchanged = self.wanted.len() - changed.len();

        let (orphans, asked) = (removal::choose(self.update, self.wanted, &stored), removal::asked(self.update, &stored));
        let adopted = accounts::adopt(tx, &changed, &stored, &orphans.and(&asked), self.update).await?;
        let (orphans, withheld) = orphans.without(&adopted).guarded(&stored, self.update.confirm_mass_delete);
        let leaving = orphans.and(&asked.without(&adopted));

        let passwords = accounts::passwords(tx, self, &changed, &stored, &adopted).await?;
        refuse(&mut changed, &mut report, &passwords.missing);
        let addresses = AddressPlan::make(tx, &changed, &leaving, &adopted, self.now).await?;
        refuse(&mut changed, &mut report, addresses.refused());

        let accounts = accounts::numbers(&changed, &stored, &adopted, self.ids);
        let had_records = rows::write(tx, &changed, &stored, &accounts, &adopted).await?;
        addresses.write(tx, &changed, &accounts, &had_records, self.now, &mut changes).await?;
        accounts::write(tx, self, &changed, &stored, &accounts, &adopted).await?;
        accounts::write_passwords(tx, self, passwords, &changed, &accounts).await?;
        removal::remove(tx, self.update, &leaving, &stored, self.now, &mut changes).await?;
        let names = claims::write(tx, &changed, &leaving, self.now, &mut changes).await?;

        for wanted in &changed {
            note(wanted, &accounts, &mut changes);
        }
        let position = changes.finish(tx).await?;
        claim::number(tx, position, &names).await?;

        report.position = match position {
            Some(position) => position,
            None => tx.row("SELECT value FROM counter WHERE name = 'position'", &[]).await?.map_or(Ok(0), |row| row.int(0))?,
        };
        report.written = changed.len();
        let back = changed.iter().filter(|w| stored.get(&w.owner).is_some_and(|s| s.gone));
        report.restored = back.map(|w| w.source.clone()).collect();
        let found = changed.iter().filter_map(|w| Some((w.source.clone(), adopted.get(&w.owner)?.account?)));
        report.adopted = found.collect();
        report.removed = leaving.iter().filter_map(|owner| source_of(owner)).collect();
        report.withheld = withheld.iter().filter_map(|owner| source_of(owner)).collect();
        report.refused.extend(claims::not_held(tx, self.wanted).await?);
        Ok(report)
    }
}

fn is_unchanged(wanted: &Wanted<'_>, stored: Option<&Stored>) -> bool {
    stored.is_some_and(|s| !s.gone && s.kind == wanted.kind && s.digest == wanted.digest.0)
}

/// Takes the refused out of `changed` and into the report.
fn refuse(changed: &mut Vec<&Wanted<'_>>, report: &mut ApplyReport, refused: &HashMap<String, (String, Reason)>) {
    changed.retain(|wanted| {
        let Some((name, reason)) = refused.get(&wanted.owner) else { return true };
        report.refused.push(Refusal { source: wanted.source.clone(), name: name.clone(), reason: *reason });
        false
    });
}

fn note(wanted: &Wanted<'_>, accounts: &accounts::Numbers, changes: &mut Changes) {
    match wanted.kind {
        RecordKind::Domain => {
            let names = wanted.claims.iter().filter(|(kind, ..)| *kind <= claim::ClaimKind::AliasDomain);
            names.for_each(|(_, name, _)| changes.add(Change::Domain(name.clone())));
        }
        RecordKind::Account => {
            if let Some(id) = accounts.get(&wanted.owner) {
                changes.add(Change::Account(*id));
            }
        }
        RecordKind::Alias => {}
        RecordKind::Pool => changes.add(Change::Pools),
        RecordKind::Brand => changes.add(Change::Brands),
    }
}

/// Owners that go.
#[derive(Debug, Default)]
pub(super) struct Leaving(HashSet<String>);

impl Leaving {
    fn iter(&self) -> impl Iterator<Item = &String> {
        let mut owners: Vec<_> = self.0.iter().collect();
        owners.sort();
        owners.into_iter()
    }

    fn contains(&self, owner: &str) -> bool {
        self.0.contains(owner)
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    fn without(mut self, adopted: &HashMap<String, Stored>) -> Self {
        adopted.values().for_each(|old| {
            self.0.remove(&old.owner);
        });
        self
    }

    /// Splits into what may go and what is kept, for a twentieth at once is a mistake until confirmed.
    fn guarded(self, stored: &HashMap<String, Stored>, confirmed: bool) -> (Self, Vec<String>) {
        let live = stored.values().filter(|s| !s.gone).count();
        if confirmed || self.0.len() < removal::ALWAYS_ALLOWED || self.0.len() * 20 <= live {
            return (self, Vec::new());
        }
        let withheld = self.iter().cloned().collect();
        (Self::default(), withheld)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(owner: &str) -> (String, Stored) {
        let kind = RecordKind::Account;
        let (tenant, name) = ("t".to_owned(), owner.to_owned());
        (owner.to_owned(), Stored { owner: owner.to_owned(), kind, tenant, name, account: None, digest: Vec::new(), gone: false })
    }

    #[test]
    fn a_twentieth_may_go_at_once_and_a_handful_always() {
        let all: HashMap<_, _> = (0..400).map(|i| stored(&format!("c/Mailbox/t/{i}"))).collect();
        let some = |n: usize| Leaving(all.keys().take(n).cloned().collect());
        assert!(some(20).guarded(&all, false).1.is_empty());
        assert_eq!(some(21).guarded(&all, false).1.len(), 21);
        assert!(some(21).guarded(&all, true).1.is_empty());
        let few: HashMap<_, _> = all.clone().into_iter().take(9).collect();
        assert!(Leaving(few.keys().cloned().collect()).guarded(&few, false).1.is_empty());
    }
}
