//! What two processes do to each other on PostgreSQL, and what a database that goes away does to both.

use std::time::Duration;

use postern_store::{Store, StoreError, args, changes};
use postern_tests::{TestDatabase, postgres::Postgres};

use crate::fixture::*;

const LONG: Duration = Duration::from_secs(60);

/// Two processes deliver to the same accounts, each message to several, in opposite orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_deliver_in_different_orders() {
    let at = TestDatabase::postgres();
    let (one, two) = (open(&at).await, open(&at).await);
    let mut boxes = Vec::new();
    for _ in 0..6 {
        boxes.push(account(&one, None).await);
    }
    let mut tasks = Vec::new();
    for n in 0..120usize {
        let (store, mut to) = if n % 2 == 0 { (one.clone(), boxes.clone()) } else { (two.clone(), boxes.iter().rev().copied().collect()) };
        to.rotate_left(n % 6);
        to.truncate(4);
        tasks.push(tokio::spawn(async move {
            let accept = message(&store, &to, format!("message {n}").as_bytes()).await;
            (to, store.ingest.accept(accept).await)
        }));
    }
    let mut expected = std::collections::HashMap::new();
    for task in tasks {
        let (to, result) = tokio::time::timeout(LONG, task).await.expect("no deadlock").unwrap();
        result.unwrap();
        to.iter().for_each(|a| *expected.entry(*a).or_insert(0usize) += 1);
    }
    for account in boxes {
        assert_eq!(inbox(&one, account).await.len(), expected[&account]);
        check_usage(&two, account).await;
    }
}

/// A transaction that holds one account's lock delays that account and nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_account_delays_only_itself() {
    let at = TestDatabase::postgres();
    let store = open(&at).await;
    let (held, free) = (account(&store, None).await, account(&store, None).await);
    let mut tx = store.db.begin().await.unwrap();
    tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", args![held]).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { deliver(&store, held, b"later").await }
    });
    tokio::time::timeout(LONG, deliver(&store, free, b"now")).await.expect("not delayed").unwrap();
    assert!(!waiting.is_finished());
    tx.rollback().await;
    tokio::time::timeout(LONG, waiting).await.expect("delivered").unwrap().unwrap();
}

/// However many messages wait for one locked account, they do not take the connections that the others need.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_for_a_locked_account_leaves_connections_for_the_others() {
    let at = TestDatabase::postgres();
    let store = open(&at).await;
    let (held, free) = (account(&store, None).await, account(&store, None).await);
    let mut tx = store.db.begin().await.unwrap();
    tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", args![held]).await.unwrap();
    let flood: Vec<_> = (0..40)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { deliver(&store, held, format!("later {n}").as_bytes()).await })
        })
        .collect();
    for n in 0..100 {
        deliver(&store, free, format!("now {n}").as_bytes()).await.expect("not delayed");
    }
    tx.rollback().await;
    for waiting in flood {
        tokio::time::timeout(LONG, waiting).await.expect("delivered").unwrap().unwrap();
    }
    assert_eq!(inbox(&store, held).await.len(), 40);
}

/// A time limit of the server's, or its administrator, ends a statement: that is no fault of the statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_the_server_gave_up_may_succeed_later() {
    let at = TestDatabase::postgres();
    let store = open(&at).await;
    let mut tx = store.db.begin().await.unwrap();
    tx.execute("SET LOCAL statement_timeout = 20", &[]).await.unwrap();
    let error = tx.execute("SELECT pg_sleep(10)", &[]).await.expect_err("it is given up");
    assert!(error.is_temporary(), "{error:?}");
}

/// A commit of one process wakes a session of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_wakes_another_process() {
    let at = TestDatabase::postgres();
    let (one, two) = (open(&at).await, open(&at).await);
    for store in [&one, &two] {
        tokio::spawn(changes::relay(store.db.clone(), store.process, store.changes.clone(), store.hints.clone()));
    }
    let alice = account(&one, None).await;
    let mut ear = two.boxes.subscribe(alice);
    // LISTEN may begin after the first of them: deliver until one is heard.
    let heard = async {
        loop {
            deliver(&one, alice, b"x").await.unwrap();
            if tokio::time::timeout(Duration::from_millis(200), ear.moved()).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(LONG, heard).await.expect("heard");
}

/// The sweeper and deliveries that share bodies run side by side: no message loses its body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeping_beside_deliveries_takes_no_body_in_use() {
    let at = TestDatabase::postgres();
    let store = open(&at).await;
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    let sweeper = tokio::spawn({
        let store = store.clone();
        async move {
            for _ in 0..40 {
                store.blobs.sweep(&store.db, store.now() + Duration::from_secs(60), Duration::ZERO).await.unwrap();
            }
        }
    });
    for n in 0..60i64 {
        let accept = message(&store, &[alice, bob], b"shared").await;
        store.ingest.accept(accept).await.unwrap();
        let uid = [n + 1];
        store
            .boxes
            .store(
                alice,
                postern_store::mail::INBOX,
                &uid,
                &postern_store::mail::FlagChange::Add(postern_store::mail::Flags::DELETED, vec![]),
                None,
            )
            .await
            .unwrap();
        store.boxes.expunge(alice, postern_store::mail::INBOX, None).await.unwrap();
    }
    sweeper.await.unwrap();
    for entry in inbox(&store, bob).await.iter() {
        store.boxes.message(bob, postern_core::MessageId(entry.message)).await.unwrap();
    }
}

/// PostgreSQL is stopped and started under load: what was answered is there, and what failed was told and is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_loses_nothing() {
    let server = Postgres::private();
    let at = TestDatabase::Postgres(server.fresh_database());
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let (store, stop) = (store.clone(), stop.clone());
            tokio::spawn(async move { send_until(&store, alice, sender, &stop).await })
        })
        .collect();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.stop();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.start();
    }
    tokio::time::timeout(LONG, async {
        while deliver(&store, alice, b"probe").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("recovers by itself");
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut answered = Vec::new();
    for sender in senders {
        answered.extend(sender.await.unwrap());
    }
    let mut stored = std::collections::HashMap::new();
    for entry in inbox(&store, alice).await.iter() {
        let (_, content) = store.boxes.message(alice, postern_core::MessageId(entry.message)).await.unwrap();
        *stored.entry(String::from_utf8_lossy(&content[17..]).into_owned()).or_insert(0) += 1;
    }
    assert!(answered.len() > 20, "the test did something");
    for text in &answered {
        assert_eq!(stored.remove(text), Some(1), "{text}");
    }
    stored.remove("probe");
    // Where an answer got lost the server was back in time to be asked.
    assert!(stored.is_empty(), "refused, and there: {stored:?}");
}

/// What the server took too long over is told, and not asked once more on another connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_took_too_long_is_not_asked_again() {
    let at = TestDatabase::postgres();
    let before = open(&at).await;
    for sql in
        ["CREATE SEQUENCE asked", "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 200', current_database()); END $$"]
    {
        let mut tx = before.db.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let store = open(&at).await;
    let answer = store.db.rows("SELECT nextval('asked'), pg_sleep(60)", &[]).await.map(|rows| rows.len());
    assert!(matches!(&answer, Err(StoreError::Unavailable(why)) if why.contains("statement timeout")), "{answer:?}");
    assert_eq!(before.db.row("SELECT last_value FROM asked", &[]).await.unwrap().unwrap().int(0).unwrap(), 1);
}

/// An administrator, or a pooler, ends connections that lie in the pool: nobody who reads or begins hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_ended_are_replaced() {
    let at = TestDatabase::postgres();
    let (store, other) = (open(&at).await, open(&at).await);
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..5 {
        store.db.rows("SELECT 1", &[]).await.unwrap();
        assert!(other.db.row(end, &[]).await.unwrap().unwrap().int(0).unwrap() > 0);
        store.db.rows("SELECT 1", &[]).await.unwrap();
        other.db.rows(end, &[]).await.unwrap();
        store.db.begin().await.unwrap().rollback().await;
    }
}

/// Sends until told to stop: texts answered as stored.
async fn send_until(store: &Store, to: postern_core::AccountId, sender: usize, stop: &std::sync::atomic::AtomicBool) -> Vec<String> {
    let mut answered = Vec::new();
    for n in 0..100_000 {
        if stop.load(std::sync::atomic::Ordering::SeqCst) {
            break;
        }
        let text = format!("{sender}-{n}");
        match deliver(store, to, text.as_bytes()).await {
            Ok(_) => answered.push(text),
            Err(StoreError::Ambiguous(_) | StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(other) => panic!("{other:?}"),
        }
    }
    answered
}
