//! Mail from strangers: whom it reaches, what stands in it, what the trail says.

use postern_serve_smtp::{Kind, Memory};
use postern_store::trail::{Key, Stage};

use crate::{
    client::{Client, MAIL},
    directory::address,
    room::{HOST, Room},
};

const FRIEND: &str = "friend@elsewhere.example";

#[tokio::test]
async fn a_message_lies_in_the_box_when_250_is_said() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    let reply = client.deliver(FRIEND, &["alice@example.org"], MAIL).await;
    let trace = reply.strip_prefix("250 2.0.0 Ok: stored as ").unwrap_or_else(|| panic!("{reply}")).to_owned();
    let inbox = room.inbox("alice@example.org").await;
    let [mail] = &inbox[..] else { panic!("{inbox:?}") };
    let head =
        "Return-Path: <friend@elsewhere.example>\r\nDelivered-To: alice@example.org\r\nReceived: from client.example.net ([127.0.0.1])";
    assert!(mail.starts_with(head), "{mail}");
    assert!(mail.contains(&format!("by {HOST} with ESMTP")) && mail.contains(&format!("id {trace}")), "{mail}");
    assert!(mail.contains("for <alice@example.org>"), "{mail}");
    assert!(mail.ends_with(&format!("{MAIL}\r\n")), "{mail}");
    assert_eq!(room.queued().await.len(), 0);
}

#[tokio::test]
async fn every_way_to_a_box() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    for recipient in ["ALICE@Example.ORG", "a.smith@example.org", "alice+news@example.org", "alice@alias.example", "alice+x@alias.example"]
    {
        let reply = client.mail(FRIEND, &[recipient], MAIL).await;
        assert!(reply.starts_with("250 2.0.0"), "{recipient}: {reply}");
        let mail = room.inbox("alice@example.org").await.pop().unwrap();
        assert!(mail.contains("Delivered-To: alice@example.org\r\n"), "{mail}");
        let original = address(recipient);
        assert!(mail.contains(&format!("X-Original-To: {original}\r\n")), "{mail}");
    }
    assert_eq!(room.inbox("alice@example.org").await.len(), 5);
    for recipient in ["whoever@caught.example", "postmaster@caught.example"] {
        client.mail("", &[recipient], MAIL).await;
    }
    let bobs = room.inbox("bob@example.org").await;
    assert_eq!(bobs.len(), 2);
    assert!(bobs[0].starts_with("Return-Path: <>\r\n"), "{}", bobs[0]);
    client.mail(FRIEND, &["closed@example.org"], MAIL).await;
    assert_eq!(room.inbox("closed@example.org").await.len(), 1, "a suspended box receives");
    assert!(client.mail(FRIEND, &["no-reply@example.org"], MAIL).await.starts_with("250 "));
}

#[tokio::test]
async fn each_box_gets_one_copy_and_learns_of_no_other() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    let to = ["alice@example.org", "a.smith@example.org", "team@example.org", "bob@example.org"];
    assert!(client.deliver(FRIEND, &to, MAIL).await.starts_with("250 2.0.0 Ok: stored"));
    for of in ["alice@example.org", "bob@example.org", "small@example.org"] {
        let inbox = room.inbox(of).await;
        assert_eq!(inbox.len(), 1, "{of}");
        assert!(!inbox[0].contains(" for <"), "{}", inbox[0]);
        assert!(inbox[0].contains(&format!("Delivered-To: {of}\r\n")));
    }
    let row = room.store.db.row("SELECT count(*) FROM blob", &[]).await.unwrap().unwrap();
    assert_eq!(row.int(0).unwrap(), 1, "one body for all");
}

#[tokio::test]
async fn an_alias_leads_out_in_the_same_commit() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    client.expect(&format!("MAIL FROM:<{FRIEND}> RET=HDRS ENVID=id+2B1"), "250").await;
    client.expect("RCPT TO:<out@example.org> NOTIFY=FAILURE ORCPT=rfc822;out@example.org", "250").await;
    client.expect("RCPT TO:<x@split.example>", "250").await;
    let reply = client.data(MAIL).await;
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    assert_eq!(room.inbox("alice@example.org").await.len(), 1);
    let mut queued = room.queued().await;
    queued.sort_by_key(|item| item.recipient.to_string());
    let told: Vec<_> =
        queued.iter().map(|q| (q.recipient.to_string(), q.sender.as_ref().map(ToString::to_string), q.tenant.clone())).collect();
    let sender = Some(FRIEND.to_owned());
    assert_eq!(
        told,
        [(FRIEND.to_owned(), sender.clone(), Some("acme".to_owned())), ("x@split.example".to_owned(), sender, Some("acme".to_owned()))]
    );
    let body = room.queued_body().await;
    assert!(body.starts_with("Received: ") && !body.contains("Return-Path"), "{body}");
}

#[tokio::test]
async fn refusals_are_said_at_rcpt_and_kept() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.expect("EHLO client.example.net", "250 ").await;
    client.expect(&format!("MAIL FROM:<{FRIEND}>"), "250").await;
    client.expect("RCPT TO:<nobody@example.org>", "550 5.1.1 ").await;
    client.expect("RCPT TO:<someone@sends.example>", "550 5.2.1 ").await;
    client.expect("RCPT TO:<someone@elsewhere.example>", "550 5.7.1 Relay denied").await;
    client.expect("DATA", "554 5.5.1 ").await;
    let story = room.story(Key::address(&address("nobody@example.org"))).await;
    let [refused] = &story[..] else { panic!("{story:?}") };
    assert_eq!(refused.stage, Some(Stage::Refused));
    let detail: serde_json::Value = serde_json::from_str(&refused.detail).unwrap();
    assert_eq!((&detail["reason"], &detail["command"], &detail["sender"]), (&"no_such_mailbox".into(), &"RCPT".into(), &FRIEND.into()));
    assert_eq!(detail["reply"], "550 5.1.1 No such mailbox here");
    let dialogue = String::from_utf8(refused.dialogue.as_ref().unwrap().unpack().unwrap()).unwrap();
    assert!(dialogue.contains("C: RCPT TO:<nobody@example.org>\nS: 550 5.1.1 "), "{dialogue}");
}

#[tokio::test]
async fn the_trail_tells_the_story_of_a_message() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    client.deliver(FRIEND, &["team@example.org", "alice+tag@example.org"], MAIL).await;
    for key in [
        Key::message_id("<1@elsewhere.example>"),
        Key::address(&address(FRIEND)),
        Key::address(&address("team@example.org")),
        Key::address(&address("alice+tag@example.org")),
        Key::address(&address("small@example.org")),
        Key::ip("127.0.0.1".parse().unwrap()),
    ] {
        let story = room.story(key).await;
        let received = story.iter().find(|e| e.stage == Some(Stage::Received)).unwrap_or_else(|| panic!("{key:?}"));
        let detail: serde_json::Value = serde_json::from_str(&received.detail).unwrap();
        assert_eq!(detail["stored"], serde_json::json!(["alice@example.org", "bob@example.org", "small@example.org"]));
        assert_eq!(detail["recipients"], serde_json::json!(["team@example.org", "alice+tag@example.org"]));
        assert_eq!(detail["message_id"], "1@elsewhere.example");
        assert_eq!(received.tenant.as_deref(), Some("acme"));
        let dialogue = String::from_utf8(received.dialogue.as_ref().unwrap().unpack().unwrap()).unwrap();
        assert!(dialogue.contains("C: MAIL FROM:<friend@elsewhere.example>\n") && !dialogue.contains("Subject"), "{dialogue}");
    }
}

#[tokio::test]
async fn a_full_box_costs_only_its_own_recipient() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    let large = format!("{MAIL}\r\n{}", "0123456789\r\n".repeat(250));
    assert!(client.deliver(FRIEND, &["small@example.org"], &large).await.starts_with("250 "));
    client.expect(&format!("MAIL FROM:<{FRIEND}> SIZE=3000"), "250").await;
    client.expect("RCPT TO:<small@example.org>", "552 5.2.2 ").await;
    client.expect("RSET", "250").await;
    // Without SIZE= the commit finds out, and the next try fails at RCPT.
    assert!(client.mail(FRIEND, &["alice@example.org", "small@example.org"], &large).await.starts_with("452 4.2.2 "));
    assert_eq!(room.inbox("alice@example.org").await.len(), 0, "nothing was stored for anybody");
    client.expect(&format!("MAIL FROM:<{FRIEND}>"), "250").await;
    client.expect("RCPT TO:<alice@example.org>", "250").await;
    client.expect("RCPT TO:<small@example.org>", "552 5.2.2 ").await;
    assert!(client.data(&large).await.starts_with("250 "));
    assert_eq!(room.inbox("alice@example.org").await.len(), 1);
    // A group goes on; its full member is left to the queue, which tells the sender.
    assert!(client.mail(FRIEND, &["team@example.org"], MAIL).await.starts_with("250 2.0.0 Ok: queued"));
    assert_eq!(room.inbox("bob@example.org").await.len(), 1);
    assert_eq!(room.queued().await[0].recipient, address("small@example.org"));
}

#[tokio::test]
async fn loops_end_here() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    let hops = "Received: from a by b; Sun, 22 Nov 2026 00:00:00 +0000\r\n".repeat(51);
    assert!(client.deliver(FRIEND, &["alice@example.org"], &format!("{hops}{MAIL}")).await.starts_with("554 5.4.6 "));
    let again = format!("Delivered-To: ALICE@example.org\r\n{MAIL}");
    assert!(client.mail(FRIEND, &["alice@example.org"], &again).await.starts_with("554 5.4.6 "));
    assert!(client.mail(FRIEND, &["alice@example.org", "bob@example.org"], &again).await.starts_with("250 "));
    assert_eq!(room.inbox("alice@example.org").await.len(), 0);
    assert_eq!(room.inbox("bob@example.org").await.len(), 1);
    let story = room.story(Key::address(&address("alice@example.org"))).await;
    assert!(!story.is_empty());
}

/// What an alias sent out and gets back from there would go round fifty times, and grow with every target that sends back.
#[tokio::test]
async fn what_an_alias_sent_out_does_not_go_out_again() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    assert!(client.deliver(FRIEND, &["out@example.org"], MAIL).await.starts_with("250 2.0.0 Ok: queued"));
    let sent = room.queued_body().await;
    assert!(client.mail(FRIEND, &["out@example.org"], &sent).await.starts_with("554 5.4.6 "));
    let reply = client.mail(FRIEND, &["Out@example.org", "bob@example.org"], &sent).await;
    assert!(reply.starts_with("250 2.0.0 Ok: stored"), "bob has not had it: {reply}");
    assert_eq!((room.inbox("alice@example.org").await.len(), room.inbox("bob@example.org").await.len()), (1, 1));
    assert_eq!(room.queued().await.len(), 1);
}

#[tokio::test]
async fn who_else_was_written_to_is_told_to_no_target_of_an_alias() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    assert!(client.deliver(FRIEND, &["out@example.org", "bob@example.org"], MAIL).await.starts_with("250 2.0.0 Ok: queued"));
    let sent = room.queued_body().await;
    assert!(!sent.contains("out@example.org") && !sent.contains("bob@example.org"), "{sent}");
}

/// A From behind what we read would be seen by others and not by us.
#[tokio::test]
async fn a_header_that_is_not_read_to_its_end_is_not_taken() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    let many = format!("{}{MAIL}", "X-Pad: y\r\n".repeat(10_001));
    assert!(client.deliver(FRIEND, &["alice@example.org"], &many).await.starts_with("552 5.3.4 "));
    let long = format!("X-Pad: {}\r\n{MAIL}", "y".repeat(270_000));
    assert!(client.mail(FRIEND, &["alice@example.org"], &long).await.starts_with("552 5.3.4 "));
    let large = format!("{MAIL}\r\n{}", "0123456789\r\n".repeat(30_000));
    assert!(client.mail(FRIEND, &["alice@example.org"], &large).await.starts_with("250 "), "a body may be long");
}

#[tokio::test]
async fn headers_that_two_readers_would_read_differently() {
    let room = Room::new().await;
    let mut client = room.exchanger().await;
    let two = format!("From: other@example.com\r\n{MAIL}");
    assert!(client.deliver(FRIEND, &["alice@example.org"], &two).await.starts_with("550 5.6.0 "));
    let raw = format!("X-Note: grün\r\n{MAIL}");
    assert!(client.mail(FRIEND, &["alice@example.org"], &raw).await.starts_with("550 5.6.7 "));
    client.expect(&format!("MAIL FROM:<{FRIEND}> SMTPUTF8"), "250").await;
    client.expect("RCPT TO:<alice@example.org>", "250").await;
    assert!(client.data(&raw).await.starts_with("250 "));
    assert!(room.inbox("alice@example.org").await[0].contains("with UTF8SMTP"));
}

#[tokio::test]
async fn messages_that_come_at_once_have_bounded_room_together() {
    let room = Room::new().await;
    let memory = Memory::new(200_000);
    let address = room.listen(Kind::Exchanger, false, |settings| settings.memory = memory);
    let large = format!("{MAIL}\r\n{}", "0123456789\r\n".repeat(10_000));
    let mut slow = Client::greeted(address).await;
    slow.expect("EHLO slow.example.com", "250").await;
    slow.expect(&format!("MAIL FROM:<{FRIEND}>"), "250").await;
    slow.expect("RCPT TO:<alice@example.org>", "250").await;
    slow.expect(&format!("BDAT {}\r\n{}", large.len(), large.strip_suffix("\r\n").unwrap()), "250").await;

    let mut other = Client::greeted(address).await;
    assert!(other.deliver(FRIEND, &["bob@example.org"], &large).await.starts_with("452 4.3.1 "), "there is room for one");
    assert!(other.mail(FRIEND, &["bob@example.org"], MAIL).await.starts_with("250 "), "and for small ones beside it");
    slow.expect("BDAT 0 LAST", "250").await;
    assert!(other.mail(FRIEND, &["bob@example.org"], &large).await.starts_with("250 "), "it is given back");
}
