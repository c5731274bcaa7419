//! Nothing that a migration adds is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use postern_store::{
    StoreError, args,
    backup::{LEFT_OUT, QueueFate, backup, restore, table_names},
    db::Db,
    dialect::Dialect,
};
use postern_tests::{TestDatabase, suite, temp::TempFolder};

use crate::fixture::*;

suite!(every_column_travels_or_is_left_out_for_a_reason, a_newer_schema_is_refused);

/// What belongs to the machine that serves, and a body's place, which is decided anew.
const COLUMNS_LEFT_OUT: [(&str, &str); 4] =
    [("queue_slot", "worker"), ("queue_slot", "token"), ("queue_slot", "until"), ("blob", "location")];

async fn columns(db: &Db) -> BTreeMap<String, BTreeSet<String>> {
    let sql = match db.dialect() {
        Dialect::Sqlite => "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
        Dialect::Postgres => {
            "SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
             AND a.attnum > 0 AND NOT a.attisdropped"
        }
    };
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    for row in db.rows(sql, &[]).await.unwrap() {
        tables.entry(row.text(0).unwrap()).or_default().insert(row.text(1).unwrap());
    }
    tables
}

async fn every_column_travels_or_is_left_out_for_a_reason(at: TestDatabase) {
    let store = open(&at, None).await;
    let mut travels = BTreeMap::<String, BTreeSet<String>>::new();
    for (table, columns) in table_names() {
        travels.insert(table.to_owned(), columns.into_iter().map(str::to_owned).collect());
    }
    for (table, column) in COLUMNS_LEFT_OUT {
        travels.get_mut(table).unwrap().insert(column.to_owned());
    }
    let mut there = columns(&store.db).await;
    for (table, _) in LEFT_OUT {
        assert!(there.remove(table).is_some(), "{table}");
    }
    assert_eq!(travels, there);
}

async fn a_newer_schema_is_refused(at: TestDatabase) {
    let out = TempFolder::new();
    let path = out.path().join("archive");
    let store = open(&at, None).await;
    let (archive, report) = backup(&store, Vec::new()).await.unwrap();
    std::fs::write(&path, archive).unwrap();
    // As a later version would leave it: this one serves it still, and cannot know what else it holds.
    let later = (report.summary.head.schema + 1).to_string();
    let mut tx = store.db.begin().await.unwrap();
    tx.execute("UPDATE meta SET value = $1 WHERE key = 'schema'", args![&later]).await.unwrap();
    tx.commit().await.unwrap();
    let refused = backup(&store, Vec::new()).await.map(drop);
    assert!(matches!(&refused, Err(StoreError::Refused(text)) if text.contains(&later)), "{refused:?}");
    close(store).await;
    let refused = restore(&path, &options(&at, None), QueueFate::Send).await;
    assert!(matches!(&refused, Err(StoreError::Refused(text)) if text.contains("new database")), "{refused:?}");
}
