//! What an operator sees at `/metrics` after a morning of mail: every feed, from the doors to the database.

#![cfg(test)]

use std::{net::SocketAddr, path::Path};

use postern::{
    config::{Config, Flags, Name},
    server::Server,
};
use postern_net::Phase;
use postern_tests::{eventually, imap::Imap, server::http_get, smtp::Smtp, temp::TempFolder};

const MESSAGE: &str = "From: <stranger@example.com>\nTo: <alice@example.org>\nSubject: Hello\n\nHello\n";

#[tokio::test]
async fn mail_and_logins_are_counted_from_the_doors_to_the_database() {
    let data = TempFolder::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/examples");
    let flags = Flags::new().with("data", data.path().join("data").to_string_lossy(), "--data").with(
        "manifests",
        examples.to_string_lossy(),
        "--manifests",
    );
    let server = Server::start(Config::for_tests(&flags).unwrap()).await.unwrap();
    let addresses = server.addresses.clone();

    let told = tokio::task::spawn_blocking(move || {
        use_it(addresses[&Name::Mx], addresses[&Name::Imap]);
        let health = addresses[&Name::Health];
        // What is measured, and sessions that are just ending, follow a moment later.
        eventually("all is counted", || {
            let (_, text) = http_get(health, "/metrics").map_err(|error| error.to_string())?;
            let missing: Vec<&str> = EXPECTED.into_iter().filter(|line| !text.lines().any(|told| told == *line)).collect();
            if missing.is_empty() { Ok(text) } else { Err(format!("{missing:#?} in\n{text}")) }
        })
    });
    let text = told.await.unwrap();
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok()).unwrap_or(0.0);
    assert!(value("postern_received_bytes_total") > MESSAGE.len() as f64, "{text}");
    assert!(value("postern_directory_position") >= 1.0, "{text}");
    assert!(!text.contains("example.org"), "addresses are no labels:\n{text}");

    server.drain.advance(Phase::Stopped);
    server.stopped().await;
}

/// A message for two boxes, one for nobody, one good login and one bad.
fn use_it(mx: SocketAddr, imap: SocketAddr) {
    let mut smtp = Smtp::greet(mx).unwrap();
    let reply = smtp.deliver("stranger@example.com", &["sales@example.org"], MESSAGE).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    let reply = smtp.deliver("stranger@example.com", &["nobody@example.net"], MESSAGE).unwrap();
    assert_eq!(reply.code, 550, "{reply:?}");
    drop(smtp);
    let mut client = Imap::login(imap, "alice@example.org", "sample-password-of-alice").unwrap();
    client.ok("SELECT INBOX");
    client.ok("LOGOUT");
    Imap::login(imap, "alice@example.org", "guessed").unwrap_err();
}

const EXPECTED: [&str; 17] = [
    "postern_messages_total 1",
    "postern_deliveries_total 2",
    "postern_refusals_total{reason=\"no_such_mailbox\"} 1",
    "postern_ingest_batch_messages_count 1",
    "postern_ingest_commit_seconds_count 1",
    "postern_connections_total{listener=\"mx\"} 1",
    "postern_connections_total{listener=\"imap\"} 2",
    "postern_sessions{listener=\"mx\"} 0",
    "postern_sessions{listener=\"imap\"} 0",
    "postern_logins_total{protocol=\"imap\",result=\"accepted\"} 1",
    "postern_logins_total{protocol=\"imap\",result=\"bad_credentials\"} 1",
    "postern_imap_commands_total{command=\"SELECT\"} 1",
    "postern_queue_recipients{state=\"due\"} 0",
    "postern_boxes 2",
    "postern_ready 1",
    "postern_condition{condition=\"database\"} 1",
    "postern_condition{condition=\"manifests\"} 1",
];
