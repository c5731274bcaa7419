//! What an attempt led to, recipient by recipient, and what follows: settlement, event, and whether the sender hears.
//!
//! Pure: values in, values out.

use std::sync::Arc;

use postern_core::{EnhancedCode, Outcome, Timestamp};
use postern_message::dsn::Action;
use postern_proto_smtp::client::RecipientOutcome;
use postern_store::{
    queue::{Deferral, Fate, QueueItem, QueuedMessage, Settlement},
    trail::{Dialogue, EventRow, Stage},
};
use serde::Serialize;

use crate::{
    bounce::{self, Notable},
    deliver::remote::session::{Peer, Refused, Tls},
    schedule::{Next, Schedule},
};

/// One recipient after an attempt.
#[derive(Clone, Debug)]
pub struct Told {
    /// The row.
    pub item: QueueItem,
    /// Delivered, or why not.
    pub result: Result<(), Outcome>,
    /// The server's own words.
    pub reply: Option<String>,
    /// The server, if it was reached or at least aimed at.
    pub peer: Option<Peer>,
    /// What was said.
    pub dialogue: Option<Arc<str>>,
    /// The server that took it does not report (RFC 3461 §5.2.2).
    pub relayed: bool,
}

impl Told {
    /// By what the server said at the end of a transaction.
    #[must_use]
    pub fn by_server(item: QueueItem, outcome: &RecipientOutcome, peer: &Peer, dialogue: Option<Arc<str>>, reports: bool) -> Self {
        let relayed = outcome.is_delivered() && !reports;
        let reply = words(outcome);
        Self { item, result: outcome.result(), reply: Some(reply), peer: Some(peer.clone()), dialogue, relayed }
    }

    /// Without a word of any server.
    #[must_use]
    pub const fn by_us(item: QueueItem, outcome: Outcome) -> Self {
        Self { item, result: Err(outcome), reply: None, peer: None, dialogue: None, relayed: false }
    }
}

fn words(outcome: &RecipientOutcome) -> String {
    let reply = &outcome.reply;
    match reply.enhanced {
        Some(EnhancedCode(subject, detail)) => format!("{} {}.{subject}.{detail} {}", reply.code, reply.code / 100, reply.text),
        None => format!("{} {}", reply.code, reply.text),
    }
}

/// What follows of a [`Told`].
#[derive(Clone, Debug)]
pub struct Decided {
    /// For the queue.
    pub settlement: Settlement,
    /// What the sender is to hear, if anything.
    pub notice: Option<Notable>,
}

/// The body of an event about one recipient.
#[derive(Serialize)]
struct Detail<'a> {
    recipient: String,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<TlsDetail<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
}

#[derive(Default, Serialize)]
struct TlsDetail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher: Option<&'a str>,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

impl<'a> TlsDetail<'a> {
    fn of(tls: &'a Tls) -> Option<Self> {
        match tls {
            Tls::Clear => None,
            Tls::Failed(why) => Some(Self { problem: Some(why), ..Self::default() }),
            Tls::On { version, cipher, unverified } => {
                let problem = unverified.as_deref();
                Some(Self { version: Some(version), cipher: Some(cipher), verified: problem.is_none(), problem })
            }
        }
    }
}

/// Decides what follows, now. `chance` spreads retries; `keep_dialogue` keeps that of deliveries too.
#[must_use]
pub fn decide(told: Told, schedule: &Schedule, now: Timestamp, chance: u32, keep_dialogue: bool) -> Decided {
    let attempts = told.item.attempts.saturating_add(1);
    let age = now.since(told.item.message.arrived_at);
    let (stage, fate, action, next_at) = match &told.result {
        Ok(()) => (Stage::Delivered, Fate::Delivered, told.relayed.then_some(Action::Relayed), None),
        Err(outcome) if outcome.is_temporary() => match schedule.next(attempts, age, told.item.delay_told, chance) {
            Next::GiveUp => (Stage::Bounced, Fate::Failed, Some(Action::Failed), None),
            next @ (Next::Retry(wait) | Next::RetryAndTell(wait)) => {
                let tell = matches!(next, Next::RetryAndTell(_));
                let deferral = Deferral {
                    next_at: now + wait,
                    attempted: true,
                    reply: Some(told.reply.clone().unwrap_or_else(|| outcome.to_string())),
                    source: told.peer.as_ref().and_then(|peer| peer.source),
                    delay_told: tell,
                };
                (Stage::Deferred, Fate::Deferred(deferral), tell.then_some(Action::Delayed), Some(now + wait))
            }
        },
        Err(_) => (Stage::Bounced, Fate::Failed, Some(Action::Failed), None),
    };
    let expired = stage == Stage::Bounced && told.result.as_ref().is_err_and(Outcome::is_temporary);
    let event = event(&told, attempts, stage, next_at, now, keep_dialogue);
    let settlement = told.item.settle(fate, vec![event]);
    let notice = action.filter(|action| bounce::wants(&told.item, *action)).map(|action| Notable {
        recipient: told.item.recipient,
        action,
        outcome: told.result.err().map(|outcome| if expired { gave_up(&outcome) } else { outcome }),
        remote: told.peer.map(|peer| (peer.host, told.reply.unwrap_or_default())),
        attempts,
        last_attempt: now,
        retry_until: told.item.message.arrived_at + schedule.expire(),
    });
    Decided { settlement, notice }
}

/// A temporary failure that has lasted too long is a permanent one (RFC 3463 §3.5: X.4.7), in the words of the last attempt.
fn gave_up(last: &Outcome) -> Outcome {
    Outcome { text: format!("{} (tried for too long)", last.text), ..Outcome::permanent(554, EnhancedCode::EXPIRED, "") }
}

fn event(told: &Told, attempt: u32, stage: Stage, next_at: Option<Timestamp>, now: Timestamp, keep: bool) -> EventRow {
    let (peer, outcome) = (told.peer.as_ref(), told.result.as_ref().err());
    let detail = Detail {
        recipient: told.item.recipient.address.to_string(),
        attempt,
        host: peer.map(|p| p.host.as_str()),
        ip: peer.map(|p| p.address.ip().to_string()),
        source: peer.and_then(|p| p.source).map(|ip| ip.to_string()),
        tls: peer.and_then(|p| TlsDetail::of(&p.tls)),
        reply: told.reply.as_deref(),
        status: outcome.map(Outcome::status),
        text: outcome.map(|o| o.text.as_str()).filter(|_| told.reply.is_none()),
        cause: outcome.and_then(|o| o.cause.as_deref()),
        next_at: next_at.map(|at| at.to_string()),
    };
    let dialogue = told.dialogue.as_deref().filter(|_| keep || stage != Stage::Delivered);
    row(&told.item.message, now, stage, &detail, dialogue)
}

/// The event of a host that was tried before another: part of the same attempt.
#[must_use]
pub fn attempt_event(message: &QueuedMessage, refused: &Refused, now: Timestamp) -> EventRow {
    #[derive(Serialize)]
    struct Tried<'a> {
        host: &'a str,
        ip: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tls: Option<TlsDetail<'a>>,
        reply: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
    }
    let tried = Tried {
        host: &refused.peer.host,
        ip: refused.peer.address.ip().to_string(),
        source: refused.peer.source.map(|ip| ip.to_string()),
        tls: TlsDetail::of(&refused.peer.tls),
        reply: refused.reply.clone().unwrap_or_else(|| refused.outcome.to_string()),
        cause: refused.outcome.cause.as_deref(),
    };
    row(message, now, Stage::Attempt, &tried, Some(refused.dialogue.as_str()))
}

fn row(message: &QueuedMessage, now: Timestamp, stage: Stage, detail: &impl Serialize, dialogue: Option<&str>) -> EventRow {
    let mut row = EventRow::new(message.trace, now, stage, detail);
    row.tenant.clone_from(&message.tenant);
    row.dialogue = dialogue.filter(|text| !text.is_empty()).and_then(|text| Dialogue::pack(text.as_bytes()));
    row
}
