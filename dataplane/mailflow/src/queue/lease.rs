//! The lease of a slot as the couriers see it, and what they tell the one task that holds the slots.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use postern_core::{Clock, QueueId, Timestamp};
use postern_proto_smtp::limits::END_OF_DATA_TIMEOUT;
use postern_store::queue::{LEASE, SURE, SlotId, Token};
use tokio::sync::{mpsc, oneshot};

use crate::deliver::remote::session::Permit;

/// Left of a lease that is surely ours. It is more than the answer to a final dot may take.
const ENOUGH: Duration = LEASE.saturating_sub(SURE);
const _: () = assert!(ENOUGH.as_secs() >= END_OF_DATA_TIMEOUT.as_secs(), "who sends a final dot may wait for its answer");

/// What couriers tell the worker.
#[derive(Debug)]
pub(super) enum Ask {
    /// These rows are no longer in hand: settled, or not tried at all.
    Done { slot: SlotId, token: Token, rows: Vec<QueueId> },
    /// Renew this lease now; answers whether it is still ours.
    Renew { slot: SlotId, token: Token, answer: oneshot::Sender<bool> },
}

/// One lease, shared by the jobs under it.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) slot: SlotId,
    pub(super) token: Token,
    until: AtomicI64,
    clock: Arc<dyn Clock>,
    asks: mpsc::UnboundedSender<Ask>,
}

impl Lease {
    pub(super) fn new(slot: SlotId, token: Token, until: Timestamp, clock: Arc<dyn Clock>, asks: mpsc::UnboundedSender<Ask>) -> Self {
        Self { slot, token, until: AtomicI64::new(until.0), clock, asks }
    }

    /// It lasts until then; in the past when it was lost.
    pub(super) fn lasts(&self, until: Timestamp) {
        self.until.store(until.0, Ordering::Release);
    }

    /// How much is left.
    pub(super) fn left(&self) -> Duration {
        Timestamp(self.until.load(Ordering::Acquire)).since(self.clock.now())
    }

    /// Takes rows out of the hand.
    pub(super) fn done(&self, rows: Vec<QueueId>) {
        // Without a worker nobody counts any more.
        let _ = self.asks.send(Ask::Done { slot: self.slot, token: self.token, rows });
    }
}

#[async_trait]
impl Permit for Lease {
    /// Whether the lease is surely ours and outlasts the answer to a final dot (RFC 5321 §4.5.3.2.6), renewed if it must be.
    async fn may_finish(&self) -> bool {
        if self.left() >= ENOUGH {
            return true;
        }
        let (answer, answered) = oneshot::channel();
        if self.asks.send(Ask::Renew { slot: self.slot, token: self.token, answer }).is_err() {
            return false;
        }
        answered.await.unwrap_or(false) && self.left() >= ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use postern_core::TestClock;

    use super::*;

    /// A worker that renews leases or refuses to; whether the message may go.
    async fn ask(left: Duration, renews: bool) -> (bool, usize) {
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        let (asks, mut asked) = mpsc::unbounded_channel();
        let lease = Arc::new(Lease::new(SlotId(1), Token(2), clock.now() + left, clock.clone(), asks));
        let worker = tokio::spawn({
            let (lease, clock) = (Arc::downgrade(&lease), clock.clone());
            async move {
                let mut count = 0;
                while let Some(Ask::Renew { slot: SlotId(1), token: Token(2), answer }) = asked.recv().await {
                    count += 1;
                    if renews && let Some(lease) = lease.upgrade() {
                        lease.lasts(clock.now() + LEASE);
                    }
                    answer.send(renews).unwrap();
                }
                count
            }
        });
        let may = lease.may_finish().await;
        drop(lease);
        (may, worker.await.unwrap())
    }

    /// RFC 5321 §4.5.3.2.6: the answer to a final dot may take ten minutes.
    #[tokio::test]
    async fn no_final_dot_on_a_lease_that_may_be_anothers_before_its_answer() {
        assert_eq!(ask(LEASE, false).await, (true, 0));
        assert_eq!(ask(ENOUGH, false).await, (true, 0));
        assert_eq!(ask(ENOUGH - Duration::from_secs(1), true).await, (true, 1));
        assert_eq!(ask(ENOUGH - Duration::from_secs(1), false).await, (false, 1));
        assert_eq!(ask(Duration::ZERO, false).await, (false, 1), "a lease that was lost");
    }
}
