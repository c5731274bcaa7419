//! The open-relay matrix: no spelling of a recipient makes us carry mail for strangers.

use crate::{client::MAIL, room::Room};

#[tokio::test]
async fn nothing_relays() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    for sender in ["friend@elsewhere.example", "alice@example.org", "spoof@localhost.example", ""] {
        client.expect(&format!("MAIL FROM:<{sender}>"), "250").await;
        for recipient in [
            "victim@elsewhere.example",
            "victim%elsewhere.example@example.org",
            "\"victim%elsewhere.example\"@example.org",
            "\"victim@elsewhere.example\"@example.org",
            "elsewhere.example!victim@example.org",
            "elsewhere.example!victim",
            "victim%elsewhere.example",
            "\"victim@elsewhere.example\"",
            "victim@elsewhere.example@example.org",
            "@example.org:victim@elsewhere.example",
            "@mx.example.org,@example.org:victim@elsewhere.example",
            "victim@elsewhere.example.",
            "victim@[127.0.0.1]",
            "victim@[192.0.2.1]",
            "alice@[127.0.0.1]",
            "victim",
            "victim@localhost",
            "victim@mx.example.org",
            "victim@sub.example.org",
            "victim@example.org.elsewhere.example",
        ] {
            let reply = client.say(&format!("RCPT TO:<{recipient}>")).await;
            assert!(reply.starts_with('5'), "{recipient}: {reply}");
        }
        client.expect("DATA", "554").await;
        client.expect("RSET", "250").await;
        // Errors are forgiven by a good message.
        assert!(client.mail("friend@elsewhere.example", &["@other.example:alice@example.org"], MAIL).await.starts_with("250 "));
    }
    assert_eq!(room.queued().await.len(), 0);
    assert_eq!(room.inbox("alice@example.org").await.len(), 4);
}

/// AUTH belongs to the submission port.
#[tokio::test]
async fn a_stranger_cannot_log_in_at_the_exchanger() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.send("EHLO client.example.net\r\n").await;
    assert!(client.lines().await.iter().all(|line| !line.contains("AUTH")));
    client.expect("AUTH PLAIN AGEAYg==", "50").await;
}
