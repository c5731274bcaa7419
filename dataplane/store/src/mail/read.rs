//! What FETCH needs beyond the snapshot: summaries and bodies, by message.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use postern_core::{AccountId, BlobId, MessageId, TraceId};

use crate::{
    args,
    blob::Blobs,
    db::Db,
    error::{Result, StoreError},
};

/// Summaries read in one statement.
pub const SUMMARIES: usize = 1_000;

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
    let rows =
        db.rows("SELECT id, blob, trace, prefix, summary FROM message WHERE account = $1 AND id = ANY($2)", args![account, ids]).await?;
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
