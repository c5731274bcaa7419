//! Adds to segments of an older version what it has left out, attachments: the janitor's part, and `postern index`'s.
//!
//! The summaries tell which messages have any; most have none, and then a segment stays as it is and is marked.

use std::collections::BTreeMap;

use postern_core::{AccountId, Timestamp};
use postern_message::{Summary, SummaryRef, attachment};

use super::{
    build::{self, BODIES, Behind, Reach, SLICE},
    segment::{HEAD, Head, Segment},
};
use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
    mail::{
        boxes::Boxes,
        read::{self, StoredMessage},
    },
    transaction,
};

/// Folders of these accounts with segments that lack what is attached.
///
/// # Errors
/// As the database says.
pub async fn lacking(db: &Db, accounts: &[i64]) -> Result<Vec<Behind>> {
    let sql = "SELECT DISTINCT account, folder FROM text_segment WHERE account = ANY($1) AND part = $2 AND attachments_uid < last_uid \
         ORDER BY account, folder";
    let rows = db.rows(sql, args![accounts, HEAD]).await?;
    rows.iter().map(Behind::of_row).collect()
}

/// Looks for attachments at up to 256 messages of the first segment that lacks them; how many, 0 when none does.
///
/// # Errors
/// As the database or the place of bodies says; nothing is written then. [`StoreError::Conflict`] when somebody else has written
/// the segment meanwhile.
pub async fn slice(db: &Db, boxes: &Boxes, at: Behind, now: Timestamp) -> Result<u64> {
    let Behind { account, folder } = at;
    let sql = "SELECT segment, last_uid, attachments_uid, data, \
         (SELECT MAX(segment) FROM text_segment WHERE account = $1 AND folder = $2 AND part = $3) FROM text_segment \
         WHERE account = $1 AND folder = $2 AND part = $3 AND attachments_uid < last_uid ORDER BY last_uid LIMIT 1";
    let Some(row) = db.row(sql, args![account, folder, HEAD]).await? else { return Ok(0) };
    let (id, mut reach, newest) = (row.int(0)?, Reach { last_uid: row.int(1)?, attachments_uid: row.int(2)? }, row.int(4)?);
    // One that cannot be read is left to itself: what asks it looks at all its messages.
    let uids = Head::read(row.slice(3)?).map(|head| head.uids).unwrap_or_default();
    let mut uids = uids.into_iter().map(i64::from).filter(|uid| *uid > reach.attachments_uid);
    let (slice, more): (Vec<i64>, bool) = (uids.by_ref().take(SLICE as usize).collect(), uids.next().is_some());
    let messages = with_attachments(db, account, at, &slice).await?;
    reach.attachments_uid = slice.last().copied().filter(|_| more).unwrap_or(reach.last_uid);
    let segment = if messages.is_empty() { None } else { open(db, at, id).await? };
    match segment {
        Some(mut segment) => {
            for page in messages.chunks(BODIES) {
                segment = add(boxes, page.to_vec(), segment).await?;
            }
            let encoded = tokio::task::spawn_blocking(move || segment.encode()).await.map_err(StoreError::unavailable)?;
            build::write(db, at, &[id], now.0.max(newest + 1), reach, encoded).await?;
        }
        None => mark(db, at, id, reach).await?,
    }
    Ok(slice.len().max(1) as u64)
}

/// Which of these messages have something attached that is opened, by UID.
async fn with_attachments(db: &Db, account: AccountId, at: Behind, uids: &[i64]) -> Result<Vec<(u32, StoredMessage)>> {
    let (Some(first), Some(last)) = (uids.first(), uids.last()) else { return Ok(Vec::new()) };
    let sql = "SELECT uid, message FROM placement WHERE account = $1 AND folder = $2 AND uid >= $3 AND uid <= $4 ORDER BY uid";
    let rows = db.rows(sql, args![account, at.folder, *first, *last]).await?;
    let placed: BTreeMap<i64, i64> = rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<_>>()?;
    let messages = read::messages(db, account, &placed.values().copied().collect::<Vec<_>>()).await?;
    // Of a summary of another version nothing is known.
    let opened = |row: &&StoredMessage| SummaryRef::new(&row.summary).is_none_or(|summary| attachment::any(&summary));
    let found = placed.iter().filter_map(|(uid, message)| Some((u32::try_from(*uid).ok()?, messages.get(message).filter(opened)?.clone())));
    Ok(found.collect())
}

async fn open(db: &Db, at: Behind, id: i64) -> Result<Option<Segment>> {
    let parts = build::parts(db, at, id).await?;
    let decoded = tokio::task::spawn_blocking(move || Segment::decode(&parts)).await.map_err(StoreError::unavailable)?;
    Ok(decoded.ok())
}

async fn add(boxes: &Boxes, page: Vec<(u32, StoredMessage)>, mut segment: Segment) -> Result<Segment> {
    let bodies = boxes.bodies(page.iter().map(|(_, row)| row)).await?;
    let added = tokio::task::spawn_blocking(move || {
        for (uid, row) in &page {
            match bodies.get(&row.blob) {
                Some(Ok(body)) => match SummaryRef::new(&row.summary) {
                    Some(summary) => segment.add_attached(*uid, &summary, body),
                    None => segment.add_attached(*uid, &Summary::of(body).view(), body),
                },
                // A place of bodies that is away comes back: wait for it.
                Some(Err(StoreError::Unavailable(cause))) => return Err(StoreError::Unavailable(cause.clone())),
                // One that cannot be read now could be read before, for it is in the segment: it is gone for ever.
                Some(Err(_)) | None => {}
            }
        }
        Ok(segment)
    });
    added.await.map_err(StoreError::unavailable)?
}

/// Writes how far a segment goes that stays as it is.
async fn mark(db: &Db, Behind { account, folder }: Behind, id: i64, reach: Reach) -> Result<()> {
    transaction!(db, |tx| {
        let sql = "UPDATE text_segment SET attachments_uid = $4 WHERE account = $1 AND folder = $2 AND segment = $3 AND part = $5";
        tx.execute(sql, args![account, folder, id, reach.attachments_uid, HEAD]).await?;
        Ok(())
    })
}
