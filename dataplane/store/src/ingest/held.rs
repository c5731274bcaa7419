//! What the transaction of a batch holds: accounts locked, their folders and the placements that will change, with what
//! the batch has made of them so far.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_core::AccountId;

use super::{Job, Target, Tools, Work};
use crate::{
    args,
    db::Tx,
    dialect::Dialect,
    error::Result,
    mail::{
        Folder as FolderRow, INBOX, SpecialUse,
        cells::Step,
        folder::{self, fields},
        placement::{self, Delta},
        snapshot::Entry,
    },
};

/// Everything that a batch decides by.
#[derive(Default)]
pub(super) struct Held {
    pub accounts: BTreeMap<i64, Account>,
    /// Accounts that somebody else has locked.
    pub busy: HashSet<i64>,
    /// By account and id.
    pub folders: HashMap<(i64, i64), Folder>,
    /// Placements that changes name, by account, folder and UID.
    pub placements: HashMap<(i64, i64, i64), Entry>,
    /// Accounts in which this batch changes messages, and those in which it replaces one: never both, for a replacement reads
    /// and writes by itself what a change has decided already.
    changing: HashSet<i64>,
    replacing: HashSet<i64>,
}

/// An account as this transaction has locked it, with what the batch adds so far.
pub(super) struct Account {
    /// Its MODSEQ before.
    before: i64,
    /// The last that the batch has given.
    pub modseq: i64,
    pub used: i64,
    pub quota: Option<i64>,
    pub bytes: i64,
    pub messages: i64,
}

/// A folder with what the batch does to it.
pub(super) struct Folder {
    /// Its row before.
    pub row: FolderRow,
    pub delta: Delta,
    /// The highest MODSEQ of what the batch does in it; `None` while that is nothing.
    pub modseq: Option<i64>,
    /// Placements whose flags change.
    pub changed: BTreeMap<u32, Entry>,
    /// Placements that go, with the MODSEQ of it.
    pub gone: BTreeMap<u32, (i64, Entry)>,
    /// Placements that come, where the folder is in memory.
    pub new: BTreeMap<u32, Entry>,
    /// Something else changes it in this transaction: nobody may take this for all there is.
    pub unsure: bool,
}

impl Account {
    /// The MODSEQ of all that is delivered in this batch: one for all of it.
    pub fn delivery(&mut self) -> i64 {
        self.modseq = self.modseq.max(self.before + 1);
        self.before + 1
    }

    /// Whether anything of it moved.
    pub const fn is_touched(&self) -> bool {
        self.modseq > self.before
    }
}

impl Folder {
    /// Something in it has this MODSEQ now.
    pub fn touch(&mut self, modseq: i64) {
        self.modseq = Some(self.modseq.map_or(modseq, |at| at.max(modseq)));
    }
}

impl Held {
    /// Whether a job can be decided in this batch; one that cannot goes into a later one.
    pub fn admits(&mut self, job: &Job) -> bool {
        if job.accounts().any(|account| self.busy.contains(&account)) {
            return false;
        }
        match &job.work {
            Work::Change(change, _) => {
                self.changing.insert(change.account.0);
                !self.replacing.contains(&change.account.0)
            }
            Work::Accept(accept, _) => accept.replaces.is_none_or(|replaced| {
                self.replacing.insert(replaced.account.0);
                !self.changing.contains(&replaced.account.0)
            }),
        }
    }

    /// Locks what the jobs need and reads it. With `wait` no account is left out because somebody else has locked it.
    pub async fn take(tools: &Tools, tx: &mut Tx, jobs: &[&Job], wait: bool) -> Result<Self> {
        let wanted: std::collections::BTreeSet<i64> = jobs.iter().flat_map(|job| job.accounts()).collect();
        let wanted: Vec<i64> = wanted.into_iter().collect();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let accounts = lock(tx, &wanted, wait).await?;
        let busy = busy(tools, tx, &wanted, &accounts).await?;
        let folders = folders(tx, &wanted, jobs).await?;
        let placements = placements(tx, jobs, &busy).await?;
        Ok(Self { accounts, busy, folders, placements, ..Self::default() })
    }

    /// What the folders that are in memory become.
    pub fn steps(self) -> Vec<Step> {
        let Self { accounts, folders, .. } = self;
        let step = |((account, _), folder): ((i64, i64), Folder)| {
            let modseq = folder.modseq.filter(|_| !folder.unsure)?;
            let mut changed = folder.changed;
            changed.extend(folder.new);
            Some(Step {
                account: AccountId(account),
                after: folder.delta.applied_to(&folder.row, modseq),
                before: folder.row,
                changed,
                gone: folder.gone.into_keys().collect(),
                modseq: accounts.get(&account)?.modseq,
            })
        };
        folders.into_iter().filter_map(step).collect()
    }
}

/// Locks accounts in the order of their ids, the order that everybody keeps.
async fn lock(tx: &mut Tx, wanted: &[i64], wait: bool) -> Result<BTreeMap<i64, Account>> {
    let sql = if wait {
        "SELECT id, modseq, used, quota FROM account WHERE id = ANY($1) AND state = 0 ORDER BY id FOR UPDATE"
    } else {
        "SELECT id, modseq, used, quota FROM account WHERE id = ANY($1) AND state = 0 ORDER BY id FOR UPDATE SKIP LOCKED"
    };
    let mut accounts = BTreeMap::new();
    for row in tx.rows(sql, args![wanted]).await? {
        let before = row.int(1)?;
        let account = Account { before, modseq: before, used: row.int(2)?, quota: row.opt_int(3)?, bytes: 0, messages: 0 };
        accounts.insert(row.int(0)?, account);
    }
    Ok(accounts)
}

/// Accounts that exist and were not locked: somebody else holds them.
async fn busy(tools: &Tools, tx: &mut Tx, wanted: &[i64], locked: &BTreeMap<i64, Account>) -> Result<HashSet<i64>> {
    if locked.len() == wanted.len() || tools.db.dialect() == Dialect::Sqlite {
        return Ok(HashSet::new());
    }
    let missing: Vec<i64> = wanted.iter().copied().filter(|id| !locked.contains_key(id)).collect();
    tx.rows("SELECT id FROM account WHERE id = ANY($1) AND state = 0", args![&missing]).await?.iter().map(|row| row.int(0)).collect()
}

/// The folders that jobs may touch: INBOX alone when nobody asks for another.
async fn folders(tx: &mut Tx, accounts: &[i64], jobs: &[&Job]) -> Result<HashMap<(i64, i64), Folder>> {
    let (mut named, mut special) = (Vec::new(), false);
    for job in jobs {
        match &job.work {
            Work::Change(change, _) => named.push(change.folder.0),
            Work::Accept(accept, _) => {
                for delivery in &accept.deliveries {
                    match delivery.folder {
                        Target::Inbox => {}
                        Target::Folder(id) => named.push(id.0),
                        Target::Special(_) => special = true,
                    }
                }
            }
        }
    }
    named.retain(|id| *id != INBOX.0);
    let rows = if special {
        let sql = fields!(", account FROM folder WHERE account = ANY($1) AND (id = 1 OR special_use IS NOT NULL OR id = ANY($2))");
        tx.rows(sql, args![accounts, &named]).await?
    } else if named.is_empty() {
        tx.rows(fields!(", account FROM folder WHERE account = ANY($1) AND id = 1"), args![accounts]).await?
    } else {
        named.push(INBOX.0);
        named.sort_unstable();
        named.dedup();
        tx.rows(fields!(", account FROM folder WHERE account = ANY($1) AND id = ANY($2)"), args![accounts, &named]).await?
    };
    let mut folders = HashMap::with_capacity(rows.len());
    for row in rows {
        let folder = Folder {
            row: folder::folder(&row)?,
            delta: Delta::default(),
            modseq: None,
            changed: BTreeMap::new(),
            gone: BTreeMap::new(),
            new: BTreeMap::new(),
            unsure: false,
        };
        folders.insert((row.int(folder::FIELDS)?, folder.row.id.0), folder);
    }
    Ok(folders)
}

/// The placements that changes name.
async fn placements(tx: &mut Tx, jobs: &[&Job], busy: &HashSet<i64>) -> Result<HashMap<(i64, i64, i64), Entry>> {
    let (mut accounts, mut folders, mut uids) = (Vec::<i64>::new(), Vec::<i64>::new(), Vec::<i64>::new());
    for job in jobs {
        if let Work::Change(change, _) = &job.work
            && !busy.contains(&change.account.0)
        {
            accounts.extend(std::iter::repeat_n(change.account.0, change.uids.len()));
            folders.extend(std::iter::repeat_n(change.folder.0, change.uids.len()));
            uids.extend(&change.uids);
        }
    }
    if uids.is_empty() {
        return Ok(HashMap::new());
    }
    // Only PostgreSQL has changes in a batch; two that name the same placement get it twice, and it is kept once.
    let sql = "SELECT p.uid, p.message, p.flags, p.size, p.received_at, p.saved_at, p.modseq, p.keywords, p.account, p.folder \
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS r(account, folder, uid) \
               CROSS JOIN LATERAL (SELECT * FROM placement q WHERE q.account = r.account AND q.folder = r.folder AND q.uid = r.uid \
               LIMIT 1) AS p";
    let mut found = HashMap::with_capacity(uids.len());
    for row in tx.rows(sql, args![&accounts, &folders, &uids]).await? {
        let entry = placement::entry(&row)?;
        found.insert((row.int(8)?, row.int(9)?, entry.uid.into()), entry);
    }
    Ok(found)
}

/// The folder with a use, of an account.
pub(super) fn special(folders: &HashMap<(i64, i64), Folder>, account: i64, special_use: SpecialUse) -> Option<i64> {
    folders.iter().find(|((owner, _), folder)| *owner == account && folder.row.special_use == Some(special_use)).map(|((_, id), _)| *id)
}
