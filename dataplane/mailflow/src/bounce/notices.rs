//! Writes a notice and settles what it tells of.

use std::{collections::HashSet, sync::Arc, time::Duration};

use postern_core::{Address, DomainName, Recipient, TraceId, envelope::BodyType};
use postern_message::{
    Summary,
    dsn::{self, Notice, RecipientReport, Remote, Report},
    header,
};
use postern_store::{
    Store, StoreError, blob,
    ingest::{Accept, LocalDelivery, NewBody, Target},
    mail::Flags,
    queue::{self, NewMessage, QueuedMessage, Settled, Settlement, settle_in},
    trail::{self, EventRow, Key, Stage},
};
use serde::Serialize;
use tokio::time::sleep;

use super::{LocalAddresses, Notable, Whose};
use crate::queue::Bodies;

/// Tries while the database is away: some twenty minutes, and the rows are handed out again when their lease has ended.
const TRIES: u32 = 600;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Writes notices. Clones are cheap.
#[derive(Clone)]
pub struct Notices {
    /// The store that both ends are in.
    pub store: Store,
    /// Who is here.
    pub local: Arc<dyn LocalAddresses>,
    /// The host that reports.
    pub host: DomainName,
    /// Where the original is found.
    pub bodies: Bodies,
}

/// Recipients of one message that are settled with one notice.
pub type Told = Vec<(Settlement, Notable)>;

impl Notices {
    /// Settles, and tells the sender of the message in one notice. Recipients that are no longer ours to settle are left
    /// out of it. Returns once it is durable.
    ///
    /// # Errors
    /// [`StoreError`] when the database stays away or refuses: the rows are handed out again.
    pub async fn settle(&self, message: &QueuedMessage, mut told: Told) -> Result<Vec<Settled>, StoreError> {
        let mut pause = Duration::from_millis(20);
        let mut settled = Vec::with_capacity(told.len());
        for _ in 0..TRIES {
            match self.attempt(message, &told).await {
                Ok(results) if results.iter().all(|r| *r == Settled::Done) => {
                    settled.extend(results);
                    return Ok(settled);
                }
                // Nothing was changed: the rest is told without those.
                Ok(results) => {
                    settled.extend(results.iter().copied().filter(|r| *r != Settled::Done));
                    let done: HashSet<usize> = (0..results.len()).filter(|i| results.get(*i) == Some(&Settled::Done)).collect();
                    let mut index = 0..;
                    told.retain(|_| index.next().is_some_and(|i| done.contains(&i)));
                    if told.is_empty() {
                        return Ok(settled);
                    }
                }
                Err(error) if error.is_temporary() => {
                    tracing::warn!(%error, trace = %message.trace, "writing a notice again");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable("a notice could not be written".into()))
    }

    async fn attempt(&self, message: &QueuedMessage, told: &Told) -> Result<Vec<Settled>, StoreError> {
        let settlements: Vec<Settlement> = told.iter().map(|(settlement, _)| settlement.clone()).collect();
        let Some(to) = &message.sender else { return self.store.queue.settle(&settlements, &*self.store.clock).await };
        match self.local.find(to).await? {
            Whose::Nobody => {
                tracing::info!(trace = %message.trace, "nobody to tell: the sender is not here");
                self.store.queue.settle(&settlements, &*self.store.clock).await
            }
            Whose::Box(account) => {
                let draft = self.draft(message, to, told, b"Return-Path: <>\r\n").await?;
                self.deliver(account, to, &draft).await?;
                self.store.queue.settle(&settlements, &*self.store.clock).await
            }
            Whose::Elsewhere => self.queue(message, to, &settlements, self.draft(message, to, told, b"").await?).await,
        }
    }

    /// Into a box, before the settlement. A box that takes nothing more is no reason to keep the row: nobody else can be told.
    async fn deliver(&self, account: postern_core::AccountId, to: &Address, draft: &Draft) -> Result<(), StoreError> {
        let now = self.store.now();
        let mut events = draft.events.clone();
        events.push(draft.event(Stage::Stored, to, now));
        let delivery = LocalDelivery {
            body: 0,
            account,
            folder: Target::Inbox,
            flags: Flags::default(),
            keywords: None,
            prefix: format!("Delivered-To: {to}\r\n").into_bytes(),
            received_at: now,
        };
        let summary = Summary::of(&draft.notice.message).encode().into();
        let body = NewBody { prepared: draft.prepared.clone(), trace: draft.trace, summary };
        let accept = Accept { bodies: vec![body], deliveries: vec![delivery], events, ..Accept::default() };
        match self.store.ingest.accept(accept).await {
            Err(error @ (StoreError::OverQuota(_) | StoreError::NotFound(_))) => {
                tracing::info!(%error, trace = %draft.trace, "a notice finds no room");
                Ok(())
            }
            result => result.map(drop),
        }
    }

    /// Into the queue, with the settlement.
    async fn queue(
        &self,
        message: &QueuedMessage,
        to: &Address,
        settlements: &[Settlement],
        draft: Draft,
    ) -> Result<Vec<Settled>, StoreError> {
        let (now, ids) = (self.store.now(), &self.store.ids);
        let new = NewMessage {
            trace: draft.trace,
            blob: draft.prepared.id,
            size: draft.prepared.size as u64,
            header_size: header::header_end(&draft.notice.message) as u64,
            // RFC 3461 §6.1: what is never answered.
            sender: None,
            envid: None,
            ret: None,
            body: if draft.notice.eight_bit { BodyType::EightBitMime } else { BodyType::SevenBit },
            smtputf8: draft.notice.smtputf8,
            account: None,
            tenant: message.tenant.clone(),
            pool: message.pool.clone(),
            arrived_at: now,
            send_at: None,
            held: false,
            recipients: vec![Recipient::plain(to.clone())],
        };
        let mut tx = self.store.db.begin().await?;
        let settled = settle_in(&mut tx, settlements, now, ids).await?;
        if settled.iter().any(|s| *s != Settled::Done) {
            tx.rollback().await;
            return Ok(settled);
        }
        blob::insert(&mut tx, &[&draft.prepared], now).await?;
        let queued = queue::insert(&mut tx, &[new], ids).await?;
        let mut events = draft.events.clone();
        events.push(draft.event(Stage::Queued, to, now));
        trail::insert(&mut tx, &events, ids).await?;
        tx.commit().await?;
        self.store.queue.announce(&queued);
        Ok(settled)
    }

    async fn draft(&self, message: &QueuedMessage, to: &Address, told: &Told, prefix: &[u8]) -> Result<Draft, StoreError> {
        let original = match self.bodies.read(&self.store, message.blob).await {
            Ok(body) => body,
            // A notice without the original is better than none.
            Err(StoreError::NotFound(_) | StoreError::Damaged(_)) => bytes::Bytes::new(),
            Err(error) => return Err(error),
        };
        let (now, trace) = (self.store.now(), self.store.ids.trace());
        let recipients: Vec<RecipientReport<'_>> = told.iter().map(|(_, notable)| report(notable)).collect();
        let mut notice = dsn::compose(&Report {
            host: &self.host,
            to,
            id: trace,
            now,
            boundary: &format!("postern{trace}"),
            arrived: message.arrived_at,
            envid: message.envid.as_deref(),
            ret: message.ret.unwrap_or_default(),
            smtputf8: message.smtputf8,
            original: &original,
            recipients: &recipients,
        });
        if !prefix.is_empty() {
            notice.message.splice(0..0, prefix.iter().copied());
        }
        let detail =
            About { to: to.to_string(), notice: trace.to_string(), actions: told.iter().map(|(_, n)| n.action.as_str()).collect() };
        let mut event = EventRow::new(message.trace, now, Stage::Notified, &detail);
        event.tenant.clone_from(&message.tenant);
        let prepared = self.store.prepare(&notice.message).await?;
        Ok(Draft { notice, trace, prepared, events: vec![event], about: message.trace, tenant: message.tenant.clone() })
    }
}

/// A notice that is ready to be stored.
struct Draft {
    notice: Notice,
    trace: TraceId,
    prepared: blob::Prepared,
    /// Told of the original message.
    events: Vec<EventRow>,
    about: TraceId,
    tenant: Option<String>,
}

#[derive(Serialize)]
struct About<'a> {
    to: String,
    notice: String,
    actions: Vec<&'a str>,
}

#[derive(Serialize)]
struct Origin {
    sender: &'static str,
    recipient: String,
    about: String,
}

impl Draft {
    /// The first event of the notice's own story.
    fn event(&self, stage: Stage, to: &Address, now: postern_core::Timestamp) -> EventRow {
        let origin = Origin { sender: "<>", recipient: to.to_string(), about: self.about.to_string() };
        let mut event = EventRow::new(self.trace, now, stage, &origin).with_keys([Key::address(to)]);
        event.tenant.clone_from(&self.tenant);
        event
    }
}

fn report(notable: &Notable) -> RecipientReport<'_> {
    RecipientReport {
        address: &notable.recipient.address,
        original: notable.recipient.original.as_deref(),
        action: notable.action,
        outcome: notable.outcome.as_ref(),
        remote: notable.remote.as_ref().map(|(name, reply)| Remote { name, reply }),
        attempts: notable.attempts,
        last_attempt: Some(notable.last_attempt),
        retry_until: Some(notable.retry_until),
    }
}
