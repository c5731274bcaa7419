//! One batch, one transaction: lock, decide, write, commit, tell.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use postern_core::{AccountId, FolderId};

use super::{Accept, Job, LocalDelivery, NewBody, Placed, Target, Tools, doubt::Witness};
use crate::{
    args, blob,
    db::{Batch, Column, RETRIES, Tx},
    dialect::Dialect,
    error::{Result, StoreError},
    mail::{INBOX, SpecialUse, placement::Delta},
    queue::{self, Queued},
    trail,
};

/// A placement to write: its body, what was asked, where it lies, its message's id and size.
type Row<'a> = (&'a NewBody, &'a LocalDelivery, &'a Placed, i64, i64);

/// What a transaction has decided, and what is left to write.
struct Written {
    decisions: Vec<Decision>,
    queued: Queued,
    batches: Vec<Batch>,
    witness: Option<Witness>,
}

/// What becomes of a job in a transaction that may still fail.
enum Decision {
    Store(Vec<Placed>),
    Skip,
    Refuse(StoreError),
}

/// An account as this transaction has locked it, with what the batch adds so far.
struct Account {
    modseq: i64,
    used: i64,
    quota: Option<i64>,
    bytes: i64,
    messages: i64,
}

/// A folder with what the batch adds so far.
struct Folder {
    uid_validity: u32,
    uid_next: i64,
    special_use: Option<SpecialUse>,
    delta: Delta,
}

/// Commits a batch and answers its jobs; returns those whose accounts were locked elsewhere. With `wait` there are none.
pub(super) async fn settle(tools: &Tools, batch: Vec<Job>, wait: bool) -> Vec<Job> {
    let mut skipped = Vec::new();
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let jobs: Vec<&Accept> = part.iter().map(|job| &job.accept).collect();
        let began = Instant::now();
        match attempt(tools, &jobs, wait).await {
            Ok((decisions, queued)) => {
                let stored = decisions.iter().filter(|decision| matches!(decision, Decision::Store(_))).count();
                if stored > 0 {
                    tools.observer.committed(stored, began.elapsed());
                }
                if !queued.is_empty() {
                    tools.queue.announce(&queued);
                    tools.changes.queued();
                }
                let mut moved = HashMap::new();
                for (mut job, decision) in part.into_iter().zip(decisions) {
                    let answer = match decision {
                        Decision::Skip => {
                            job.skipped += 1;
                            skipped.push(job);
                            continue;
                        }
                        Decision::Refuse(error) => Err(error),
                        Decision::Store(placed) => {
                            moved.extend(placed.iter().map(|p| (p.account, p.modseq)));
                            Ok(placed)
                        }
                    };
                    // A session that went away does not need to know.
                    let _ = job.answer.send(answer);
                }
                tools.changes.announce(moved);
            }
            // One of them is poison: halves, until it stands alone. Each half is a transaction of its own.
            Err(StoreError::Statement(_) | StoreError::Refused(_) | StoreError::Damaged(_) | StoreError::NotFound(_)) if part.len() > 1 => {
                let mut first = part;
                let second = first.split_off(first.len() / 2);
                parts.push(second);
                parts.push(first);
            }
            Err(error) => {
                tools.observer.failed(part.len());
                tracing::warn!(messages = part.len(), %error, "a batch was not stored");
                for job in part {
                    let _ = job.answer.send(Err(again(&error)));
                }
            }
        }
    }
    skipped
}

async fn attempt(tools: &Tools, jobs: &[&Accept], wait: bool) -> Result<(Vec<Decision>, Queued)> {
    let mut retries = 0;
    loop {
        let mut tx = tools.db.begin().await?;
        let result = match write(tools, &mut tx, jobs, wait).await {
            Ok(Written { decisions, queued, batches, witness }) if !batches.is_empty() => {
                let committed = match (tx.commit_with(batches).await, witness) {
                    (Err(StoreError::Ambiguous(_)), Some(witness)) if witness.saw_the_commit(&tools.db).await => Ok(()),
                    (committed, _) => committed,
                };
                committed.map(|()| (decisions, queued))
            }
            other => {
                tx.rollback().await;
                other.map(|written| (written.decisions, written.queued))
            }
        };
        match result {
            Err(StoreError::Conflict(_)) if retries < RETRIES => retries += 1,
            result => return result,
        }
    }
}

/// Locks and decides; what is left to write when anything is to be stored.
async fn write(tools: &Tools, tx: &mut Tx, jobs: &[&Accept], wait: bool) -> Result<Written> {
    let now = tools.clock.now();
    let wanted: Vec<i64> = jobs
        .iter()
        .flat_map(|job| job.deliveries.iter().map(|d| d.account.0))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut accounts = lock(tx, &wanted, wait).await?;
    let busy = busy(tools, tx, &wanted, &accounts).await?;
    let mut folders = folders(tx, &wanted, jobs).await?;

    let mut decisions = Vec::with_capacity(jobs.len());
    for job in jobs {
        decisions.push(decide(job, &mut accounts, &busy, &mut folders));
    }
    let stored: Vec<(&Accept, &[Placed])> = jobs
        .iter()
        .zip(&decisions)
        .filter_map(|(job, decision)| match decision {
            Decision::Store(placed) => Some((*job, placed.as_slice())),
            _ => None,
        })
        .collect();
    if stored.is_empty() {
        return Ok(Written { decisions, queued: Queued::default(), batches: Vec::new(), witness: None });
    }
    let queued: Vec<_> = stored.iter().flat_map(|(job, _)| job.queue.iter().cloned()).collect();
    let (queued, queue_rows) = queue::prepare(tx, &queued, &tools.ids).await?;
    let bodies: Vec<_> = stored.iter().flat_map(|(job, _)| job.bodies.iter().map(|b| &b.prepared)).collect();
    let placements: Vec<_> =
        stored.iter().flat_map(|(job, placed)| job.deliveries.iter().zip(*placed).map(move |(d, p)| (*job, d, p))).collect();
    for (job, placed) in &stored {
        if let (Some(replaced), Some(successor)) = (job.replaces, placed.first()) {
            replaced.take_away(tx, successor, now).await?;
        }
    }
    let events: Vec<_> = stored.iter().flat_map(|(job, _)| job.events.iter().cloned()).collect();
    let mut batches = vec![blob::batch(&bodies, now)?];
    let (message, rows) = messages(tools, &placements)?;
    batches.extend(rows);
    batches.extend(queue_rows);
    batches.extend(trail::batches(&events, &tools.ids));
    batches.extend(counters(&accounts, &folders));
    let witness = message.or_else(|| queued.message().map(Witness::Queued));
    Ok(Written { decisions, queued, batches, witness })
}

/// Locks accounts in the order of their ids, the order that everybody keeps.
async fn lock(tx: &mut Tx, wanted: &[i64], wait: bool) -> Result<BTreeMap<i64, Account>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = if wait {
        "SELECT id, modseq, used, quota FROM account WHERE id = ANY($1) AND state = 0 ORDER BY id FOR UPDATE"
    } else {
        "SELECT id, modseq, used, quota FROM account WHERE id = ANY($1) AND state = 0 ORDER BY id FOR UPDATE SKIP LOCKED"
    };
    let mut accounts = BTreeMap::new();
    for row in tx.rows(sql, args![wanted]).await? {
        let account = Account { modseq: row.int(1)? + 1, used: row.int(2)?, quota: row.opt_int(3)?, bytes: 0, messages: 0 };
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

/// The folders that deliveries may go to: INBOX alone when nobody asks for another.
async fn folders(tx: &mut Tx, accounts: &[i64], jobs: &[&Accept]) -> Result<HashMap<(i64, i64), Folder>> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let targets = || jobs.iter().flat_map(|job| job.deliveries.iter().map(|d| d.folder));
    let rows = if targets().all(|t| t == Target::Inbox) {
        tx.rows("SELECT account, id, uid_validity, uid_next, special_use FROM folder WHERE account = ANY($1) AND id = 1", args![accounts])
            .await?
    } else {
        let named: Vec<i64> = targets().filter_map(|t| if let Target::Folder(id) = t { Some(id.0) } else { None }).collect();
        tx.rows(
            "SELECT account, id, uid_validity, uid_next, special_use FROM folder WHERE account = ANY($1) AND (id = 1 OR special_use IS NOT NULL OR id = ANY($2))",
            args![accounts, &named],
        )
        .await?
    };
    let mut folders = HashMap::with_capacity(rows.len());
    for row in rows {
        let folder = Folder {
            uid_validity: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
            uid_next: row.int(3)?,
            special_use: row.opt_text(4)?.as_deref().and_then(SpecialUse::parse),
            delta: Delta::default(),
        };
        folders.insert((row.int(0)?, row.int(1)?), folder);
    }
    Ok(folders)
}

fn decide(job: &Accept, accounts: &mut BTreeMap<i64, Account>, busy: &HashSet<i64>, folders: &mut HashMap<(i64, i64), Folder>) -> Decision {
    if job.deliveries.iter().any(|d| busy.contains(&d.account.0)) {
        return Decision::Skip;
    }
    let mut ids = Vec::with_capacity(job.deliveries.len());
    let mut adds = BTreeMap::<i64, i64>::new();
    for delivery in &job.deliveries {
        if !accounts.contains_key(&delivery.account.0) {
            return Decision::Refuse(StoreError::NotFound("account"));
        }
        let Some(folder) = resolve(delivery, folders) else { return Decision::Refuse(StoreError::NotFound("folder")) };
        ids.push(folder);
        *adds.entry(delivery.account.0).or_default() += size(job, delivery);
    }
    for (id, bytes) in &adds {
        let frees = job.replaces.filter(|replaced| replaced.account.0 == *id).map_or(0, |replaced| i64::from(replaced.size));
        if let Some(account) = accounts.get(id)
            && account.quota.is_some_and(|quota| account.used + account.bytes + bytes - frees > quota)
        {
            return Decision::Refuse(StoreError::OverQuota(AccountId(*id)));
        }
    }
    let mut placed = Vec::with_capacity(ids.len());
    for (delivery, id) in job.deliveries.iter().zip(ids) {
        let (Some(account), Some(folder)) = (accounts.get_mut(&delivery.account.0), folders.get_mut(&(delivery.account.0, id))) else {
            continue;
        };
        let bytes = size(job, delivery);
        account.bytes += bytes;
        account.messages += 1;
        let uid = folder.uid_next + folder.delta.uids;
        folder.delta.count(delivery.flags, bytes, 1);
        folder.delta.uids += 1;
        placed.push(Placed {
            account: delivery.account,
            folder: FolderId(id),
            uid_validity: folder.uid_validity,
            uid: u32::try_from(uid).unwrap_or(u32::MAX),
            modseq: account.modseq,
        });
    }
    Decision::Store(placed)
}

fn size(job: &Accept, delivery: &LocalDelivery) -> i64 {
    (job.bodies.get(delivery.body).map_or(0, |b| b.prepared.size) + delivery.prefix.len()) as i64
}

fn resolve(delivery: &LocalDelivery, folders: &HashMap<(i64, i64), Folder>) -> Option<i64> {
    let account = delivery.account.0;
    let there = |id: i64| folders.contains_key(&(account, id)).then_some(id);
    match delivery.folder {
        Target::Inbox => there(INBOX.0),
        Target::Folder(id) => there(id.0),
        Target::Special(special_use) => {
            let found = folders.iter().find(|((a, _), f)| *a == account && f.special_use == Some(special_use));
            found.map(|((_, id), _)| *id).or_else(|| there(INBOX.0))
        }
    }
}

/// The rows of messages and of their placements, and one of them by its id.
fn messages(tools: &Tools, placements: &[(&Accept, &LocalDelivery, &Placed)]) -> Result<(Option<Witness>, [Batch; 2])> {
    let now = tools.clock.now().0;
    let mut rows: Vec<Row<'_>> = Vec::with_capacity(placements.len());
    for (job, delivery, placed) in placements {
        let body = job.bodies.get(delivery.body).ok_or(StoreError::NotFound("body"))?;
        rows.push((body, *delivery, *placed, tools.ids.message().0, size(job, delivery)));
    }
    let witness = rows.first().map(|row| Witness::Message { account: row.1.account.0, id: row.3 });
    let ints = |f: &dyn Fn(&Row<'_>) -> i64| Column::Int(rows.iter().map(f).collect());
    let account = ints(&|r| r.1.account.0);
    let (id, size, received_at) = (ints(&|r| r.3), ints(&|r| r.4), ints(&|r| r.1.received_at.0));
    let messages = [
        account.clone(),
        id.clone(),
        ints(&|r| r.0.prepared.id.0),
        size.clone(),
        received_at.clone(),
        ints(&|r| r.0.trace.0),
        Column::Bytes(rows.iter().map(|r| r.1.prefix.clone()).collect()),
        Column::Bytes(rows.iter().map(|r| r.0.summary.to_vec()).collect()),
    ];
    let modseq = ints(&|r| r.2.modseq);
    let placements = [
        account,
        ints(&|r| r.2.folder.0),
        ints(&|r| r.2.uid.into()),
        id,
        ints(&|r| r.1.flags.0.into()),
        Column::OptText(rows.iter().map(|r| r.1.keywords.clone()).collect()),
        size,
        received_at,
        Column::Int(vec![now; rows.len()]),
        modseq.clone(),
        modseq,
    ];
    let batches = [
        Batch::new("INSERT INTO message (account, id, blob, size, received_at, trace, prefix, summary) {rows}", messages),
        Batch::new(
            "INSERT INTO placement (account, folder, uid, message, flags, keywords, size, received_at, saved_at, created_modseq, modseq) {rows}",
            placements,
        ),
    ];
    Ok((witness, batches))
}

/// What accounts and folders count from now on.
fn counters(accounts: &BTreeMap<i64, Account>, folders: &HashMap<(i64, i64), Folder>) -> [Batch; 2] {
    let touched: Vec<_> = accounts.iter().filter(|(_, a)| a.messages > 0).collect();
    let account = Batch::new(
        "WITH r(id, modseq, bytes, n) AS ({rows}) UPDATE account SET modseq = r.modseq, used = used + r.bytes, \
         messages = messages + r.n FROM r WHERE account.id = r.id",
        [
            Column::ints(touched.iter().map(|(id, _)| **id)),
            Column::ints(touched.iter().map(|(_, a)| a.modseq)),
            Column::ints(touched.iter().map(|(_, a)| a.bytes)),
            Column::ints(touched.iter().map(|(_, a)| a.messages)),
        ],
    );
    let touched: Vec<_> = folders.iter().filter(|(_, f)| f.delta.uids > 0).collect();
    let column = |f: &dyn Fn(&Folder) -> i64| Column::Int(touched.iter().map(|(_, folder)| f(folder)).collect());
    let folder = Batch::new(
        "WITH r(account, id, modseq, n, unseen, deleted, bytes) AS ({rows}) UPDATE folder SET modseq = r.modseq, uid_next = uid_next + r.n, \
         messages = messages + r.n, unseen = folder.unseen + r.unseen, deleted = folder.deleted + r.deleted, size = size + r.bytes \
         FROM r WHERE folder.account = r.account AND folder.id = r.id",
        [
            Column::ints(touched.iter().map(|((account, _), _)| *account)),
            Column::ints(touched.iter().map(|((_, id), _)| *id)),
            Column::ints(touched.iter().map(|((account, _), _)| accounts.get(account).map_or(0, |a| a.modseq))),
            column(&|f| f.delta.uids),
            column(&|f| f.delta.unseen),
            column(&|f| f.delta.deleted),
            column(&|f| f.delta.size),
        ],
    );
    [account, folder]
}

/// An error for each of many.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Ambiguous(cause) => StoreError::Ambiguous(cause.clone()),
        StoreError::Conflict(cause) => StoreError::Conflict(cause.clone()),
        StoreError::NotFound(what) => StoreError::NotFound(what),
        StoreError::OverQuota(account) => StoreError::OverQuota(*account),
        StoreError::Unavailable(cause) => StoreError::Unavailable(cause.clone()),
        StoreError::Refused(cause) | StoreError::Damaged(cause) | StoreError::Statement(cause) => StoreError::Statement(cause.clone()),
    }
}
