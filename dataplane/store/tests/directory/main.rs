//! What the directory promises, on both databases.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

use postern_tests::{TestDatabase, suite};

suite!(the_schema_comes_up_once);

async fn the_schema_comes_up_once(at: TestDatabase) {
    let db = support::open(&at).await;
    let again = postern_store::migrations::migrate(&db).await.unwrap();
    assert!(again >= 1);
}
