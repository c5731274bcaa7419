//! Who may bring the schema up, and which versions it serves: on both databases.

#![cfg(test)]

mod support;

use std::time::Duration;

use postern_store::{StoreError, args, db::Db, migrations, transaction};
use postern_tests::{TestDatabase, suite};

suite!(who_may_not_migrate_waits_for_whoever_may, a_schema_tells_which_versions_it_serves);

const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(60);

async fn say(db: &Db, key: &'static str, value: &str) -> Result<u64, StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    transaction!(db, |tx| { tx.execute(sql, args![key, value]).await })
}

async fn who_may_not_migrate_waits_for_whoever_may(at: TestDatabase) {
    let db = Db::open(&support::location(&at), LONG).await.unwrap();
    let waited = migrations::wait_until_current(&db, SHORT).await;
    assert!(matches!(&waited, Err(StoreError::Unavailable(why)) if why.contains("postern migrate")), "{waited:?}");
    assert_eq!(migrations::current(&db).await.unwrap(), 0, "and changed nothing");

    let (waited, migrated) = tokio::join!(migrations::wait_until_current(&db, LONG), migrations::migrate(&db));
    assert_eq!((waited.unwrap(), migrated.unwrap()), (migrations::newest(), migrations::newest()));
}

async fn a_schema_tells_which_versions_it_serves(at: TestDatabase) {
    let db = support::open(&at).await;
    let later = migrations::newest() + 3;
    say(&db, "schema", &later.to_string()).await.unwrap();
    assert_eq!(migrations::wait_until_current(&db, SHORT).await.unwrap(), later, "a newer schema that serves us still");
    assert_eq!(migrations::migrate(&db).await.unwrap(), later);
    say(&db, "oldest_binary", "0.1.0").await.unwrap();
    assert_eq!(migrations::migrate(&db).await.unwrap(), later);
    for oldest in ["99.0.0", "0.100.0"] {
        say(&db, "oldest_binary", oldest).await.unwrap();
        for refused in [migrations::wait_until_current(&db, SHORT).await, migrations::migrate(&db).await] {
            assert!(matches!(&refused, Err(StoreError::Refused(why)) if why.contains(oldest)), "{refused:?}");
        }
    }
}
