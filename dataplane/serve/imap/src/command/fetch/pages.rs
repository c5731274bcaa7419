//! The pages of a FETCH, in order: while one is written, the summaries of the next are being read.
//!
//! One page ahead and no more, whatever the client takes. Bodies are not read ahead: a page of them may be one
//! message as large as a message may be.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use postern_core::AccountId;
use postern_store::{
    Result, StoreError,
    mail::{boxes::Boxes, snapshot::Snapshot},
};
use tokio::task::JoinHandle;

use super::{Needs, page::Page};

/// Ranges of indexes into the mailbox.
type Ranges = VecDeque<Range<usize>>;

/// The messages that are still to be answered for.
pub(super) struct Pages {
    /// The mailbox as the client knew it when it asked.
    told: Arc<Snapshot>,
    /// Whose it is.
    account: AccountId,
    needs: Needs,
    rest: Ranges,
    /// The next page, with what is left behind it.
    ahead: Option<JoinHandle<Result<(Page, Ranges)>>>,
}

impl Pages {
    pub(super) fn new(told: Arc<Snapshot>, account: AccountId, needs: Needs, ranges: Vec<Range<usize>>) -> Self {
        Self { told, account, needs, rest: ranges.into(), ahead: None }
    }

    /// The next page; empty when there is none.
    ///
    /// # Errors
    /// As the database says.
    pub(super) async fn next(&mut self, boxes: &Boxes) -> Result<Page> {
        let page = match self.ahead.take() {
            Some(read) => {
                let (page, rest) = read.await.map_err(StoreError::unavailable)??;
                self.rest = rest;
                page
            }
            None => Page::take(&mut self.rest, &self.told, self.needs, boxes, self.account).await?,
        };
        if self.needs == Needs::Summary && !self.rest.is_empty() {
            let (mut rest, told, boxes, account) = (std::mem::take(&mut self.rest), self.told.clone(), boxes.clone(), self.account);
            self.ahead = Some(tokio::spawn(async move {
                let page = Page::take(&mut rest, &told, Needs::Summary, &boxes, account).await?;
                Ok((page, rest))
            }));
            // Its statement is on the way before this page is written: no other thread takes what was spawned last here.
            tokio::task::yield_now().await;
        }
        Ok(page)
    }
}
