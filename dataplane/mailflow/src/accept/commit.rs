//! The end of the message: checks, then everything in one commit.

use postern_core::{EnhancedCode, Outcome, TraceId};
use postern_message::{Summary, header};
use postern_store::{StoreError, ingest, queue::PoolKey};

use super::{
    Client, HeaderFacts, Intake, Refused, Transaction,
    check::{self, Content},
    deliveries, record,
};

/// A message that is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// By what it is found.
    pub trace: TraceId,
    /// Whether a part of it waits for another server.
    pub queued: bool,
}

impl Intake {
    /// Takes a stranger's message, `body` being our trace header and what came. Durable when this returns.
    ///
    /// # Errors
    /// [`Refused`]: nothing was stored for anybody.
    pub async fn deliver(&self, client: &Client, transaction: &mut Transaction, body: &[u8], dialogue: &str) -> Result<Stored, Refused> {
        let message = body.get(transaction.prefix..).unwrap_or(body);
        let header = HeaderFacts::of(message);
        let content = Content { message, header: &header, smtputf8: transaction.parameters.smtputf8 };
        for check in &self.checks {
            check::settle(check.name(), check.content(client, content).await, &mut transaction.findings)?;
        }
        if transaction.stop_loops(&header) {
            let text = "Mail loop: the message has been delivered here before";
            return Err(Refused::new("delivered_before", Outcome::permanent(554, EnhancedCode::LOOP, text)));
        }
        self.commit(client, transaction, body, dialogue).await
    }

    /// One body, all its placements and queue rows, its events.
    pub(crate) async fn commit(&self, client: &Client, transaction: &Transaction, body: &[u8], dialogue: &str) -> Result<Stored, Refused> {
        match self.try_commit(client, transaction, body, dialogue).await {
            Ok(stored) => {
                let bytes = i64::try_from(body.len()).unwrap_or(i64::MAX);
                transaction.boxes.iter().for_each(|hop| self.room.stored(hop.account.id, bytes));
                self.settings.observer.stored(transaction.boxes.len(), transaction.elsewhere.len(), body.len());
                Ok(stored)
            }
            Err(error) => {
                if let StoreError::OverQuota(account) = &error {
                    self.room.overflowed(*account);
                }
                Err(self.failed(&error))
            }
        }
    }

    async fn try_commit(&self, client: &Client, transaction: &Transaction, body: &[u8], dialogue: &str) -> Result<Stored, StoreError> {
        let summary = Summary::of(body);
        let prepared = self.store.prepare(body).await?;
        let header_size = header::header_end(body);
        let mut queue = Vec::new();
        for (via, recipients) in deliveries::by_sender(transaction) {
            let pool = self.directory.pool_for(via).await?.map(|pool| PoolKey { tenant: pool.tenant.clone(), name: pool.name.clone() });
            let tenant = self.directory.domain(via).await?.map(|domain| domain.record.tenant.clone());
            queue.push(deliveries::queued(transaction, &prepared, header_size, recipients, (pool, tenant)));
        }
        let queued = !queue.is_empty();
        if queued {
            // Before the commit: the sender is woken by it.
            self.settings.bodies.keep(prepared.id, bytes::Bytes::copy_from_slice(body));
        }
        let events = record::accepted(client, transaction, &summary, body.len(), self.settings.keep_dialogue.then_some(dialogue));
        let mut accept = ingest::Accept {
            bodies: vec![ingest::NewBody { prepared, trace: transaction.trace, summary: summary.encode().into() }],
            deliveries: deliveries::local(transaction),
            queue,
            events,
            ..ingest::Accept::default()
        };
        self.tell_success(transaction, body, &mut accept).await?;
        self.store.ingest.accept(accept).await?;
        Ok(Stored { trace: transaction.trace, queued })
    }
}
