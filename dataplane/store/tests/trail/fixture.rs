//! A database, a clock that stands still, and events.

use std::{sync::Arc, time::Duration};

use postern_core::{Clock, IdSource, TestClock, Timestamp, TraceId};
use postern_store::{
    db::Db,
    trail::{self, EventRow, Stage},
};
use postern_tests::TestDatabase;

pub const DAY: Duration = Duration::from_secs(86_400);

pub struct Fixture {
    pub db: Db,
    pub ids: IdSource,
    pub clock: Arc<TestClock>,
}

impl Fixture {
    pub async fn open(at: &TestDatabase) -> Self {
        let clock = Arc::new(TestClock::at(Timestamp::from_secs(1_800_000_000)));
        Self { db: crate::support::open(at).await, ids: IdSource::new(clock.clone(), 1), clock }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An event of now.
    pub fn event(&self, trace: TraceId, stage: Stage) -> EventRow {
        EventRow::new(trace, self.now(), stage, &serde_json::json!({ "at": stage.as_str() }))
    }

    pub async fn write(&self, rows: &[EventRow]) {
        let mut tx = self.db.begin().await.unwrap();
        trail::insert(&mut tx, rows, &self.ids).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        self.db.row(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }
}
