//! An empty database of either kind, and the macro that runs a behaviour on both.

use crate::{postgres::Postgres, temp::TempFolder};

/// An empty database for one test. Keep it for as long as the test runs.
#[derive(Debug)]
pub enum TestDatabase {
    /// A folder for SQLite.
    Folder(TempFolder),
    /// The URL of a database of its own on PostgreSQL.
    Postgres(String),
}

impl TestDatabase {
    /// A folder for SQLite.
    #[must_use]
    pub fn sqlite() -> Self {
        Self::Folder(TempFolder::new())
    }

    /// A fresh database on the PostgreSQL that this process shares.
    #[must_use]
    pub fn postgres() -> Self {
        Self::Postgres(Postgres::shared().fresh_database())
    }
}

/// Runs each named `async fn(TestDatabase)` once on SQLite and once on PostgreSQL.
///
/// ```text
/// postern_tests::suite!(a_message_stays_after_a_restart, an_expunge_is_told_once);
/// async fn a_message_stays_after_a_restart(at: TestDatabase) { … }
/// ```
#[macro_export]
macro_rules! suite {
    ($($behaviour:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour($crate::TestDatabase::sqlite()).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour($crate::TestDatabase::postgres()).await;
            })+
        }
    };
}
