//! What happens in the crates below, as they tell their observers: atomics, and no allocation on the way of a message.

use std::{sync::Arc, time::Duration};

use postern_access::{Decision, authenticate};
use postern_mailflow::{accept, queue};
use postern_net::Refusal;
use postern_store::{ingest, queue::Fate};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use super::{
    Metrics,
    labels::{Command, Listening, LoginResult, Reason, TurnedAway},
};

impl ingest::Observer for Metrics {
    fn committed(&self, messages: usize, took: Duration) {
        self.0.batch_messages.0.observe(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
        self.0.commit_seconds.0.observe(took.as_secs_f64());
    }

    fn failed(&self, messages: usize) {
        self.0.not_stored.inc_by(messages as u64);
    }
}

impl accept::Observer for Metrics {
    fn stored(&self, boxes: usize, elsewhere: usize, bytes: usize) {
        self.0.messages.inc();
        self.0.received_bytes.inc_by(bytes as u64);
        self.0.deliveries.inc_by(boxes as u64);
        self.0.queued.inc_by(elsewhere as u64);
    }

    fn refused(&self, reason: &'static str) {
        self.0.refusals.get_or_create(&Reason { reason }).inc();
    }
}

impl queue::Observer for Metrics {
    fn attempted(&self, fate: &Fate) {
        match fate {
            Fate::Delivered => self.0.delivered.inc(),
            Fate::Failed => self.0.bounced.inc(),
            Fate::Deferred(deferral) if deferral.attempted => self.0.deferred.inc(),
            // A pause or a limit of ours: nobody was asked.
            Fate::Deferred(_) => return,
        };
    }
}

impl authenticate::Observer for Metrics {
    fn decided(&self, decision: &Decision) {
        let result = decision.outcome.as_ref().err().map_or("accepted", |refusal| refusal.as_str());
        self.0.logins.get_or_create(&LoginResult { protocol: decision.door.as_str(), result }).inc();
    }
}

impl postern_serve_imap::Observer for Metrics {
    fn command(&self, command: &'static str) {
        self.0.imap_commands.get_or_create(&Command { command }).inc();
    }
}

/// One listener's counters, looked up once.
#[derive(Debug)]
pub struct Listener {
    sessions: Gauge,
    connections: Counter,
    full: Counter,
    client_full: Counter,
    lost: Counter,
}

impl Metrics {
    /// Counts the connections of a listener.
    #[must_use]
    pub fn listener(&self, listener: &'static str) -> Arc<Listener> {
        let turned_away = |reason| self.0.turned_away.get_or_create_owned(&TurnedAway { listener, reason });
        Arc::new(Listener {
            sessions: self.0.sessions.get_or_create_owned(&Listening { listener }),
            connections: self.0.connections.get_or_create_owned(&Listening { listener }),
            full: turned_away("full"),
            client_full: turned_away("client_full"),
            lost: turned_away("lost"),
        })
    }
}

impl postern_net::Observer for Listener {
    fn opened(&self) {
        self.sessions.inc();
        self.connections.inc();
    }

    fn closed(&self) {
        self.sessions.dec();
    }

    fn refused(&self, refusal: Refusal) {
        match refusal {
            Refusal::Full => self.full.inc(),
            Refusal::ClientFull => self.client_full.inc(),
        };
    }

    fn lost(&self) {
        self.lost.inc();
    }
}
