//! Addresses: one owner each within a tenant, whoever had it first; an old address stays an alias for a while.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_core::{AccountId, Timestamp, directory::AccountRecord};

use super::{
    super::{
        change::{Change, Changes},
        record::{Item, Stored, Wanted},
        update::Reason,
    },
    Leaving,
    accounts::Numbers,
    rows::Before,
};
use crate::{
    args,
    db::{Column, Row, Tx},
    error::Result,
};

/// (tenant, address key).
type Key = (String, String);
/// (owner, account, until).
type Assigned = (String, Option<AccountId>, Option<Timestamp>);

struct Held {
    owner: String,
    account: Option<AccountId>,
    until: Option<Timestamp>,
    /// Its record is a tombstone or about to be one.
    free: bool,
}

/// Who gets which address.
pub struct AddressPlan {
    table: HashMap<Key, Held>,
    refused: HashMap<String, (String, Reason)>,
    /// The owner before, by the owner now.
    adopted_from: HashMap<String, String>,
}

impl AddressPlan {
    /// Reads what is there and decides.
    pub async fn make(
        tx: &mut Tx,
        changed: &[&Wanted<'_>],
        leaving: &Leaving,
        adopted: &HashMap<String, Stored>,
        now: Timestamp,
    ) -> Result<Self> {
        let adopted_from: HashMap<_, _> = adopted.iter().map(|(owner, old)| (owner.clone(), old.owner.clone())).collect();
        let table = load(tx, changed, leaving, &adopted_from, now).await?;
        let changing: HashSet<&str> = changed.iter().map(|w| w.owner.as_str()).collect();
        let mut refused: HashMap<String, (String, Reason)> = HashMap::new();
        // A refused record keeps its old addresses, which may refuse another: at most one round a record.
        for _ in 0..=changed.len() {
            let before = refused.len();
            let mut taken: HashMap<Key, &str> = HashMap::new();
            for (key, held) in &table {
                let released = changing.contains(held.owner.as_str()) && !refused.contains_key(&held.owner);
                if !held.free && !released && held.until.is_none() {
                    taken.insert(key.clone(), &held.owner);
                }
            }
            // Who has an address and keeps it goes before who asks for it now.
            let keeps =
                |w: &Wanted<'_>| w.addresses.iter().any(|a| table.get(&key(w, a)).is_some_and(|held| held.owner == w.owner && !held.free));
            let (keeping, asking): (Vec<&Wanted<'_>>, Vec<&Wanted<'_>>) = changed.iter().partition(|w| keeps(w));
            for wanted in keeping.into_iter().chain(asking).filter(|w| !w.addresses.is_empty()) {
                if refused.contains_key(&wanted.owner) {
                    continue;
                }
                let other = wanted.addresses.iter().find(|a| taken.get(&key(wanted, a)).is_some_and(|owner| *owner != wanted.owner));
                if let Some(address) = other {
                    refused.insert(wanted.owner.clone(), (address.clone(), Reason::AddressTaken));
                    continue;
                }
                taken.extend(wanted.addresses.iter().map(|a| (key(wanted, a), wanted.owner.as_str())));
            }
            if refused.len() == before {
                break;
            }
        }
        Ok(Self { table, refused, adopted_from })
    }

    /// Owners whose address is another's.
    pub const fn refused(&self) -> &HashMap<String, (String, Reason)> {
        &self.refused
    }

    /// Writes the addresses of `changed` and notes all that moved. `before` has the accounts' records from before.
    pub async fn write(
        self,
        tx: &mut Tx,
        changed: &[&Wanted<'_>],
        accounts: &Numbers,
        before: &Before,
        now: Timestamp,
        changes: &mut Changes,
    ) -> Result<()> {
        let owners: HashSet<&str> = changed.iter().map(|w| w.owner.as_str()).collect();
        let released: Vec<(&Key, &Held)> = self.table.iter().filter(|(_, held)| owners.contains(held.owner.as_str())).collect();
        let mut rows: HashMap<Key, Assigned> = HashMap::new();
        for wanted in changed {
            let account = accounts.get(&wanted.owner).copied();
            rows.extend(wanted.addresses.iter().map(|address| (key(wanted, address), (wanted.owner.clone(), account, None))));
        }
        // Old names, of this rename and of earlier ones, unless somebody wants them in their own right.
        let renamed = changed.iter().filter_map(|w| renamed(w, before.get(&w.owner)?, accounts, now));
        let earlier = released.iter().filter(|(_, held)| held.until.is_some_and(|until| until > now));
        let earlier = earlier.map(|(key, held)| ((*key).clone(), (held.owner.clone(), held.account, held.until)));
        for (key, row) in renamed.chain(earlier) {
            rows.entry(key).or_insert(row);
        }
        for (tenant, address) in released.iter().map(|(key, _)| *key).chain(rows.keys()) {
            changes.add(Change::Address { tenant: tenant.clone(), key: address.clone() });
        }
        let old = changed.iter().filter_map(|w| self.adopted_from.get(&w.owner));
        let owners: Vec<String> = owners.iter().map(|owner| (*owner).to_owned()).chain(old.cloned()).collect();
        if !owners.is_empty() {
            tx.execute("DELETE FROM address WHERE owner = ANY($1)", args![&owners]).await?;
        }
        let rows: Vec<_> = rows.into_iter().collect();
        let columns = [
            Column::texts(rows.iter().map(|((tenant, _), _)| tenant.as_str())),
            Column::texts(rows.iter().map(|((_, address), _)| address.as_str())),
            Column::texts(rows.iter().map(|(_, (owner, ..))| owner.as_str())),
            Column::OptInt(rows.iter().map(|(_, (_, account, _))| account.map(|id| id.0)).collect()),
            Column::OptInt(rows.iter().map(|(_, (.., until))| until.map(|t| t.0)).collect()),
        ];
        let sql = "INSERT INTO address (tenant, address, owner, account, until) {rows} \
             ON CONFLICT (tenant, address) DO UPDATE SET owner = excluded.owner, account = excluded.account, until = excluded.until";
        tx.batch(sql, &columns).await?;
        Ok(())
    }
}

/// The address before a rename, for as long as the resource wants it kept.
fn renamed(wanted: &Wanted<'_>, old: &AccountRecord, accounts: &Numbers, now: Timestamp) -> Option<(Key, Assigned)> {
    let Item::Account(record) = wanted.item else { return None };
    if old.address.key() == wanted.name || record.rename_alias_for.is_zero() {
        return None;
    }
    let assigned = (wanted.owner.clone(), accounts.get(&wanted.owner).copied(), Some(now + record.rename_alias_for));
    Some((key(wanted, &old.address.key()), assigned))
}

fn key(wanted: &Wanted<'_>, address: &str) -> Key {
    (wanted.tenant.to_owned(), address.to_owned())
}

/// Rows that the changed records have, and rows of the addresses that they want.
async fn load(
    tx: &mut Tx,
    changed: &[&Wanted<'_>],
    leaving: &Leaving,
    adopted_from: &HashMap<String, String>,
    now: Timestamp,
) -> Result<HashMap<Key, Held>> {
    let adopted_by: HashMap<&String, &String> = adopted_from.iter().map(|(new, old)| (old, new)).collect();
    let with_addresses = || changed.iter().filter(|w| !w.addresses.is_empty());
    let owners: Vec<String> = with_addresses().map(|w| w.owner.clone()).chain(adopted_from.values().cloned()).collect();
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in with_addresses() {
        wanted.entry(one.tenant).or_default().extend(one.addresses.iter().cloned());
    }
    let by_owner = "SELECT a.tenant, a.address, a.owner, a.account, a.until, r.gone_until FROM address a \
         LEFT JOIN directory_record r ON r.owner = a.owner WHERE a.owner = ANY($1)";
    let by_address = "SELECT a.tenant, a.address, a.owner, a.account, a.until, r.gone_until FROM address a \
         LEFT JOIN directory_record r ON r.owner = a.owner WHERE a.tenant = $1 AND a.address = ANY($2)";
    let mut rows = tx.rows(by_owner, args![&owners]).await?;
    // A tenant at a time, as the key of the table begins: by addresses alone every row would be looked at.
    for (tenant, addresses) in &wanted {
        rows.extend(tx.rows(by_address, args![*tenant, addresses]).await?);
    }
    let mut table = HashMap::new();
    for row in &rows {
        let (key, mut held) = held(row, leaving, now)?;
        if let Some(owner) = adopted_by.get(&held.owner) {
            held.owner = (*owner).clone();
        }
        table.insert(key, held);
    }
    Ok(table)
}

fn held(row: &Row, leaving: &Leaving, now: Timestamp) -> Result<(Key, Held)> {
    let owner = row.text(2)?;
    let until = row.opt_int(4)?.map(Timestamp);
    let free = row.opt_int(5)?.is_some() || leaving.contains(&owner) || until.is_some_and(|until| until <= now);
    let account = row.opt_int(3)?.map(AccountId);
    Ok(((row.text(0)?, row.text(1)?), Held { owner, account, until, free }))
}
