//! Small changes in the group commit: flags of a few messages, and a few that are expunged.
//!
//! On PostgreSQL a transaction of its own costs a change seven to eleven ways to the server and back, and an fsync. Here
//! all that waits shares them. Each change has a MODSEQ of its own, so that a session can tell its own from another's.
//! On SQLite the one writer does the same for any transaction (`db/writer`), and no change comes this way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_core::{AccountId, FolderId, Timestamp};

use super::held::{Folder, Held};
use crate::{
    db::{Batch, Column},
    error::{Result, StoreError},
    mail::{
        FlagChange, Flags,
        placement::{Restamped, restamp},
        snapshot::Entry,
    },
};

/// A placement that goes: account, folder, the MODSEQ of it, and what it was.
type Gone<'a> = (i64, i64, i64, &'a Entry);

/// What to do to messages of one folder.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub folder: FolderId,
    /// Which; those that are gone are passed over.
    pub uids: Vec<i64>,
    /// What.
    pub what: What,
}

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
    Flags {
        /// How.
        change: FlagChange,
        /// Those that changed since are left alone.
        unchanged_since: Option<i64>,
    },
    /// EXPUNGE of those that are `\Deleted`.
    Expunge,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    /// The MODSEQ of the change, or the account's where nothing changed.
    pub modseq: i64,
    /// Placements that changed, as they are now.
    pub changed: Vec<Entry>,
    /// UIDs left alone because of UNCHANGEDSINCE.
    pub refused: Vec<u32>,
    /// UIDs expunged.
    pub gone: Vec<u32>,
}

impl Change {
    /// Decides, after what the batch has decided before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is gone. A folder that is gone has no messages.
    pub(super) fn decide(&self, held: &mut Held) -> Result<Changed> {
        let key = (self.account.0, self.folder.0);
        let account = held.accounts.get_mut(&key.0).ok_or(StoreError::NotFound("account"))?;
        let nothing = Changed { modseq: account.modseq, ..Changed::default() };
        let Some(folder) = held.folders.get_mut(&key) else { return Ok(nothing) };
        // One that is named twice changes once.
        let uids: BTreeSet<i64> = self.uids.iter().copied().collect();
        let named: Vec<Entry> = uids.iter().filter_map(|uid| held.placements.get(&(key.0, key.1, *uid)).cloned()).collect();
        let modseq = account.modseq + 1;
        let changed = match &self.what {
            What::Flags { change, unchanged_since } => {
                let Restamped { changed, refused, delta } = restamp(named, modseq, change, *unchanged_since);
                for entry in &changed {
                    held.placements.insert((key.0, key.1, entry.uid.into()), entry.clone());
                    folder.changed.insert(entry.uid, entry.clone());
                }
                folder.delta.add(delta);
                if changed.is_empty() {
                    return Ok(Changed { refused, ..nothing });
                }
                Changed { modseq, changed, refused, gone: Vec::new() }
            }
            What::Expunge => {
                let gone: Vec<Entry> = named.into_iter().filter(|entry| entry.flags.has(Flags::DELETED)).collect();
                let uids: Vec<u32> = gone.iter().map(|entry| entry.uid).collect();
                for entry in gone {
                    held.placements.remove(&(key.0, key.1, entry.uid.into()));
                    folder.changed.remove(&entry.uid);
                    folder.delta.count(entry.flags, entry.size.into(), -1);
                    account.bytes -= i64::from(entry.size);
                    account.messages -= 1;
                    folder.gone.insert(entry.uid, (modseq, entry));
                }
                if uids.is_empty() {
                    return Ok(nothing);
                }
                Changed { modseq, gone: uids, ..Changed::default() }
            }
        };
        account.modseq = modseq;
        folder.touch(modseq);
        Ok(changed)
    }
}

/// What all changes of a batch write, counters apart.
pub(super) fn batches(folders: &HashMap<(i64, i64), Folder>, now: Timestamp) -> Vec<Batch> {
    let mut batches = Vec::new();
    let changed: Vec<(i64, i64, &Entry)> =
        folders.iter().flat_map(|((a, f), folder)| folder.changed.values().map(move |entry| (*a, *f, entry))).collect();
    if !changed.is_empty() {
        let column = |f: &dyn Fn(&(i64, i64, &Entry)) -> i64| Column::Int(changed.iter().map(f).collect());
        batches.push(Batch::new(
            "WITH r(account, folder, uid, flags, keywords, modseq) AS ({rows}) UPDATE placement SET flags = r.flags, \
             keywords = r.keywords, modseq = r.modseq FROM r \
             WHERE placement.account = r.account AND placement.folder = r.folder AND placement.uid = r.uid",
            [
                column(&|row| row.0),
                column(&|row| row.1),
                column(&|row| row.2.uid.into()),
                column(&|row| row.2.flags.0.into()),
                Column::OptText(changed.iter().map(|row| row.2.keywords.as_deref().map(str::to_owned)).collect()),
                column(&|row| row.2.modseq),
            ],
        ));
    }
    let gone: Vec<Gone<'_>> =
        folders.iter().flat_map(|((a, f), folder)| folder.gone.values().map(move |(modseq, entry)| (*a, *f, *modseq, entry))).collect();
    if !gone.is_empty() {
        batches.extend(expunges(&gone, now));
    }
    batches
}

/// Placements that go, by account, folder and MODSEQ: their UIDs are remembered, their messages lose a pointer; a message
/// that had no other is marked, and its row, which is wide, stays as it is.
fn expunges(gone: &[Gone<'_>], now: Timestamp) -> [Batch; 5] {
    let column = |f: &dyn Fn(&Gone<'_>) -> i64| Column::Int(gone.iter().map(f).collect());
    let places = [column(&|row| row.0), column(&|row| row.1), column(&|row| row.3.uid.into())];
    let mut pointers = BTreeMap::<(i64, i64), i64>::new();
    gone.iter().for_each(|(account, .., entry)| *pointers.entry((*account, entry.message)).or_default() += 1);
    let (accounts, messages) = (Column::ints(pointers.keys().map(|key| key.0)), Column::ints(pointers.keys().map(|key| key.1)));
    let counts = Column::ints(pointers.values().copied());
    let times = Column::Int(vec![now.0; pointers.len()]);
    [
        Batch::new(
            "INSERT INTO expunged (account, folder, modseq, uid) {rows}",
            [places[0].clone(), places[1].clone(), column(&|row| row.2), places[2].clone()],
        ),
        Batch::new("DELETE FROM seen_by WHERE (account, folder, uid) IN ({rows})", places.clone()),
        Batch::new(
            "WITH r(account, folder, uid) AS ({rows}) DELETE FROM placement USING r \
             WHERE placement.account = r.account AND placement.folder = r.folder AND placement.uid = r.uid",
            places,
        ),
        Batch::new(
            "WITH r(account, id, n, since) AS ({rows}) INSERT INTO dead_message (account, message, since) \
             SELECT m.account, m.id, r.since FROM r JOIN message m ON m.account = r.account AND m.id = r.id WHERE m.placements <= r.n \
             ON CONFLICT DO NOTHING",
            [accounts.clone(), messages.clone(), counts.clone(), times],
        ),
        Batch::new(
            "WITH r(account, id, n) AS ({rows}) UPDATE message SET placements = message.placements - r.n FROM r \
             WHERE message.account = r.account AND message.id = r.id AND message.placements > r.n",
            [accounts, messages, counts],
        ),
    ]
}
