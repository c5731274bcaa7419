//! What FETCH needs beyond the snapshot: summaries and bodies, by message.

use std::{collections::HashMap, ops::Range};

use bytes::{Bytes, BytesMut};
use postern_core::{AccountId, BlobId, FolderId, MessageId, TraceId};

use crate::{
    args,
    blob::Blobs,
    db::Db,
    error::{Result, StoreError},
};

/// Summaries read in one statement.
pub const SUMMARIES: usize = 1_000;
/// Messages, about 1 KiB each, that are read where the caller stands.
pub(super) const FEW: usize = 50;

/// A message's row without its body.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    /// Its id.
    pub id: MessageId,
    /// Its body.
    pub blob: BlobId,
    /// The way it came.
    pub trace: TraceId,
    /// Header lines of this copy alone (`Delivered-To`), before the body.
    pub prefix: Vec<u8>,
    /// The encoded summary of the body; offsets in it count from the body's first byte.
    pub summary: Vec<u8>,
}

/// Rows of up to [`SUMMARIES`] messages; those that are swept already are missing.
///
/// # Errors
/// As the database says.
pub async fn messages(db: &Db, account: AccountId, ids: &[i64]) -> Result<HashMap<i64, StoredMessage>> {
    let sql = "SELECT id, blob, trace, prefix, summary FROM message WHERE account = $1 AND id = ANY($2)";
    let rows = if ids.len() <= FEW { db.lookups(sql, args![account, ids]).await? } else { db.rows(sql, args![account, ids]).await? };
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let id = row.int(0)?;
        found.insert(
            id,
            StoredMessage {
                id: MessageId(id),
                blob: BlobId(row.int(1)?),
                trace: TraceId(row.int(2)?),
                prefix: row.bytes(3)?,
                summary: row.bytes(4)?,
            },
        );
    }
    Ok(found)
}

/// The message that a UID names now; `None` when the folder has none of that UID, or is gone itself.
///
/// # Errors
/// As the database says.
pub async fn by_uid(db: &Db, account: AccountId, folder: FolderId, uid: u32) -> Result<Option<MessageId>> {
    let sql = "SELECT message FROM placement WHERE account = $1 AND folder = $2 AND uid = $3";
    let row = db.lookup(sql, args![account, folder, i64::from(uid)]).await?;
    row.map(|row| row.int(0).map(MessageId)).transpose()
}

/// Summaries of a page of messages, one after the other as the database sent them.
#[derive(Debug, Default)]
pub struct Summaries {
    joined: Vec<u8>,
    places: HashMap<i64, Range<usize>>,
}

impl Summaries {
    /// Those of rows.
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a StoredMessage>) -> Self {
        let mut made = Self::default();
        for row in rows {
            let start = made.joined.len();
            made.joined.extend_from_slice(&row.summary);
            made.places.insert(row.id.0, start..made.joined.len());
        }
        made
    }

    /// A message's encoded summary.
    #[must_use]
    pub fn get(&self, message: i64) -> Option<&[u8]> {
        self.joined.get(self.places.get(&message)?.clone())
    }
}

/// Summaries of up to [`SUMMARIES`] messages, in one row: those that are swept already are missing.
///
/// # Errors
/// As the database says.
pub async fn summaries(db: &Db, account: AccountId, ids: &[i64]) -> Result<Summaries> {
    let sql = "SELECT array_agg(id), array_agg(CAST(length(summary) AS BIGINT)), string_agg(summary, '') FROM message \
               WHERE account = $1 AND id = ANY($2)";
    let row = if ids.len() <= FEW { db.lookup(sql, args![account, ids]).await? } else { db.row(sql, args![account, ids]).await? };
    let Some(row) = row else { return Ok(Summaries::default()) };
    let (joined, mut end) = (row.opt_bytes(2)?.unwrap_or_default(), 0);
    let mut place = |length: i64| {
        let start = end;
        end += usize::try_from(length).unwrap_or(0);
        start..end
    };
    let places = row.ints(0)?.into_iter().zip(row.ints(1)?).map(|(id, length)| (id, place(length))).collect();
    if end != joined.len() {
        return Err(StoreError::Damaged("summaries do not come to their lengths".into()));
    }
    Ok(Summaries { joined, places })
}

/// One message's row.
///
/// # Errors
/// [`StoreError::NotFound`] when it is swept; else as the database says.
pub async fn message(db: &Db, account: AccountId, id: MessageId) -> Result<StoredMessage> {
    messages(db, account, &[id.0]).await?.remove(&id.0).ok_or(StoreError::NotFound("message"))
}

/// The whole message as the recipient reads it: the prefix and the body.
///
/// # Errors
/// As [`Blobs::read`].
pub async fn content(db: &Db, blobs: &Blobs, message: &StoredMessage) -> Result<Bytes> {
    let body = blobs.read(db, message.blob).await?;
    if message.prefix.is_empty() {
        return Ok(body);
    }
    let mut whole = BytesMut::with_capacity(message.prefix.len() + body.len());
    whole.extend_from_slice(&message.prefix);
    whole.extend_from_slice(&body);
    Ok(whole.freeze())
}
