//! What is counted, as typed families: cheap to move, one place that names them.
//!
//! The crates below know no metric. Each has a small `Observer` of what happens to it, and `feeds` is ours; what must
//! be asked for is measured by `wire::measure`, and the process itself is read when it is scraped (`process`).
//!
//! Labels are closed sets. Addresses, domains and other words of strangers are never labels: they
//! would grow without bound, and they belong in the trail.

mod feeds;
mod labels;
mod process;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use postern_core::Timestamp;
use postern_store::{mail::Totals, queue::Depth};
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

pub use self::feeds::Listener;
use self::labels::{Attempt, Command, Condition, Listening, LoginResult, Reason, State, TurnedAway};

/// All metrics of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

#[derive(Default)]
struct Families {
    registry: Registry,

    messages: Counter,
    received_bytes: Counter,
    deliveries: Counter,
    queued: Counter,
    refusals: Family<Reason, Counter>,

    batch_messages: Size,
    commit_seconds: Time,
    not_stored: Counter,

    sessions: Family<Listening, Gauge>,
    connections: Family<Listening, Counter>,
    turned_away: Family<TurnedAway, Counter>,
    logins: Family<LoginResult, Counter>,
    imap_commands: Family<Command, Counter>,

    queue_recipients: Family<State, Gauge>,
    queue_behind: Gauge,
    queue_oldest: Gauge,
    delivered: Counter,
    deferred: Counter,
    bounced: Counter,

    boxes: Gauge,
    box_messages: Gauge,
    box_bytes: Gauge,

    ready: Gauge,
    conditions: Family<Condition, Gauge>,
    directory_position: Gauge,
    directory_read: Gauge,
}

/// How many at once: 1 to 256.
struct Size(Histogram);

impl Default for Size {
    fn default() -> Self {
        Self(Histogram::new(exponential_buckets(1.0, 2.0, 9)))
    }
}

/// How long: 0.5 ms to 4 s.
struct Time(Histogram);

impl Default for Time {
    fn default() -> Self {
        Self(Histogram::new(exponential_buckets(0.000_5, 2.0, 14)))
    }
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut families = Families::default();
        families.register();
        Self(Arc::new(families))
    }

    /// The queue, measured.
    pub fn queue(&self, depth: &Depth, now: Timestamp) {
        let families = &*self.0;
        let states = [("due", depth.due), ("waiting", depth.waiting - depth.due), ("held", depth.held)];
        for (state, recipients) in states {
            families.queue_recipients.get_or_create(&State { state }).set(recipients);
        }
        let age = |since: Option<Timestamp>| seconds(since.map_or(Duration::ZERO, |at| now.since(at)));
        families.queue_behind.set(age(depth.behind_since));
        families.queue_oldest.set(age(depth.oldest));
    }

    /// All boxes, measured.
    pub fn boxes(&self, totals: &Totals) {
        self.0.boxes.set(totals.boxes);
        self.0.box_messages.set(totals.messages);
        self.0.box_bytes.set(totals.bytes);
    }

    /// The directory was read up to a position.
    pub fn directory(&self, position: i64, now: Timestamp) {
        self.0.directory_position.set(position);
        self.0.directory_read.set(now.secs());
    }

    /// Whether the process should get traffic, and which of its conditions hold.
    pub fn ready(&self, ready: bool, conditions: &[(&'static str, bool)]) {
        self.0.ready.set(ready.into());
        // A part that has gone takes its condition along.
        self.0.conditions.clear();
        for &(condition, holds) in conditions {
            self.0.conditions.get_or_create(&Condition { condition }).set(holds.into());
        }
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
        self.registry.register_collector(Box::new(process::Process));
        let registry = self.registry.sub_registry_with_prefix("postern");
        registry.register("build", "This program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));

        registry.register("messages", "Messages taken", self.messages.clone());
        registry.register_with_unit("received", "Size of messages taken", Unit::Bytes, self.received_bytes.clone());
        registry.register("deliveries", "Messages placed in a box as they were taken", self.deliveries.clone());
        registry.register("queued", "Recipients that went into the queue as their message was taken", self.queued.clone());
        registry.register("refusals", "Commands, recipients and messages refused", self.refusals.clone());

        registry.register("ingest_batch_messages", "Messages of one commit", self.batch_messages.0.clone());
        registry.register_with_unit("ingest_commit", "Time of one commit", Unit::Seconds, self.commit_seconds.0.clone());
        registry.register("ingest_not_stored", "Messages that the database did not take", self.not_stored.clone());

        registry.register("sessions", "Connections that are open", self.sessions.clone());
        registry.register("connections", "Connections let in", self.connections.clone());
        registry.register("connections_turned_away", "Connections that came to no session", self.turned_away.clone());
        registry.register("logins", "Attempts to log in", self.logins.clone());
        registry.register("imap_commands", "Commands of IMAP clients", self.imap_commands.clone());

        registry.register("queue_recipients", "Recipients that wait to be sent to", self.queue_recipients.clone());
        registry.register_with_unit("queue_behind", "How far the senders are behind", Unit::Seconds, self.queue_behind.clone());
        registry.register_with_unit("queue_oldest", "Age of what waits longest", Unit::Seconds, self.queue_oldest.clone());
        let attempts = registry.sub_registry_with_prefix("outbound");
        let by_result = Family::<Attempt, Counter>::default();
        let results = [("delivered", &mut self.delivered), ("deferred", &mut self.deferred), ("bounced", &mut self.bounced)];
        for (result, counter) in results {
            *counter = by_result.get_or_create_owned(&Attempt { result });
        }
        attempts.register("attempts", "Recipients tried", by_result);

        let registry = self.registry.sub_registry_with_prefix("postern");
        registry.register("boxes", "Boxes", self.boxes.clone());
        registry.register("box_messages", "Messages in all boxes", self.box_messages.clone());
        registry.register_with_unit("box", "Size of all boxes, as their owners count it", Unit::Bytes, self.box_bytes.clone());

        registry.register("ready", "Whether the process should get traffic", self.ready.clone());
        registry.register("condition", "Whether what readiness stands on holds", self.conditions.clone());
        registry.register("directory_position", "Position up to which the directory is applied here", self.directory_position.clone());
        registry.register_with_unit(
            "directory_read_timestamp",
            "When it was last known to be the newest",
            Unit::Seconds,
            self.directory_read.clone(),
        );
    }
}

/// Whole ones.
fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
