//! An archive that is not what was written is refused, and nothing is written.

use postern_core::Timestamp;
use postern_store::{
    StoreError,
    backup::{QueueFate, backup, restore, verify},
};
use postern_tests::{TestDatabase, temp::TempFolder};

use crate::fixture::*;

/// A small archive: a box and a message.
async fn archive() -> Vec<u8> {
    let at = TestDatabase::sqlite();
    let store = open(&at, None).await;
    fill(&store).await;
    backup(&store, Vec::new()).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_byte_that_changed_is_found() {
    let (whole, out) = (archive().await, TempFolder::new());
    let path = out.path().join("archive");
    std::fs::write(&path, &whole).unwrap();
    verify(&path).await.unwrap();
    // Every byte of the beginning and of the end, and many between.
    let places = (0..400).chain((400..whole.len() - 200).step_by(whole.len() / 150)).chain(whole.len() - 200..whole.len());
    for at in places {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&path, &changed).unwrap();
        let found = verify(&path).await;
        // A smaller format number is an older format, which this version would read: there is none yet.
        assert!(matches!(found, Err(StoreError::Damaged(_) | StoreError::Refused(_))) || (16..20).contains(&at), "byte {at}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_was_cut_is_found_wherever_it_was_cut() {
    let (whole, out) = (archive().await, TempFolder::new());
    let path = out.path().join("archive");
    for length in (0..whole.len()).step_by(whole.len() / 100).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let found = verify(&path).await;
        assert!(matches!(found, Err(StoreError::Damaged(_))), "{length}: {found:?}");
    }
    let mut longer = whole;
    longer.push(0);
    std::fs::write(&path, &longer).unwrap();
    assert!(matches!(verify(&path).await, Err(StoreError::Damaged(_))));
}

postern_tests::suite!(a_damaged_archive_changes_nothing, a_restore_that_was_not_finished_never_serves);

async fn a_damaged_archive_changes_nothing(at: TestDatabase) {
    let (mut whole, out) = (archive().await, TempFolder::new());
    let path = out.path().join("archive");
    let middle = whole.len() / 2;
    whole[middle] ^= 1;
    std::fs::write(&path, &whole).unwrap();
    assert!(matches!(restore(&path, &options(&at, None), QueueFate::Send).await, Err(StoreError::Damaged(_))));
    whole[middle] ^= 1;
    std::fs::write(&path, &whole).unwrap();
    restore(&path, &options(&at, None), QueueFate::Send).await.expect("the database was left empty");
}

async fn a_restore_that_was_not_finished_never_serves(at: TestDatabase) {
    let (whole, out) = (archive().await, TempFolder::new());
    let path = out.path().join("archive");
    std::fs::write(&path, &whole).unwrap();
    let mut target = options(&at, Some(&out.path().join("bodies")));
    target.backend = Some(std::sync::Arc::new(Full));
    assert!(matches!(restore(&path, &target, QueueFate::Send).await, Err(StoreError::Unavailable(_))));
    let opened = postern_store::Store::open(options(&at, None)).await;
    assert!(matches!(opened.map(drop), Err(StoreError::Refused(text)) if text.contains("not finished")));
    let again = restore(&path, &options(&at, None), QueueFate::Send).await;
    assert!(matches!(again, Err(StoreError::Refused(text)) if text.contains("not finished")));
}

/// A place of bodies that takes none.
#[derive(Debug)]
struct Full;

type Result<T> = postern_store::Result<T>;

#[async_trait::async_trait]
impl postern_store::blob::Backend for Full {
    async fn put(&self, _: postern_core::BlobId, _: bytes::Bytes) -> Result<String> {
        Err(StoreError::Unavailable("the disk is full".into()))
    }
    async fn get(&self, _: &str) -> Result<bytes::Bytes> {
        Err(StoreError::NotFound("body"))
    }
    async fn delete(&self, _: &str) -> Result<()> {
        Ok(())
    }
    async fn older_than(&self, _: Timestamp, _: usize) -> Result<Vec<(postern_core::BlobId, String)>> {
        Ok(Vec::new())
    }
}
