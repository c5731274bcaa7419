//! Mail leaves for a real Postfix: signed, over STARTTLS, tried again when it was put off, and back as a notice
//! when it was refused.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

mod signatures;

use postern_tests::{
    Server, Site, TestDatabase, eventually,
    imap::Imap,
    manifests::{Manifests, sample_password},
    postfix::Postfix,
    smtp::Smtp,
};

const DOMAIN: &str = "postfix.test";

#[test]
fn signed_mail_arrives_over_starttls() {
    let Some(postfix) = Postfix::start(DOMAIN) else { return };
    let server = Server::start(&site(&postfix));
    let keys = signatures::published(&server, "example-org");
    submit(&server, "carol", "Grüße, with a body.\n\n.\n..two dots\n");
    let message = arrived(&postfix, 1).remove(0);
    for part in ["(using TLSv1.3", "Grüße, with a body.\n\n.\n..two dots\n", "Return-Path: <alice@example.org>", "Subject: relayed"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // RFC 8463 §3: both, so that whoever knows only one of them can verify.
    assert_eq!(signatures::verified(&message, &keys), ["ed25519-sha256", "rsa-sha256"]);
}

#[test]
fn what_is_put_off_is_tried_again() {
    let Some(postfix) = Postfix::start(DOMAIN) else { return };
    postfix.recipients(&[("later@postfix.test", "450 4.2.0 come again")]);
    let server = Server::start(&site(&postfix));
    submit(&server, "later", "x\n");
    eventually("it is put off", || {
        let listed = server.answer(&["queue"]);
        if listed.contains("450") { Ok(()) } else { Err(listed) }
    });
    assert!(postfix.delivered().is_empty());
    postfix.recipients(&[]);
    arrived(&postfix, 1);
    eventually("the queue is empty", || {
        let listed = server.answer(&["queue"]);
        if listed.contains("Nothing found") { Ok(()) } else { Err(listed) }
    });
    let told = server.answer(&["trace", "later@postfix.test"]);
    assert!(told.contains("450") && told.contains("250"), "both attempts: {told}");
}

#[test]
fn what_is_refused_comes_back_as_a_notice_that_says_why() {
    let Some(postfix) = Postfix::start(DOMAIN) else { return };
    postfix.recipients(&[("never@postfix.test", "550 5.1.1 no such user here")]);
    let server = Server::start(&site(&postfix));
    submit(&server, "never", "x\n");
    let mut imap = Imap::login(server.address("imap"), "alice@example.org", &sample_password("alice")).unwrap();
    eventually("a notice arrives", || {
        let subjects = imap.header_fields("INBOX", "Subject");
        if subjects.len() == 1 { Ok(()) } else { Err(format!("{subjects:?}\n{:?}", server.log)) }
    });
    let notice = imap.ok("FETCH 1 BODY.PEEK[]").untagged.concat();
    // RFC 3464 §2: for people, for machines, and what it is about.
    for part in [
        "report-type=delivery-status",
        "Final-Recipient: rfc822;",
        "never@postfix.test",
        "Action: failed",
        "Status: 5.1.1",
        "no such user here",
        "Return-Path: <>",
        "Auto-Submitted: auto-replied",
        "Subject: relayed",
    ] {
        assert!(notice.contains(part), "{part}: {notice}");
    }
    assert!(postfix.delivered().is_empty());
}

fn site(postfix: &Postfix) -> Site {
    let site = Site::new(TestDatabase::sqlite(), Manifests::examples())
        .with("hostname", "mail.example.org")
        .with("outbound.port", postfix.port.to_string())
        .with("outbound.allow_private", "true")
        .with("outbound.schedule", "1s");
    let zone = site.scratch().join("zone");
    std::fs::write(&zone, format!("{DOMAIN} MX 10 mx.{DOMAIN}\nmx.{DOMAIN} A 127.0.0.1\n")).unwrap();
    site.with("outbound.zone", zone.to_string_lossy())
}

fn submit(server: &Server, to: &str, body: &str) {
    let mut smtp = Smtp::login(server.address("submission"), "alice@example.org", &sample_password("alice")).unwrap();
    let message =
        format!("From: Alice <alice@example.org>\nTo: {to}@{DOMAIN}\nSubject: relayed\nContent-Type: text/plain; charset=utf-8\n\n{body}");
    let reply = smtp.deliver("alice@example.org", &[&format!("{to}@{DOMAIN}")], &message).unwrap();
    assert!(reply.accepts(), "{reply:?}");
}

fn arrived(postfix: &Postfix, messages: usize) -> Vec<String> {
    eventually("it arrives", || {
        let delivered = postfix.delivered();
        if delivered.len() == messages { Ok(delivered) } else { Err(format!("{delivered:#?}\n{}", postfix.log())) }
    })
}
