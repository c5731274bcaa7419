//! The next messages of a FETCH, with what the database has of them.
//!
//! A page is bounded in messages and, where their bodies are read, in octets: one message may be as large as it
//! likes, and then it is a page alone.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
};

use bytes::Bytes;
use postern_core::{AccountId, BlobId};
use postern_message::SummaryRef;
use postern_store::{
    Result, StoreError,
    mail::{
        boxes::Boxes,
        read::{self, StoredMessage, Summaries},
        snapshot::Snapshot,
    },
};

use super::{Needs, write::Content};
use crate::message::Message;

/// Messages of a page whose bodies are read.
const BODIES: usize = 100;
/// Octets of those bodies, if it is more than one.
const OCTETS: u64 = 2 << 20;

/// Messages to answer for, and where their content lies.
#[derive(Default)]
pub(super) struct Page {
    indexes: VecDeque<usize>,
    found: Found,
}

/// What was read for a page.
#[derive(Default)]
enum Found {
    #[default]
    Nothing,
    Summaries(Summaries),
    Bodies(HashMap<i64, StoredMessage>, HashMap<BlobId, Result<Bytes>>),
}

impl Page {
    /// Takes the next messages from `ranges` and reads what they need. Empty when there are no more.
    ///
    /// # Errors
    /// As the database says.
    pub async fn take(
        ranges: &mut VecDeque<Range<usize>>,
        told: &Snapshot,
        needs: Needs,
        boxes: &Boxes,
        account: AccountId,
    ) -> Result<Self> {
        let (most, octets) = if needs == Needs::Body { (BODIES, OCTETS) } else { (read::SUMMARIES, u64::MAX) };
        let (mut indexes, mut ids, mut size) = (VecDeque::new(), Vec::new(), 0);
        while let Some(range) = ranges.front_mut() {
            let Some(entry) = told.get(range.start).filter(|_| range.start < range.end) else {
                ranges.pop_front();
                continue;
            };
            size += u64::from(entry.size);
            if !indexes.is_empty() && (indexes.len() >= most || size > octets) {
                break;
            }
            indexes.push_back(range.start);
            ids.push(entry.message);
            range.start += 1;
        }
        if indexes.is_empty() {
            return Ok(Self::default());
        }
        let found = match needs {
            Needs::Snapshot => Found::Nothing,
            Needs::Summary => {
                let summaries = boxes.summaries(account, &ids).await?;
                // One of another version is made again from its body: the page is taken again as one of bodies.
                if ids.iter().filter_map(|id| summaries.get(*id)).any(|bytes| SummaryRef::new(bytes).is_none()) {
                    indexes.into_iter().rev().for_each(|index| ranges.push_front(index..index + 1));
                    return Box::pin(Self::take(ranges, told, Needs::Body, boxes, account)).await;
                }
                Found::Summaries(summaries)
            }
            Needs::Body => bodies(boxes, account, &ids).await?,
        };
        Ok(Self { indexes, found })
    }

    /// The index of the next message to answer for.
    pub fn next(&mut self) -> Option<usize> {
        self.indexes.pop_front()
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }

    /// What there is of a message.
    ///
    /// # Errors
    /// `NotFound("message")` when it is swept; as its body could be read.
    pub fn content(&mut self, message: i64) -> Result<Content<'_>> {
        match &mut self.found {
            Found::Nothing => Ok(Content::None),
            Found::Summaries(summaries) => summaries.get(message).map(Content::Summary).ok_or(StoreError::NotFound("message")),
            Found::Bodies(rows, bodies) => {
                // One message may have two copies in a folder: row and body stay for the other.
                let row = rows.get(&message).ok_or(StoreError::NotFound("message"))?;
                match bodies.get(&row.blob) {
                    Some(Ok(body)) => Ok(Content::Whole(Message::of(row.clone(), body.clone()))),
                    Some(Err(StoreError::Damaged(cause))) => Err(StoreError::Damaged(cause.clone())),
                    Some(Err(StoreError::NotFound(_))) | None => Err(StoreError::NotFound("body")),
                    Some(Err(error)) => Err(StoreError::Unavailable(error.to_string())),
                }
            }
        }
    }
}

async fn bodies(boxes: &Boxes, account: AccountId, ids: &[i64]) -> Result<Found> {
    let rows = boxes.messages(account, ids).await?;
    let bodies = boxes.bodies(rows.values()).await?;
    Ok(Found::Bodies(rows, bodies))
}
