//! What an idle session costs, and how soon it hears. Each alone in its process, for they read what is the whole process's:
//! `cargo test -p postern-serve-imap -- --ignored --nocapture --test-threads 1 figures::`.

use std::time::Instant;

use crate::room::Room;

const SESSIONS: usize = 2_000;
/// Octets each, sockets of both ends and the box's folder included.
const MOST: usize = 24 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures the whole process"]
async fn idle_sessions_are_small() {
    let room = Room::open().await;
    for n in 0..200 {
        room.deliver_all(&[&n.to_string()]).await;
    }
    let mut warm = Vec::new();
    for _ in 0..50 {
        warm.push(room.inbox("alice").await);
    }
    let before = resident();
    let mut sessions = Vec::with_capacity(SESSIONS);
    for n in 0..SESSIONS {
        let mut client = room.inbox("alice").await;
        if n % 2 == 0 {
            client.idle().await;
        }
        sessions.push(client);
    }
    let each = resident().saturating_sub(before) / SESSIONS;
    println!("{each} octets for each of {SESSIONS} idle sessions and their clients");
    assert!(each < MOST, "{each} octets");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and says how long it took"]
async fn idle_hears_of_a_delivery() {
    let room = Room::open().await;
    let mut alice = room.inbox("alice").await;
    alice.idle().await;
    let mut micros = Vec::new();
    for n in 1..=500 {
        room.deliver_all(&["tick"]).await;
        // The commit is done and answered: from here on it is IDLE's time.
        let since = Instant::now();
        assert_eq!(alice.line().await, format!("* {n} EXISTS"));
        micros.push(since.elapsed().as_micros());
    }
    micros.sort_unstable();
    println!("from the end of the commit to EXISTS: p50 {} µs, p99 {} µs", micros[250], micros[495]);
}

/// Octets of memory that the process uses now.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
