//! What is counted. Labels are closed sets: no namespace and no name of a resource is ever one.

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

/// All metrics of the process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Driver {
    driver: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    driver: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
    ready: &'static str,
}

struct Families {
    registry: Registry,
    reconciles: Family<Driver, Counter>,
    seconds: Family<Named, Histogram>,
    waiting: Family<Named, Gauge>,
    oldest: Family<Named, Gauge>,
    objects: Family<OfKind, Gauge>,
    leading: Gauge,
    directory_lag: Gauge,
    withheld: Gauge,
    events_dropped: Counter,
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut families = Families {
            registry: Registry::with_prefix("postern_operator"),
            reconciles: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 16))),
            waiting: Family::default(),
            oldest: Family::default(),
            objects: Family::default(),
            leading: Gauge::default(),
            directory_lag: Gauge::default(),
            withheld: Gauge::default(),
            events_dropped: Counter::default(),
        };
        families.register();
        Self(Arc::new(families))
    }

    /// A pass of a driver ended.
    pub fn reconciled(&self, driver: &'static str, result: &'static str, took: Duration) {
        self.0.reconciles.get_or_create(&Driver { driver, result }).inc();
        self.0.seconds.get_or_create(&Named { driver }).observe(took.as_secs_f64());
    }

    /// What waits for a driver: how many, and the age of the oldest.
    pub fn waiting(&self, driver: &'static str, count: usize, oldest: Duration) {
        self.0.waiting.get_or_create(&Named { driver }).set(number(count));
        self.0.oldest.get_or_create(&Named { driver }).set(i64::try_from(oldest.as_secs()).unwrap_or(i64::MAX));
    }

    /// Objects of a kind whose condition Ready is `ready`.
    pub fn objects(&self, kind: &'static str, ready: &'static str, count: usize) {
        self.0.objects.get_or_create(&OfKind { kind, ready }).set(number(count));
    }

    /// Whether this replica leads.
    pub fn leading(&self, leads: bool) {
        self.0.leading.set(leads.into());
    }

    /// Positions that the slowest process is behind the directory.
    pub fn directory_lag(&self, positions: i64) {
        self.0.directory_lag.set(positions);
    }

    /// Rows kept although their resource is gone, for they are too many to lose at once.
    pub fn withheld(&self, rows: usize) {
        self.0.withheld.set(number(rows));
    }

    /// An Event that was not sent, for there were too many.
    pub fn event_dropped(&self) {
        self.0.events_dropped.inc();
    }

    /// All of it as OpenMetrics text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.0.registry).is_err() {
            text.clear();
        }
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
        f.write_str("Metrics")
    }
}

impl Families {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("reconciles", "Passes of a driver", self.reconciles.clone());
        r.register_with_unit("reconcile_duration", "Duration of a pass", Unit::Seconds, self.seconds.clone());
        r.register("queue_objects", "Objects that wait for a driver", self.waiting.clone());
        r.register_with_unit("queue_age", "Age of the oldest object that waits", Unit::Seconds, self.oldest.clone());
        r.register("objects", "Objects by kind and condition Ready", self.objects.clone());
        r.register("leading", "1 while this replica leads", self.leading.clone());
        r.register("directory_lag_positions", "Positions that the slowest process is behind", self.directory_lag.clone());
        r.register("directory_withheld_rows", "Rows kept although their resource is gone", self.withheld.clone());
        r.register("events_dropped", "Events not sent because there were too many", self.events_dropped.clone());
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
