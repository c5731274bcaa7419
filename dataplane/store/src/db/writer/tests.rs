//! Who enters, who leaves in the middle, and who is told: bursts, failures, and sessions that stop waiting.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::task::{JoinHandle, spawn_blocking};

use super::{super::sqlite, Writer, turn::Turn};
use crate::args;

async fn writer() -> (Writer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let connection = sqlite::open(&folder.path().join("t.db"), sqlite::Purpose::Write).unwrap();
    connection.execute_batch("CREATE TABLE t(a)").unwrap();
    (Writer::new(connection, Arc::default()), folder)
}

async fn count(writer: &Writer) -> i64 {
    let mut turn = writer.begin().await.unwrap();
    let n = turn.rows("SELECT count(*) FROM t", &[]).await.unwrap()[0].int(0).unwrap();
    turn.rollback().await;
    n
}

#[tokio::test]
async fn a_burst_is_one_group_and_a_failure_in_it_is_undone_alone() {
    let (writer, _folder) = writer().await;
    let held = writer.begin().await.unwrap();
    let tasks: Vec<_> = (0..40i64)
        .map(|i| {
            let writer = writer.clone();
            tokio::spawn(async move {
                let mut turn = writer.begin().await.unwrap();
                turn.execute("INSERT INTO t VALUES ($1)", args![i]).await.unwrap();
                match i % 4 {
                    0 => turn.rollback().await,
                    1 => drop(turn),
                    _ => turn.commit(Vec::new()).await.unwrap(),
                }
            })
        })
        .collect();
    held.commit(Vec::new()).await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(count(&writer).await, 20);
}

#[tokio::test]
async fn who_stops_waiting_leaves_nobody_hanging() {
    let (writer, _folder) = writer().await;
    for _ in 0..50 {
        let mut first = writer.begin().await.unwrap();
        first.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
        let other = tokio::spawn({
            let writer = writer.clone();
            async move { writer.begin().await.map(drop) }
        });
        while writer.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let committed = tokio::spawn(first.commit(Vec::new()));
        other.abort();
        tokio::time::timeout(Duration::from_secs(10), committed).await.expect("committed").unwrap().unwrap();
    }
    assert_eq!(count(&writer).await, 50);
}

/// A member that has written a row, and one that waits for its turn.
async fn first_and_second(writer: &Writer) -> (Turn, JoinHandle<crate::error::Result<Turn>>) {
    let mut first = writer.begin().await.unwrap();
    first.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    let second = tokio::spawn({
        let writer = writer.clone();
        async move { writer.begin().await }
    });
    while writer.waiting.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    (first, second)
}

/// SQLite does so when the disk is full; whoever is in the middle may not have looked.
#[tokio::test]
async fn a_transaction_that_ended_by_itself_is_told_to_all_who_were_in_it() {
    let (writer, _folder) = writer().await;
    let (first, second) = first_and_second(&writer).await;
    let first = tokio::spawn(first.commit(Vec::new()));
    let mut second = second.await.unwrap().unwrap();
    second.script("ROLLBACK").await.unwrap();
    second.commit(Vec::new()).await.unwrap_err();
    tokio::time::timeout(Duration::from_secs(10), first).await.expect("it is told").unwrap().unwrap_err();
    assert_eq!(count(&writer).await, 0);

    let (mut first, second) = first_and_second(&writer).await;
    first.script("ROLLBACK").await.unwrap();
    first.commit(Vec::new()).await.unwrap_err();
    let mut second = second.await.unwrap().unwrap();
    second.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap();
    second.commit(Vec::new()).await.unwrap();
    assert_eq!(count(&writer).await, 1, "who comes after is not touched");
}

/// Polls a future some times and then drops it, as a session does that ends in the middle.
async fn leave_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if let Some(done) = futures_util::FutureExt::now_or_never(&mut future) {
            return Some(done);
        }
        spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
    }
    None
}

#[tokio::test]
async fn who_leaves_while_it_begins_does_not_keep_the_next_from_beginning() {
    let (writer, _folder) = writer().await;
    for polls in 1..4 {
        drop(leave_after(polls, writer.begin()).await);
        let mut turn = writer.begin().await.unwrap();
        turn.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
        turn.commit(Vec::new()).await.unwrap();
    }
    assert_eq!(count(&writer).await, 3);
}

#[tokio::test]
async fn who_leaves_while_it_commits_for_others_does_not_make_them_wrong() {
    let (writer, _folder) = writer().await;
    let mut stored = 0;
    for polls in 1..7 {
        let (first, second) = first_and_second(&writer).await;
        let first = tokio::spawn(first.commit(Vec::new()));
        let second = second.await.unwrap().unwrap();
        leave_after(polls, second.commit(Vec::new())).await;
        let told = tokio::time::timeout(Duration::from_secs(10), first).await.expect("it is told").unwrap();
        stored += i64::from(told.is_ok());
        assert_eq!(count(&writer).await, stored, "after {polls}: told {told:?}");
    }
    assert!(stored > 0);
}
