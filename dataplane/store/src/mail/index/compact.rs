//! Writes segments anew without the messages that are gone: the janitor's part, and `postern index`'s.
//!
//! ```text
//!  before   ├─ 2048, 900 left ─┼─ 2048, 700 left ─┼─ 2048 ─┼─ 300, open ─┤
//!  after    ├────── 1600 ─────────────────────────┼─ 2048 ─┼─ 300, open ─┤
//! ```
//! Neighbours that fit into one become one. The watermark stays where it is: what is written has the last UID of what
//! it replaces.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
};

use postern_core::Timestamp;

use super::{
    build::{self, Behind, Reach},
    segment::{FULL, HEAD, Head, Segment},
};
use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
};

/// Folders of these accounts with more than twice the segments that their messages need.
///
/// # Errors
/// As the database says.
pub async fn sparse(db: &Db, accounts: &[i64]) -> Result<Vec<Behind>> {
    let sql = "SELECT f.account, f.id FROM folder f WHERE f.account = ANY($1) AND f.messages + $3 < $3 * (SELECT count(*) FROM text_segment t \
         WHERE t.account = f.account AND t.folder = f.id AND t.part = $2) ORDER BY f.account, f.id";
    let rows = db.rows(sql, args![accounts, HEAD, FULL as i64 / 2]).await?;
    rows.iter().map(Behind::of_row).collect()
}

/// Makes one segment of the first neighbours that fit into one; how many segments it was, 0 when there are none.
///
/// # Errors
/// As the database says, and [`StoreError::Damaged`] for a segment that cannot be read; nothing is written then.
/// [`StoreError::Conflict`] when somebody else has written one of them meanwhile.
pub async fn slice(db: &Db, at: Behind, now: Timestamp) -> Result<u64> {
    let Some(run) = first_run(db, at).await? else { return Ok(0) };
    let mut parts = Vec::with_capacity(run.segments.len());
    for segment in &run.segments {
        parts.push(build::parts(db, at, *segment).await?);
    }
    let count = parts.len() as u64;
    let living = run.living;
    let joined = tokio::task::spawn_blocking(move || join(&parts, &living)).await.map_err(StoreError::unavailable)??;
    let number = now.0.max(run.newest + 1);
    build::write(db, at, &run.segments, number, run.reach, joined).await?;
    Ok(count)
}

fn join(parts: &[BTreeMap<i64, Vec<u8>>], living: &HashSet<u32>) -> Result<Vec<(i64, Vec<u8>)>> {
    let mut joined = Segment::default();
    for parts in parts {
        joined.append(Segment::decode(parts)?, living);
    }
    Ok(joined.encode())
}

/// Segments that become one.
struct Run {
    segments: Vec<i64>,
    reach: Reach,
    /// UIDs of their messages that are there.
    living: HashSet<u32>,
    /// The highest number that a segment of the folder has.
    newest: i64,
}

/// The first segments side by side, two or more, whose messages that are left fit into one.
async fn first_run(db: &Db, Behind { account, folder }: Behind) -> Result<Option<Run>> {
    let sql = "SELECT segment, last_uid, attachments_uid, data FROM text_segment WHERE account = $1 AND folder = $2 AND part = $3 ORDER BY last_uid";
    let heads = db.rows(sql, args![account, folder, HEAD]).await?;
    let mut newest = 0;
    for row in &heads {
        newest = newest.max(row.int(0)?);
    }
    let mut run = Run { segments: Vec::new(), reach: Reach::upto(0), living: HashSet::new(), newest };
    for row in &heads {
        let (segment, reach) = (row.int(0)?, Reach { last_uid: row.int(1)?, attachments_uid: row.int(2)? });
        let uids = Head::read(row.slice(3)?)?.uids;
        let living = match (uids.first(), uids.last()) {
            (Some(first), Some(last)) => living(db, Behind { account, folder }, *first..=*last).await?,
            _ => HashSet::new(),
        };
        if run.living.len() + living.len() > FULL {
            if run.segments.len() > 1 {
                break;
            }
            run = Run { segments: Vec::new(), living: HashSet::new(), reach: Reach::upto(run.reach.last_uid), newest };
        }
        run.segments.push(segment);
        run.reach = run.reach.and(reach);
        run.living.extend(living);
    }
    Ok((run.segments.len() > 1).then_some(run))
}

async fn living(db: &Db, Behind { account, folder }: Behind, uids: RangeInclusive<u32>) -> Result<HashSet<u32>> {
    let sql = "SELECT array_agg(uid) FROM placement WHERE account = $1 AND folder = $2 AND uid >= $3 AND uid <= $4";
    let row = db.row(sql, args![account, folder, i64::from(*uids.start()), i64::from(*uids.end())]).await?;
    let found = row.map_or(Ok(Vec::new()), |row| row.ints(0))?;
    Ok(found.into_iter().filter_map(|uid| u32::try_from(uid).ok()).collect())
}
