//! Accounts of an update: which row each one is, its box, its limit and its password.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use postern_core::{
    AccountId, IdSource,
    directory::{CredentialSource, SourceKey},
};

use super::{
    super::{
        credential::{self, NewPassword, Step, Verifiers},
        record::{Item, RecordKind, Stored, Wanted, decode, source_of},
        seal::SealKeys,
        update::{CredentialPlan, DirectoryUpdate, Reason},
    },
    Apply, Leaving, is_unchanged,
};
use crate::{
    args,
    db::Tx,
    error::Result,
    mail::account::{self, Allowance},
};

/// Account ids by owner.
pub type Numbers = HashMap<String, AccountId>;

/// Finds accounts that have no row under their key by their address within the tenant.
///
/// A tombstone is found, the same resource of another cluster, and a row of this cluster whose resource is gone.
pub async fn adopt(
    tx: &mut Tx,
    changed: &[&Wanted<'_>],
    stored: &HashMap<String, Stored>,
    leaving: &Leaving,
    update: &DirectoryUpdate,
) -> Result<HashMap<String, Stored>> {
    let new = || changed.iter().filter(|w| w.kind == RecordKind::Account && !stored.contains_key(&w.owner));
    let names: Vec<String> = new().map(|w| w.name.clone()).collect();
    let tenants: Vec<String> = new().map(|w| w.tenant.to_owned()).collect::<BTreeSet<_>>().into_iter().collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT owner, kind, tenant, name, account, digest, gone_until FROM directory_record \
         WHERE kind = 1 AND tenant = ANY($1) AND name = ANY($2)";
    let mut found: HashMap<(String, String), Vec<Stored>> = HashMap::new();
    for row in tx.rows(sql, args![&tenants, &names]).await? {
        let row = Stored::of_row(&row)?;
        found.entry((row.tenant.clone(), row.name.clone())).or_default().push(row);
    }
    // What the update itself names or holds back is nobody else's.
    let named: HashSet<String> = changed.iter().map(|w| w.owner.clone()).chain(update.held.iter().map(SourceKey::to_string)).collect();
    let mut adopted = HashMap::new();
    for wanted in new() {
        let Some(rows) = found.get_mut(&(wanted.tenant.to_owned(), wanted.name.clone())) else { continue };
        let may = |row: &Stored| {
            let moved = source_of(&row.owner).is_some_and(|s| s.cluster != wanted.source.cluster && is_same_object(&s, wanted.source));
            !named.contains(&row.owner) && (row.gone || moved || leaving.contains(&row.owner))
        };
        if let Some(at) = rows.iter().position(may) {
            adopted.insert(wanted.owner.clone(), rows.swap_remove(at));
        }
    }
    Ok(adopted)
}

fn is_same_object(a: &SourceKey, b: &SourceKey) -> bool {
    a.kind == b.kind && a.namespace == b.namespace && a.name == b.name
}

/// Every account's id, new ones made.
pub fn numbers(changed: &[&Wanted<'_>], stored: &HashMap<String, Stored>, adopted: &HashMap<String, Stored>, ids: &IdSource) -> Numbers {
    let accounts = changed.iter().filter(|w| w.kind == RecordKind::Account);
    let known = |w: &Wanted<'_>| adopted.get(&w.owner).or_else(|| stored.get(&w.owner)).and_then(|row| row.account);
    accounts.map(|w| (w.owner.clone(), known(w).unwrap_or_else(|| ids.account()))).collect()
}

/// Makes boxes, gives them their limits, and brings buried ones back.
pub async fn write(
    tx: &mut Tx,
    apply: &Apply<'_>,
    changed: &[&Wanted<'_>],
    stored: &HashMap<String, Stored>,
    accounts: &Numbers,
    adopted: &HashMap<String, Stored>,
) -> Result<()> {
    let allowances = allowances(tx, apply, changed).await?;
    let mut new = Vec::new();
    for wanted in changed {
        match wanted.item {
            Item::Account(_) => {
                let Some(id) = accounts.get(&wanted.owner) else { continue };
                let domain = (wanted.tenant.to_owned(), wanted.domain.clone().unwrap_or_default());
                let quota = allowances.get(&domain).copied().unwrap_or_default().quota(wanted.quota);
                match adopted.get(&wanted.owner).or_else(|| stored.get(&wanted.owner)) {
                    None => new.push((*id, quota)),
                    Some(row) => {
                        account::set_quota(tx, *id, quota).await?;
                        if row.gone {
                            account::revive(tx, *id).await?;
                        }
                    }
                }
            }
            Item::Domain(record) if stored.contains_key(&wanted.owner) => {
                account::set_quotas(tx, wanted.tenant, record.name.as_str(), Allowance::of(record), false).await?;
            }
            _ => {}
        }
    }
    account::create_new(tx, &new, apply.now).await
}

type ByDomain = HashMap<(String, String), Allowance>;

/// What domains allow the boxes that changed, by (tenant, domain): from the update, else from the table.
async fn allowances(tx: &mut Tx, apply: &Apply<'_>, changed: &[&Wanted<'_>]) -> Result<ByDomain> {
    let mut known: ByDomain = ByDomain::new();
    for domain in &apply.update.domains {
        known.insert((domain.record.tenant.clone(), domain.record.name.to_string()), Allowance::of(&domain.record));
    }
    let asked = changed.iter().filter(|w| w.kind == RecordKind::Account);
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let places: BTreeSet<(&str, &String)> = asked.filter_map(|w| Some((w.tenant, w.domain.as_ref()?))).collect();
    for (tenant, domain) in places {
        if !known.contains_key(&(tenant.to_owned(), domain.clone())) {
            missing.entry(tenant).or_default().push(domain.clone());
        }
    }
    // A tenant at a time, as the index begins: by names alone every record would be looked at.
    for (tenant, domains) in missing {
        let sql = "SELECT name, record FROM directory_record WHERE kind = 0 AND tenant = $1 AND name = ANY($2) AND gone_until IS NULL";
        for row in tx.rows(sql, args![tenant, &domains]).await? {
            known.entry((tenant.to_owned(), row.text(0)?)).or_insert(Allowance::of(&decode(row.str(1)?)?));
        }
    }
    Ok(known)
}

/// New passwords by owner, and those that came without verifiers.
#[derive(Default)]
pub struct Passwords {
    new: HashMap<String, Verifiers>,
    pub missing: HashMap<String, (String, Reason)>,
}

/// Finds whose password changed.
pub async fn passwords(
    tx: &mut Tx,
    apply: &Apply<'_>,
    changed: &[&Wanted<'_>],
    stored: &HashMap<String, Stored>,
    adopted: &HashMap<String, Stored>,
) -> Result<Passwords> {
    let mut passwords = Passwords::default();
    for (wanted, step) in steps(tx, apply.keys, changed, stored, adopted).await? {
        let verifiers = match step {
            Step::Keep => continue,
            Step::Take(phc) => Some(Verifiers { phc, scram: None }),
            Step::Hash | Step::Generate => apply.verifiers.get(wanted.source).cloned(),
        };
        match verifiers {
            Some(verifiers) => drop(passwords.new.insert(wanted.owner.clone(), verifiers)),
            None => drop(passwords.missing.insert(wanted.owner.clone(), (wanted.name.clone(), Reason::CredentialMissing))),
        }
    }
    Ok(passwords)
}

/// Writes the new passwords of those that were not refused.
pub async fn write_passwords(
    tx: &mut Tx,
    apply: &Apply<'_>,
    mut passwords: Passwords,
    changed: &[&Wanted<'_>],
    accounts: &Numbers,
) -> Result<()> {
    let mut rows = Vec::new();
    for wanted in changed {
        if let (Item::Account(record), Some(id)) = (wanted.item, accounts.get(&wanted.owner))
            && let Some(verifiers) = passwords.new.remove(&wanted.owner)
        {
            let fingerprint = credential::fingerprint(apply.keys, wanted, &record.credential)?;
            rows.push(NewPassword { account: *id, verifiers, fingerprint });
        }
    }
    credential::write(tx, apply.keys, &rows, apply.now).await
}

/// Whose password must be worked on before the update is applied.
pub async fn plan(tx: &mut Tx, keys: &SealKeys, update: &DirectoryUpdate, wanted: &[Wanted<'_>]) -> Result<CredentialPlan> {
    let accounts: Vec<&Wanted<'_>> = wanted.iter().filter(|w| w.kind == RecordKind::Account).collect();
    let stored = super::rows::load(tx, update, wanted).await?;
    let changed: Vec<&Wanted<'_>> = accounts.into_iter().filter(|w| !is_unchanged(w, stored.get(&w.owner))).collect();
    let leaving = super::removal::choose(update, wanted, &stored).and(&super::removal::asked(update, &stored));
    let adopted = adopt(tx, &changed, &stored, &leaving, update).await?;
    let mut plan = CredentialPlan::default();
    for (wanted, step) in steps(tx, keys, &changed, &stored, &adopted).await? {
        match step {
            Step::Hash => plan.to_hash.push(wanted.source.clone()),
            Step::Generate => plan.to_generate.push(wanted.source.clone()),
            Step::Keep | Step::Take(_) => {}
        }
    }
    Ok(plan)
}

async fn steps<'w, 'a>(
    tx: &mut Tx,
    keys: &SealKeys,
    changed: &[&'w Wanted<'a>],
    stored: &HashMap<String, Stored>,
    adopted: &HashMap<String, Stored>,
) -> Result<Vec<(&'w Wanted<'a>, Step)>> {
    let known = |w: &Wanted<'_>| adopted.get(&w.owner).or_else(|| stored.get(&w.owner)).and_then(|row| row.account);
    let ids: Vec<i64> = changed.iter().filter_map(|w| known(w)).map(|id| id.0).collect();
    let mut prints: HashMap<i64, Option<Vec<u8>>> = HashMap::new();
    if !ids.is_empty() {
        for row in tx.rows("SELECT account, digest FROM credential WHERE kind = 0 AND account = ANY($1)", args![&ids]).await? {
            prints.insert(row.int(0)?, row.opt_bytes(1)?);
        }
    }
    let mut steps = Vec::new();
    for wanted in changed {
        if let Item::Account(record) = wanted.item
            && record.credential != CredentialSource::None
        {
            let stored = known(wanted).and_then(|id| prints.get(&id.0));
            steps.push((*wanted, credential::step(keys, wanted, &record.credential, stored)));
        }
    }
    Ok(steps)
}
