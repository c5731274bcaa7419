//! What every behaviour test of the store begins with.

use std::time::Duration;

use postern_store::db::{Db, Location};
use postern_tests::TestDatabase;

/// Where a test's database is.
pub fn location(at: &TestDatabase) -> Location {
    match at {
        TestDatabase::Folder(folder) => Location::Folder(folder.path().to_owned()),
        TestDatabase::Postgres(url) => Location::Postgres { url: url.clone(), connections: 6 },
    }
}

/// Opens it and brings the schema up.
pub async fn open(at: &TestDatabase) -> Db {
    let db = Db::open(&location(at), Duration::from_secs(10)).await.expect("it opens");
    postern_store::migrations::migrate(&db).await.expect("the schema comes up");
    db
}
