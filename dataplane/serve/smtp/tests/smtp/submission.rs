//! Mail of our own users.

use std::time::Duration;

use postern_core::directory::DkimAlgorithm;
use postern_mailflow::dkim;
use postern_serve_smtp::Kind;
use postern_store::{
    directory::DkimState,
    trail::{Key, Stage},
};
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    client::{Client, decoded, encoded, plain, scram_final},
    directory::{address, name},
    room::{PASSWORD, Room},
};

const ALICE: &str = "alice@example.org";
const MAIL: &str = "From: Alice <alice@example.org>\r\nTo: x@elsewhere.example\r\nBcc: bob@example.org\r\nSubject: hello\r\n\r\nHi.";

#[tokio::test]
async fn local_and_remote_recipients_in_one_commit() {
    let room = Room::new().await;
    let mut client = room.submission().await;
    client.login(ALICE).await;
    let reply = client.mail(ALICE, &["bob@example.org", "x@elsewhere.example"], MAIL).await;
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    let bobs = &room.inbox("bob@example.org").await[0];
    assert!(bobs.starts_with("Return-Path: <alice@example.org>\r\nDelivered-To: bob@example.org\r\nReceived: "), "{bobs}");
    assert!(bobs.contains("with ESMTPA") && !bobs.contains("127.0.0.1"), "{bobs}");
    assert!(!bobs.contains("Bcc:") && bobs.contains("\r\nDate: ") && bobs.contains("\r\nMessage-ID: <"), "{bobs}");
    let sent = room.queued_body().await;
    assert!(bobs.ends_with(&sent), "the same body");
    let story = room.story(Key::address(&address("x@elsewhere.example"))).await;
    let detail: serde_json::Value = serde_json::from_str(&story[0].detail).unwrap();
    assert_eq!((&detail["login"], &detail["queued"]), (&ALICE.into(), &serde_json::json!(["x@elsewhere.example"])));
    client.expect("MAIL FROM:<alice@example.org>", "250").await;
    client.expect("RCPT TO:<nobody@example.org>", "550 5.1.1").await;
}

#[tokio::test]
async fn nothing_without_a_login() {
    let room = Room::new().await;
    let mut client = room.submission().await;
    client.expect("EHLO client.example.net", "250 ").await;
    client.expect("MAIL FROM:<alice@example.org>", "530 5.7.0").await;
    client.expect(&format!("AUTH PLAIN {}", plain(ALICE, "wrong")), "535 5.7.8").await;
    client.expect(&format!("AUTH PLAIN {}", plain("nobody@example.org", PASSWORD)), "535 5.7.8").await;
    client.expect(&format!("AUTH PLAIN {}", plain("closed@example.org", PASSWORD)), "535 5.7.13").await;
    client.expect("AUTH CRAM-MD5", "504").await;
    client.expect("AUTH LOGIN", "334 VXNlcm5hbWU6").await;
    client.expect("*", "501").await;
    client.expect("MAIL FROM:<alice@example.org>", "530 5.7.0").await;
    let story = room.story(Key::address(&address("nobody@example.org"))).await;
    assert_eq!(story[0].stage, Some(Stage::Login));
    assert!(story[0].detail.contains("bad_credentials"), "{}", story[0].detail);
    client.expect("AUTH LOGIN", "334").await;
    client.expect(&encoded("A.Smith@example.org"), "334").await;
    client.expect(&encoded(PASSWORD), "235").await;
    client.expect("AUTH PLAIN", "503").await;
    client.expect("MAIL FROM:<alice@example.org>", "250").await;
}

#[tokio::test]
async fn a_password_waits_for_tls_unless_the_peer_is_this_machine() {
    let room = Room::new().await;
    let far = room.listen_behind_proxy(Kind::Submission, |_| ());
    let mut client = Client::connect(far).await;
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 40000 587\r\n").await;
    assert!(client.reply().await.starts_with("220 "));
    client.send("EHLO client.example.net\r\n").await;
    assert!(client.lines().await.iter().all(|line| !line.contains("AUTH")));
    client.expect(&format!("AUTH PLAIN {}", plain(ALICE, PASSWORD)), "538 5.7.11").await;
    let mut client = client.start_tls(&room).await;
    client.login(ALICE).await;

    let far = room.listen_behind_proxy(Kind::Submission, |s| s.allow_plaintext = true);
    let mut client = Client::connect(far).await;
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 40000 587\r\n").await;
    assert!(client.reply().await.starts_with("220 "));
    client.login(ALICE).await;

    let mut client = room.submission().await;
    client.send("EHLO client.example.net\r\n").await;
    let offered = client.lines().await;
    assert!(offered.contains(&"250-STARTTLS".to_owned()) && offered.contains(&"250 AUTH PLAIN LOGIN".to_owned()), "{offered:?}");
    let mut client = client.start_tls(&room).await;
    client.login(ALICE).await;
    assert!(client.mail(ALICE, &["bob@example.org"], MAIL).await.starts_with("250 2.0.0 Ok: stored"));
    assert!(room.inbox("bob@example.org").await[0].contains("with ESMTPSA"));

    let submissions = room.listen(Kind::Submission, true, |_| ());
    let mut client = Client::connect(submissions).await.tls(&room).await;
    assert!(client.reply().await.starts_with("220 "));
    client.login(ALICE).await;
    client.expect("MAIL FROM:<alice@example.org>", "250").await;
}

/// Who is near a proxy is not near us: the password would cross the network between the two in the clear.
#[tokio::test]
async fn a_proxy_makes_nobody_this_machine() {
    let room = Room::new().await;
    let behind = room.listen_behind_proxy(Kind::Submission, |_| ());
    for header in ["PROXY TCP4 127.0.0.1 192.0.2.1 40000 587", "PROXY TCP6 ::1 2001:db8::1 40000 587", "PROXY UNKNOWN"] {
        let mut client = Client::connect(behind).await;
        client.send(format!("{header}\r\n")).await;
        let greeting = client.reply().await;
        assert!(greeting.starts_with("220 "), "{header}: {greeting}");
        client.send("EHLO client.example.net\r\n").await;
        assert!(client.lines().await.iter().all(|line| !line.contains("AUTH")), "{header}");
        client.expect(&format!("AUTH PLAIN {}", plain(ALICE, PASSWORD)), "538 5.7.11").await;
    }
}

/// An author behind what we read of a header would be one that nobody has checked.
#[tokio::test]
async fn no_author_hides_behind_a_long_header() {
    let room = Room::new().await;
    let mut client = room.submission().await;
    client.login(ALICE).await;
    for padding in ["X-Pad: y\r\n".repeat(10_001), format!("X-Pad: {}\r\n", "y".repeat(270_000))] {
        let message = format!("From: Alice <alice@example.org>\r\n{padding}From: The Boss <bob@example.org>\r\n\r\nPay.");
        let reply = client.mail(ALICE, &["bob@example.org"], &message).await;
        assert!(reply.starts_with("552 5.3.4 "), "{reply}");
    }
    assert_eq!(room.inbox("bob@example.org").await.len(), 0);
}

/// RFC 5802 §5, with the client's side computed here.
#[tokio::test]
async fn scram_is_offered_where_every_account_has_a_verifier() {
    let room = Room::new().await;
    let mut client = room.submission_with(|s| s.scram = true).await;
    client.send("EHLO client.example.net\r\n").await;
    assert!(client.lines().await.contains(&"250 AUTH SCRAM-SHA-256 PLAIN LOGIN".to_owned()));
    for (password, code) in [("wrong", "535 5.7.8"), (PASSWORD, "334 ")] {
        let bare = "n=alice@example.org,r=clientnonce";
        let reply = client.say(&format!("AUTH SCRAM-SHA-256 {}", encoded(&format!("n,,{bare}")))).await;
        let server_first = decoded(reply.strip_prefix("334 ").unwrap());
        let reply = client.say(&encoded(&scram_final(b"n,,", bare, &server_first, password))).await;
        assert!(reply.starts_with(code), "{password}: {reply}");
    }
    client.expect("", "235 2.7.0").await;
    client.expect("MAIL FROM:<alice@example.org>", "250").await;
}

/// RFC 5802 §6, RFC 9266: bound to the TLS connection, and who was kept from it is noticed.
#[tokio::test]
async fn scram_is_bound_to_the_channel_where_there_is_one() {
    let room = Room::new().await;
    let bare = "n=alice@example.org,r=clientnonce";
    for (mechanism, gs2, bound, ours) in [
        ("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", true, true),
        ("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", true, false),
        ("SCRAM-SHA-256", "n,,", false, true),
    ] {
        let clear = room.submission_with(|s| s.scram = true).await;
        let mut client = clear.start_tls_after_hello(&room).await;
        client.send("EHLO client.example.net\r\n").await;
        assert!(client.lines().await.contains(&"250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN".to_owned()));
        // A client that can bind, and believes that we cannot.
        client.expect(&format!("AUTH SCRAM-SHA-256 {}", encoded(&format!("y,,{bare}"))), "535 5.7.8").await;
        let reply = client.say(&format!("AUTH {mechanism} {}", encoded(&format!("{gs2}{bare}")))).await;
        let server_first = decoded(reply.strip_prefix("334 ").unwrap());
        let mut binding = gs2.as_bytes().to_vec();
        if bound {
            binding.extend(if ours { client.exporter() } else { [7; 32] });
        }
        let reply = client.say(&encoded(&scram_final(&binding, bare, &server_first, PASSWORD))).await;
        if !ours {
            assert!(reply.starts_with("535 5.7.8"), "{mechanism}: {reply}");
            continue;
        }
        assert!(reply.starts_with("334 "), "{mechanism}: {reply}");
        client.expect("", "235 2.7.0").await;
    }
}

#[tokio::test]
async fn a_name_must_be_ones_own() {
    let room = Room::new().await;
    let mut client = room.submission().await;
    client.login(ALICE).await;
    for sender in ["bob@example.org", "alice@elsewhere.example", "team@example.org", "whoever@caught.example"] {
        client.expect(&format!("MAIL FROM:<{sender}>"), "550 5.7.1 alice@example.org may not use").await;
    }
    let with = |from: &str| MAIL.replace("Alice <alice@example.org>", from);
    for from in ["alice@example.org", "a.smith@example.org", "alice+tag@example.org", "ALICE@alias.example"] {
        assert!(client.mail(from, &["bob@example.org"], &with(from)).await.starts_with("250"), "{from}");
    }
    assert!(client.mail("", &["bob@example.org"], MAIL).await.starts_with("250"), "read receipts");
    for (from, code) in [
        ("bob@example.org", "550 5.7.1"),
        ("alice@example.org, bob@example.org", "550 5.7.1"),
        ("alice@example.org\r\nSender: bob@example.org", "550 5.7.1"),
        ("alice@example.org\r\nFrom: bob@example.org", "550 5.6.0"),
        ("root", "550 5.6.0"),
    ] {
        let reply = client.mail(ALICE, &["bob@example.org"], &with(from)).await;
        assert!(reply.starts_with(code), "{from}: {reply}");
    }
    assert!(client.mail(ALICE, &["bob@example.org"], "Subject: no From\r\n\r\nHi.").await.starts_with("550 5.6.0"));
    assert_eq!(room.inbox("bob@example.org").await.len(), 5);
}

#[tokio::test]
async fn domains_that_only_receive_and_limits_of_an_hour() {
    let room = Room::new().await;
    let mut client = room.submission().await;
    client.login("reader@reads.example").await;
    client.expect("MAIL FROM:<reader@reads.example>", "550 5.7.1").await;
    let mut client = room.submission().await;
    client.login("quiet@few.example").await;
    client.expect("MAIL FROM:<quiet@few.example>", "250").await;
    client.expect("RCPT TO:<bob@example.org>", "250").await;
    client.expect("RCPT TO:<alice@example.org>", "250").await;
    client.expect("RCPT TO:<x@elsewhere.example>", "450 4.7.1 The limit of 2 recipients an hour").await;
}

#[tokio::test]
async fn what_leaves_is_signed_by_every_key() {
    let room = Room::new().await;
    let domain = name("example.org");
    for (algorithm, selector) in [(DkimAlgorithm::Ed25519, "e1"), (DkimAlgorithm::Rsa2048, "r1")] {
        let made = dkim::generate(algorithm, selector.into(), &mut StdRng::seed_from_u64(7)).unwrap();
        let at = room.store.now() - Duration::from_secs(1);
        room.directory.ensure_dkim("acme", &domain, algorithm, DkimState::Active, at, || Ok(made)).await.unwrap();
    }
    let mut client = room.submission().await;
    client.login(ALICE).await;
    assert!(client.mail(ALICE, &["x@elsewhere.example", "bob@example.org"], MAIL).await.starts_with("250 2.0.0 Ok: queued"));
    let sent = room.queued_body().await;
    let signatures: Vec<&str> = sent.split("DKIM-Signature: ").skip(1).collect();
    assert_eq!(signatures.len(), 2, "{sent}");
    assert!(signatures[0].starts_with("v=1; a=ed25519-sha256; s=e1; d=example.org; c=relaxed/relaxed;"), "{sent}");
    assert!(signatures[1].starts_with("v=1; a=rsa-sha256; s=r1; d=example.org; c=relaxed/relaxed;"), "{sent}");
    assert!(sent.starts_with("Received: ") && !sent.contains("Bcc:"), "{sent}");
}

#[tokio::test]
async fn who_asks_for_it_is_told_that_mail_lies_in_a_box_here() {
    let room = Room::new().await;
    let mut client = room.submission().await;
    client.login(ALICE).await;
    client.expect("MAIL FROM:<alice@example.org> ENVID=QQ1", "250").await;
    client.expect("RCPT TO:<bob@example.org> NOTIFY=SUCCESS", "250").await;
    assert!(client.data(MAIL).await.starts_with("250 "));
    assert_eq!(room.inbox("bob@example.org").await.len(), 1);
    let notice = room.inbox(ALICE).await.remove(0);
    for part in ["Return-Path: <>\r\n", "Action: delivered", "Final-Recipient: rfc822;bob@example.org", "Original-Envelope-Id: QQ1"] {
        assert!(notice.replace("rfc822; ", "rfc822;").contains(part), "{part} in\n{notice}");
    }
    client.expect("MAIL FROM:<alice@example.org>", "250").await;
    client.expect("RCPT TO:<bob@example.org> NOTIFY=FAILURE", "250").await;
    assert!(client.data(MAIL).await.starts_with("250 "));
    assert_eq!(room.inbox(ALICE).await.len(), 1, "only who asks");
}
