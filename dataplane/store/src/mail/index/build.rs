//! Moves the watermark of a folder on: the janitor's part, and `postern index`'s.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use postern_core::{AccountId, BlobId, FolderId, Timestamp};
use postern_message::{Summary, SummaryRef};

use super::segment::{FULL, HEAD, Segment};
use crate::{
    args,
    db::{Column, Db, Row},
    error::{Result, StoreError},
    mail::{
        boxes::Boxes,
        read::{self, StoredMessage},
    },
    transaction,
};

/// UIDs behind the watermark that are worth a segment: fewer are scanned in no time.
pub const TAIL: i64 = 64;
/// Messages that one slice reads.
pub(super) const SLICE: i64 = 256;
/// Bodies that are in memory together.
pub(super) const BODIES: usize = 32;

/// What there is to do in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Whose.
    pub account: AccountId,
    /// Which folder.
    pub folder: FolderId,
}

impl Behind {
    pub(super) fn of_row(row: &Row) -> Result<Self> {
        Ok(Self { account: AccountId(row.int(0)?), folder: FolderId(row.int(1)?) })
    }
}

/// How far a segment goes: its rows say so beside their data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// The watermark: the last UID that was looked at.
    pub(super) last_uid: i64,
    /// Up to which UID what attachments say is in it: less than the other where an older version wrote it ([`super::renew`]).
    pub(super) attachments_uid: i64,
}

impl Reach {
    /// All there is up to a UID.
    pub(super) const fn upto(uid: i64) -> Self {
        Self { last_uid: uid, attachments_uid: uid }
    }

    /// Whether nothing is missing.
    pub(super) const fn is_whole(self) -> bool {
        self.attachments_uid >= self.last_uid
    }

    /// Of two side by side that become one.
    pub(super) fn and(self, next: Self) -> Self {
        let attachments_uid = if self.is_whole() { next.attachments_uid.max(self.last_uid) } else { self.attachments_uid };
        Self { last_uid: next.last_uid, attachments_uid }
    }
}

/// Folders of these accounts with `tail` UIDs or more behind their watermark.
///
/// # Errors
/// As the database says.
pub async fn behind(db: &Db, accounts: &[i64], tail: i64) -> Result<Vec<Behind>> {
    let sql = "SELECT f.account, f.id FROM folder f WHERE f.account = ANY($1) AND f.messages > 0 AND f.uid_next - 1 - COALESCE((SELECT \
         MAX(t.last_uid) FROM text_segment t WHERE t.account = f.account AND t.folder = f.id AND t.part = $2), 0) >= $3 \
         ORDER BY f.account, f.id";
    let rows = db.rows(sql, args![accounts, HEAD, tail]).await?;
    rows.iter().map(Behind::of_row).collect()
}

/// Indexes up to 256 messages behind the watermark; how many there were.
///
/// Two at once would write the same segment: the second one's is refused by the key, as [`StoreError::Conflict`].
///
/// # Errors
/// As the database or the place of bodies says; nothing is written then.
pub async fn slice(db: &Db, boxes: &Boxes, Behind { account, folder }: Behind, now: Timestamp) -> Result<u64> {
    let at = Behind { account, folder };
    let sql = "SELECT segment, last_uid, attachments_uid, \
         (SELECT MAX(segment) FROM text_segment WHERE account = $1 AND folder = $2 AND part = $3) \
         FROM text_segment WHERE account = $1 AND folder = $2 AND part = $3 ORDER BY last_uid DESC LIMIT 1";
    let (last, reach, newest) = match db.row(sql, args![account, folder, HEAD]).await? {
        Some(row) => (row.int(0)?, Reach { last_uid: row.int(1)?, attachments_uid: row.int(2)? }, row.int(3)?),
        None => (0, Reach::upto(0), 0),
    };
    let sql = "SELECT uid, message FROM placement WHERE account = $1 AND folder = $2 AND uid > $3 ORDER BY uid LIMIT $4";
    let rows = db.rows(sql, args![account, folder, reach.last_uid, SLICE]).await?;
    let mut placed = rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<Vec<_>>>()?;
    let open = open_segment(db, at, last).await?;
    // The last segment is added to until it is full; the row's number moves on with each writing, so that who reads the
    // old one finds it gone and not half of each.
    let (replaced, mut segment) = match open {
        Some(segment) if segment.len() < FULL => (vec![last], segment),
        _ => (Vec::new(), Segment::default()),
    };
    placed.truncate(FULL - segment.len());
    let Some(&(upto, _)) = placed.last() else { return Ok(0) };
    for page in placed.chunks(BODIES) {
        segment = add(db, boxes, account, page, segment).await?;
    }
    // What an older version has left out of the segment is still missing.
    let reach = if replaced.is_empty() || reach.is_whole() { Reach::upto(upto) } else { Reach { last_uid: upto, ..reach } };
    let encoded = tokio::task::spawn_blocking(move || segment.encode()).await.map_err(StoreError::unavailable)?;
    // By the clock, so that no number comes again after the index was forgotten.
    write(db, at, &replaced, now.0.max(newest + 1), reach, encoded).await?;
    Ok(placed.len() as u64)
}

/// Forgets the index of an account: it is made again.
///
/// # Errors
/// As the database says.
pub async fn forget(db: &Db, account: AccountId) -> Result<()> {
    transaction!(db, |tx| {
        tx.execute("DELETE FROM text_segment WHERE account = $1", args![account]).await?;
        Ok(())
    })
}

/// All parts of a segment; none when there is no such segment.
pub(super) async fn parts(db: &Db, Behind { account, folder }: Behind, id: i64) -> Result<BTreeMap<i64, Vec<u8>>> {
    let sql = "SELECT part, data FROM text_segment WHERE account = $1 AND folder = $2 AND segment = $3";
    let rows = db.rows(sql, args![account, folder, id]).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.bytes(1)?))).collect()
}

async fn open_segment(db: &Db, at: Behind, id: i64) -> Result<Option<Segment>> {
    let parts = parts(db, at, id).await?;
    if parts.is_empty() {
        return Ok(None);
    }
    // One that cannot be read is left to itself: what asks it looks at all its messages.
    let decoded = tokio::task::spawn_blocking(move || Segment::decode(&parts)).await.map_err(StoreError::unavailable)?;
    Ok(decoded.ok())
}

/// Adds a page of messages, away from whoever waits for this thread: documents may be attached.
async fn add(db: &Db, boxes: &Boxes, account: AccountId, page: &[(i64, i64)], mut segment: Segment) -> Result<Segment> {
    let ids: Vec<i64> = page.iter().map(|(_, message)| *message).collect();
    let rows = read::messages(db, account, &ids).await?;
    let bodies = boxes.bodies(rows.values()).await?;
    let page = page.to_vec();
    let added = tokio::task::spawn_blocking(move || {
        for (uid, message) in page {
            add_one(uid, rows.get(&message), &bodies, &mut segment)?;
        }
        Ok(segment)
    });
    added.await.map_err(StoreError::unavailable)?
}

fn add_one(uid: i64, row: Option<&StoredMessage>, bodies: &HashMap<BlobId, Result<Bytes>>, segment: &mut Segment) -> Result<()> {
    let uid = u32::try_from(uid).unwrap_or(u32::MAX);
    match row.and_then(|row| Some((row, bodies.get(&row.blob)?))) {
        Some((row, Ok(body))) => match SummaryRef::new(&row.summary) {
            Some(summary) => segment.add(uid, &summary, &row.prefix, body),
            None => segment.add(uid, &Summary::of(body).view(), &row.prefix, body),
        },
        // A place of bodies that is away comes back: wait for it.
        Some((_, Err(StoreError::Unavailable(cause)))) => return Err(StoreError::Unavailable(cause.clone())),
        Some((_, Err(_))) | None => segment.add_opaque(uid),
    }
    Ok(())
}

/// Writes a segment in the place of those that it replaces.
pub(super) async fn write(
    db: &Db,
    Behind { account, folder }: Behind,
    replaced: &[i64],
    segment: i64,
    reach: Reach,
    parts: Vec<(i64, Vec<u8>)>,
) -> Result<()> {
    let count = parts.len();
    let (numbers, data): (Vec<i64>, Vec<Vec<u8>>) = parts.into_iter().unzip();
    let all = |value: i64| Column::Int(vec![value; count]);
    let columns = [
        all(account.0),
        all(folder.0),
        Column::Int(numbers),
        all(segment),
        all(reach.last_uid),
        all(reach.attachments_uid),
        Column::Bytes(data),
    ];
    transaction!(db, |tx| {
        // A folder that is being deleted takes its index along: the row is there, and stays until this is written.
        if tx.row("SELECT id FROM folder WHERE account = $1 AND id = $2 FOR KEY SHARE", args![account, folder]).await?.is_none() {
            return Ok(());
        }
        for old in replaced {
            let sql = "DELETE FROM text_segment WHERE account = $1 AND folder = $2 AND segment = $3";
            if tx.execute(sql, args![account, folder, *old]).await? == 0 {
                return Err(StoreError::Conflict("a segment of the text index was written by somebody else".into()));
            }
        }
        tx.batch("INSERT INTO text_segment (account, folder, part, segment, last_uid, attachments_uid, data) {rows}", &columns).await?;
        Ok(())
    })
}
