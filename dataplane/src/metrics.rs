//! What is counted, as typed families: cheap to move, one place that names them.
//!
//! Labels are closed sets. Addresses, domains and other words of strangers are never labels: they
//! would grow without bound, and they belong in the trail.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// A label called `protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Protocol {
    protocol: &'static str,
}

/// A label called `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// Labels of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginResult {
    protocol: &'static str,
    result: &'static str,
}

/// A label called `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// What became of an attempt to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Taken by the other side.
    Delivered,
    /// To be tried again.
    Deferred,
    /// Given up or refused for good.
    Bounced,
}

impl Attempt {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
        }
    }
}

/// All metrics of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

struct Families {
    registry: Registry,
    deliveries: Counter,
    received_bytes: Counter,
    refusals: Family<Reason, Counter>,
    sessions: Family<Protocol, Gauge>,
    connections: Family<Protocol, Counter>,
    logins: Family<LoginResult, Counter>,
    batch_messages: Histogram,
    commit_seconds: Histogram,
    queue_depth: Gauge,
    queue_age: Gauge,
    attempts: Family<ResultLabel, Counter>,
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut families = Families {
            registry: Registry::with_prefix("postern"),
            deliveries: Counter::default(),
            received_bytes: Counter::default(),
            refusals: Family::default(),
            sessions: Family::default(),
            connections: Family::default(),
            logins: Family::default(),
            batch_messages: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
            queue_depth: Gauge::default(),
            queue_age: Gauge::default(),
            attempts: Family::default(),
        };
        families.register();
        Self(Arc::new(families))
    }

    /// A message was placed in so many boxes.
    pub fn delivered(&self, boxes: u64, bytes: u64) {
        self.0.deliveries.inc_by(boxes);
        self.0.received_bytes.inc_by(bytes);
    }

    /// A command, recipient or message was refused; `reason` is a constant of the program.
    pub fn refused(&self, reason: &'static str) {
        self.0.refusals.get_or_create(&Reason { reason }).inc();
    }

    /// A session of a listener began; it ends when the guard is dropped.
    #[must_use]
    pub fn session(&self, protocol: &'static str) -> OpenSession {
        let labels = Protocol { protocol };
        self.0.connections.get_or_create(&labels).inc();
        let open = self.0.sessions.get_or_create_owned(&labels);
        open.inc();
        OpenSession(open)
    }

    /// Somebody tried to log in.
    pub fn login(&self, protocol: &'static str, accepted: bool) {
        let result = if accepted { "accepted" } else { "refused" };
        self.0.logins.get_or_create(&LoginResult { protocol, result }).inc();
    }

    /// A batch of so many messages was committed in so long.
    pub fn committed(&self, messages: u32, took: Duration) {
        self.0.batch_messages.observe(f64::from(messages));
        self.0.commit_seconds.observe(took.as_secs_f64());
    }

    /// How many recipients wait, and for how long the oldest has.
    pub fn queue(&self, depth: i64, oldest: Duration) {
        self.0.queue_depth.set(depth);
        self.0.queue_age.set(i64::try_from(oldest.as_secs()).unwrap_or(i64::MAX));
    }

    /// A recipient was tried.
    pub fn attempted(&self, attempt: Attempt) {
        self.0.attempts.get_or_create(&ResultLabel { result: attempt.as_str() }).inc();
    }

    /// All of it in the OpenMetrics text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Families {
    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register("deliveries", "Messages placed in a box", self.deliveries.clone());
        registry.register_with_unit("received", "Size of messages taken", Unit::Bytes, self.received_bytes.clone());
        registry.register("refusals", "Commands, recipients and messages refused", self.refusals.clone());
        registry.register("sessions", "Sessions that are open", self.sessions.clone());
        registry.register("connections", "Connections taken", self.connections.clone());
        registry.register("logins", "Attempts to log in", self.logins.clone());
        registry.register("ingest_batch_messages", "Messages of one commit", self.batch_messages.clone());
        registry.register_with_unit("ingest_commit", "Time of one commit", Unit::Seconds, self.commit_seconds.clone());
        registry.register("queue_recipients", "Recipients that wait to be sent to", self.queue_depth.clone());
        registry.register_with_unit("queue_oldest", "Age of what waits longest", Unit::Seconds, self.queue_age.clone());
        registry.register("outbound_attempts", "Recipients tried", self.attempts.clone());
    }
}

/// One open session, counted until it is dropped.
#[derive(Debug)]
pub struct OpenSession(Gauge);

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_appear_under_their_names() {
        let metrics = Metrics::new();
        metrics.delivered(3, 4096);
        metrics.refused("unknown_recipient");
        metrics.login("imap", false);
        metrics.committed(7, Duration::from_millis(3));
        metrics.queue(12, Duration::from_secs(90));
        metrics.attempted(Attempt::Deferred);
        let open = metrics.session("imap");
        let text = metrics.text();
        for line in [
            "postern_deliveries_total 3",
            "postern_received_bytes_total 4096",
            "postern_refusals_total{reason=\"unknown_recipient\"} 1",
            "postern_logins_total{protocol=\"imap\",result=\"refused\"} 1",
            "postern_ingest_batch_messages_sum 7.0",
            "postern_ingest_commit_seconds_bucket{le=\"0.004\"} 1",
            "postern_queue_recipients 12",
            "postern_queue_oldest_seconds 90",
            "postern_outbound_attempts_total{result=\"deferred\"} 1",
            "postern_sessions{protocol=\"imap\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        drop(open);
        assert!(metrics.text().contains("postern_sessions{protocol=\"imap\"} 0\n"));
    }
}
