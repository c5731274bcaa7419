//! What holds for every session: pipelining, chunks, STARTTLS, patience, drain, the database away.

use std::time::Duration;

use postern_net::Phase;
use postern_serve_smtp::Kind;

use crate::{
    client::{Client, MAIL},
    room::Room,
};

#[tokio::test]
async fn pipelined_commands_are_answered_in_order() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    client
        .send(format!(
            "MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<alice@example.org>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\n{MAIL}\r\n.\r\n\
             MAIL FROM:<b@elsewhere.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n{MAIL}\r\n.\r\nQUIT\r\n"
        ))
        .await;
    for begin in ["250 2.1.0", "250 2.1.5", "550 5.1.1", "354", "250 2.0.0", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0", "221", "closed"]
    {
        let reply = client.reply().await;
        assert!(reply.starts_with(begin), "{reply}, not {begin}");
    }
    assert_eq!(room.inbox("alice@example.org").await.len(), 1);
    assert_eq!(room.inbox("bob@example.org").await.len(), 1);
}

#[tokio::test]
async fn chunks_make_one_message() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    client.send("MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<alice@example.org>\r\n").await;
    let (first, last) = MAIL.split_at(40);
    client.send(format!("BDAT {}\r\n{first}BDAT {} LAST\r\n{last}", first.len(), last.len())).await;
    for begin in ["250 2.1.0", "250 2.1.5", "250 ", "250 2.0.0 Ok: stored"] {
        let reply = client.reply().await;
        assert!(reply.starts_with(begin), "{reply}, not {begin}");
    }
    assert!(room.inbox("alice@example.org").await[0].ends_with(MAIL));
}

/// BINARYMIME frees the body alone (RFC 3030 §3): a header with a lone CR or LF is another header to every reader.
#[tokio::test]
async fn a_binary_message_has_a_header_of_lines() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    for (message, said) in [
        ("Subject: a\nFrom: boss@example.org\r\nFrom: a@elsewhere.example\r\n\r\nHi.", "550 5.6.0"),
        ("Subject: a\rFrom: boss@example.org\r\n\r\nHi.", "550 5.6.0"),
        ("Subject: a\n\nHi.\r\n\r\n", "550 5.6.0"),
        ("Subject: a\0b\r\n\r\nHi.", "550 5.6.0"),
        ("Subject: a\r\n\r\nHi.\nThere\r\0.", "250 2.0.0"),
        ("\r\nNo header\nat all.\r\n\r\n", "250 2.0.0"),
    ] {
        client.expect("MAIL FROM:<a@elsewhere.example> BODY=BINARYMIME", "250").await;
        client.expect("RCPT TO:<alice@example.org>", "250").await;
        client.send(format!("BDAT {} LAST\r\n{message}", message.len())).await;
        let reply = client.reply().await;
        assert!(reply.starts_with(said), "{message:?}: {reply}");
    }
}

#[tokio::test]
async fn starttls_is_told_in_received() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    let mut client = client.start_tls(&room).await;
    client.expect("MAIL FROM:<a@elsewhere.example>", "503").await;
    assert!(client.deliver("a@elsewhere.example", &["alice@example.org"], MAIL).await.starts_with("250 "));
    let mail = &room.inbox("alice@example.org").await[0];
    assert!(mail.contains("with ESMTPS\r\n\t(TLSv1.3 "), "{mail}");
    client.expect("STARTTLS", "50").await;
}

/// RFC 3207 §4.2: what came in the clear behind STARTTLS ends the connection.
#[tokio::test]
async fn nothing_is_injected_before_tls() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    client.send("STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<a@elsewhere.example>\r\n").await;
    assert_eq!(client.reply().await, "closed");
}

#[tokio::test]
async fn limits_are_said_and_kept() {
    let room = Room::new().await;
    let mut client = room
        .exchanger_with(|s| {
            s.max_errors = 3;
            s.max_message_size = 70_000;
            s.max_transactions = 2;
        })
        .await;
    client.expect("EHLO client.example.net", "250 ").await;
    client.expect("MAIL FROM:<a@elsewhere.example> SIZE=70001", "552 5.3.4").await;
    let long = "x".repeat(100) + "\r\n";
    assert!(client.mail("a@elsewhere.example", &["alice@example.org"], &long.repeat(800)).await.starts_with("552 5.3.4"));
    assert!(client.mail("a@elsewhere.example", &["alice@example.org"], MAIL).await.starts_with("250"));
    client.expect("MAIL FROM:<a@elsewhere.example>", "421 4.7.0").await;
    assert_eq!(client.reply().await, "closed");

    let mut client = room.exchanger_with(|s| s.max_errors = 3).await;
    for _ in 0..3 {
        client.expect("NONSENSE", "500").await;
    }
    client.expect("NONSENSE", "500").await;
    assert!(client.reply().await.starts_with("421 4.7.0"));
}

#[tokio::test]
async fn who_is_silent_is_told_so() {
    let room = Room::new().await;
    let mut client = room.exchanger_with(|s| s.command_timeout = Duration::from_millis(50)).await;
    assert!(client.reply().await.starts_with("421 4.4.2"));
    assert_eq!(client.reply().await, "closed");
}

#[tokio::test]
async fn a_drain_waits_for_the_transaction_in_hand() {
    let room = Room::new().await;
    let address = room.listen(Kind::Exchanger, false, |_| ());
    let (mut idle, mut busy) = (Client::greeted(address).await, Client::greeted(address).await);
    busy.expect("EHLO client.example.net", "250 ").await;
    busy.expect("MAIL FROM:<a@elsewhere.example>", "250").await;
    room.drain.advance(Phase::Finishing);
    assert!(idle.reply().await.starts_with("421 4.3.2"));
    busy.expect("RCPT TO:<alice@example.org>", "250").await;
    assert!(busy.data(MAIL).await.starts_with("250 "));
    assert!(busy.reply().await.starts_with("421 4.3.2"));
    assert_eq!(room.inbox("alice@example.org").await.len(), 1);
}

/// While the database takes no writes everything is 451, on connections that stay.
#[tokio::test]
async fn a_full_disk_is_451_until_there_is_room() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    room.disk_full(true).await;
    // Too varied to be compressed into what is free of the last page.
    let varied: String = (0_u32..2000).map(|n| format!("{}\r\n", blake3::hash(&n.to_le_bytes()))).collect();
    let large = format!("{MAIL}\r\n{varied}");
    assert!(client.mail("a@elsewhere.example", &["alice@example.org"], &large).await.starts_with("451 4.3.0"));
    client.expect("MAIL FROM:<a@elsewhere.example>", "451 4.3.0").await;
    room.disk_full(false).await;
    room.clock.advance(Duration::from_secs(2));
    assert!(client.mail("a@elsewhere.example", &["alice@example.org"], &large).await.starts_with("250 "));
    assert_eq!(room.inbox("alice@example.org").await.len(), 1);
}
