//! What [`Boxes`] reads of messages: their rows, summaries and bodies.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use postern_core::{AccountId, BlobId, FolderId, MessageId};

use super::{
    boxes::Boxes,
    read::{self, StoredMessage, Summaries},
};
use crate::error::Result;

impl Boxes {
    /// Rows of messages; those that are swept already are missing.
    ///
    /// # Errors
    /// As the database says.
    pub async fn messages(&self, account: AccountId, ids: &[i64]) -> Result<HashMap<i64, StoredMessage>> {
        if self.keeps(ids) {
            let rows = self.few(account, ids).await?;
            return Ok(rows.into_iter().map(|row| (row.id.0, StoredMessage::clone(&row))).collect());
        }
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(read::SUMMARIES) {
            found.extend(read::messages(&self.db, account, ids).await?);
        }
        Ok(found)
    }

    /// Whether the rows of these messages are looked for among those that were used a moment ago.
    const fn keeps(&self, ids: &[i64]) -> bool {
        self.recent.is_on() && ids.len() <= read::FEW
    }

    /// Rows of a few messages; those that have to be read are kept.
    async fn few(&self, account: AccountId, ids: &[i64]) -> Result<Vec<Arc<StoredMessage>>> {
        let (mut found, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        for &id in ids {
            match self.recent.get(account, id) {
                Some(row) => found.push(row),
                None => missing.push(id),
            }
        }
        if !missing.is_empty() {
            let read = read::messages(&self.db, account, &missing).await?;
            found.extend(read.into_values().map(|row| self.recent.keep(account, row)));
        }
        Ok(found)
    }

    /// See [`read::by_uid`].
    ///
    /// # Errors
    /// As there.
    pub async fn by_uid(&self, account: AccountId, folder: FolderId, uid: u32) -> Result<Option<MessageId>> {
        read::by_uid(&self.db, account, folder, uid).await
    }

    /// Summaries of messages, at most [`read::SUMMARIES`] of them; those that are swept already are missing.
    ///
    /// # Errors
    /// As the database says.
    pub async fn summaries(&self, account: AccountId, ids: &[i64]) -> Result<Summaries> {
        if self.keeps(ids) {
            return Ok(Summaries::of(self.few(account, ids).await?.iter().map(|row| &**row)));
        }
        read::summaries(&self.db, account, ids).await
    }

    /// One message with its content.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when it is swept; [`crate::StoreError::Damaged`]; else as the database says.
    pub async fn message(&self, account: AccountId, id: MessageId) -> Result<(StoredMessage, Bytes)> {
        let message = read::message(&self.db, account, id).await?;
        let content = read::content(&self.db, &self.blobs, &message).await?;
        Ok((message, content))
    }

    /// The content of a message whose row is known.
    ///
    /// # Errors
    /// As [`Boxes::message`].
    pub async fn content(&self, message: &StoredMessage) -> Result<Bytes> {
        read::content(&self.db, &self.blobs, message).await
    }

    /// The body of a message whose row is known, without [`StoredMessage::prefix`].
    ///
    /// # Errors
    /// As [`Boxes::message`].
    pub async fn body(&self, message: &StoredMessage) -> Result<Bytes> {
        match self.recent.body(message.blob) {
            Some(kept) => kept.read(),
            None => self.blobs.read(&self.db, message.blob).await,
        }
    }

    /// Bodies of messages whose rows are known, those that are not in memory in one statement; see [`crate::blob::Blobs::read_many`].
    ///
    /// # Errors
    /// When none can be read.
    pub async fn bodies(&self, messages: impl Iterator<Item = &StoredMessage>) -> Result<HashMap<BlobId, Result<Bytes>>> {
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        for message in messages {
            match self.recent.body(message.blob) {
                Some(kept) => drop(found.insert(message.blob, kept.read())),
                None => missing.push(message.blob),
            }
        }
        if !missing.is_empty() {
            found.extend(self.blobs.read_many(&self.db, &missing).await?);
        }
        Ok(found)
    }
}
