//! What senders hear of.

use postern_core::{AccountId, Clock};
use postern_mailflow::bounce::Whose;
use postern_message::{Summary, dsn, header};
use postern_store::{
    mail::{account, read},
    trail::Stage,
};

use crate::{
    sink::{Mail, Script, Sink},
    world::{MINUTE, World, notify, recipient},
};

/// Senders at here.example have a server too: the notices go there.
const ZONE: &str = "one.example MX 10 mx.one.example\nmx.one.example A 127.0.0.1\nnull.example MX 0 .\n\
                    here.example MX 10 mx.here.example\nmx.here.example A 127.0.0.3\n";

fn refuses(address: &str) -> &'static str {
    match address {
        "gone@one.example" => "550-5.1.1 No such person.\r\n550 5.1.1 Ask the postmaster.",
        "later@one.example" => "450 4.2.1 busy",
        _ => "250 2.1.5 ok",
    }
}

async fn two_sinks(script: Script) -> (Sink, Sink, World) {
    let remote = Sink::start("127.0.0.1:0", script).await;
    let home = Sink::start(&format!("127.0.0.3:{}", remote.address.port()), Script::default()).await;
    let world = World::new(ZONE, remote.address.port()).await;
    (remote, home, world)
}

fn told(mail: &Mail) -> Vec<(String, dsn::Action, String)> {
    let message = mail.body.as_bytes();
    let bounce = dsn::read(&Summary::of(message).view(), message).expect("a delivery status notification");
    bounce.recipients.into_iter().map(|r| (r.address, r.action, r.status.unwrap_or_default())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_recipient_has_its_own_end() {
    let (remote, home, world) = two_sinks(Script { rcpt: refuses, ..Script::default() }).await;
    let trace = world.queue(&["bob@one.example", "gone@one.example", "later@one.example"]).await;
    assert_eq!(remote.wait_for(1).await[0].to, ["bob@one.example"]);
    let notice = home.wait_for(1).await.remove(0);
    assert_eq!((notice.from.as_str(), notice.to.as_slice()), ("", &["ann@here.example".to_owned()][..]), "RFC 3461 §6.1: from nobody");
    assert_eq!(told(&notice), [("gone@one.example".to_owned(), dsn::Action::Failed, "5.1.1".to_owned())]);
    for part in ["No such person.", "Original-Envelope-Id: QQ314159", "Reporting-MTA: dns; mail.here.example", "At noon?"] {
        assert!(notice.body.contains(part), "{part} in\n{}", notice.body);
    }
    assert_eq!(header::find(notice.body.as_bytes(), "Auto-Submitted").unwrap().decoded(), "auto-replied");
    let events = world.until(trace, Stage::Deferred, 1).await;
    for stage in [Stage::Delivered, Stage::Bounced, Stage::Notified] {
        assert_eq!(events.iter().filter(|e| e.stage == Some(stage)).count(), 1, "{stage}");
    }
    let waiting = world.until_waiting(1).await;
    assert_eq!(waiting[0].recipient.to_string(), "later@one.example");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_null_mx_bounces_at_once() {
    let (_remote, home, world) = two_sinks(Script::default()).await;
    world.queue(&["a@null.example", "b@null.example"]).await;
    let notice = home.wait_for(1).await.remove(0);
    let failed = |to: &str| (to.to_owned(), dsn::Action::Failed, "5.1.10".to_owned());
    assert_eq!(told(&notice), [failed("a@null.example"), failed("b@null.example")], "RFC 7505 §4.2, both in one notice");
    world.until_waiting(0).await;
    assert_eq!(home.mails().len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_once_after_four_hours_and_given_up_after_three_days() {
    let (_remote, home, world) = two_sinks(Script { rcpt: refuses, ..Script::default() }).await;
    let trace = world.queue(&["later@one.example"]).await;
    world.until(trace, Stage::Deferred, 1).await;
    world.advance(MINUTE * 120);
    world.until(trace, Stage::Deferred, 2).await;
    assert!(home.mails().is_empty());
    world.advance(MINUTE * 125);
    let notice = home.wait_for(1).await.remove(0);
    assert_eq!(told(&notice), [("later@one.example".to_owned(), dsn::Action::Delayed, "4.2.1".to_owned())]);
    assert!(notice.body.contains("Will-Retry-Until:") && !notice.body.contains("At noon?"), "{}", notice.body);
    world.until(trace, Stage::Deferred, 3).await;
    world.advance(MINUTE * 60 * 24);
    world.until(trace, Stage::Deferred, 4).await;
    world.advance(MINUTE * 60 * 48);
    let mails = home.wait_for(2).await;
    assert_eq!(mails.len(), 2, "told of the delay once");
    assert_eq!(told(&mails[1]), [("later@one.example".to_owned(), dsn::Action::Failed, "5.4.7".to_owned())]);
    assert!(mails[1].body.contains("450 4.2.1 busy"), "what the server said last");
    world.until_waiting(0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_want_to_hear_does_not() {
    let (_remote, home, world) = two_sinks(Script { rcpt: |_| "550 5.1.1 no", ..Script::default() }).await;
    let never = world.queue_as(Some("ann@here.example"), vec![notify("a@one.example", false, false, false)], |_| {}).await;
    let notice = world.queue_as(None, vec![recipient("b@one.example")], |_| {}).await;
    for trace in [never, notice] {
        let events = world.until(trace, Stage::Bounced, 1).await;
        assert!(events.iter().all(|event| event.stage != Some(Stage::Notified)));
    }
    world.until_waiting(0).await;
    assert!(home.mails().is_empty(), "never a notice about a notice, nor with NOTIFY=NEVER");
    world.stop().await;
}

/// RFC 3461 §5.2.2: where the next server does not report, we say that it was handed on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn success_is_told_where_the_next_server_cannot() {
    let (_remote, home, world) = two_sinks(Script::default()).await;
    world.queue_as(Some("ann@here.example"), vec![notify("bob@one.example", true, true, false)], |_| {}).await;
    let notice = home.wait_for(1).await.remove(0);
    assert_eq!(told(&notice), [("bob@one.example".to_owned(), dsn::Action::Relayed, "2.0.0".to_owned())]);
    assert!(notice.body.contains("Original-Recipient: rfc822; bob@one.example"));
    world.until_waiting(0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_with_a_box_here_finds_the_notice_in_it() {
    let (_remote, home, world) = two_sinks(Script { rcpt: refuses, ..Script::default() }).await;
    let account = AccountId(77);
    let mut tx = world.store.db.begin().await.unwrap();
    account::create(&mut tx, account, None, world.started).await.unwrap();
    tx.commit().await.unwrap();
    world.directory.locals.lock().unwrap().push(("ann@here.example".into(), Whose::Box(account)));
    let trace = world.queue(&["gone@one.example"]).await;
    world.until(trace, Stage::Bounced, 1).await;
    world.until_waiting(0).await;
    let rows = world.store.db.rows("SELECT id FROM message WHERE account = $1", &[account.into()]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let message = read::message(&world.store.db, account, postern_core::MessageId(rows[0].int(0).unwrap())).await.unwrap();
    let content = read::content(&world.store.db, &world.store.blobs, &message).await.unwrap();
    let content = String::from_utf8(content.to_vec()).unwrap();
    assert!(content.starts_with("Delivered-To: ann@here.example\r\nReturn-Path: <>\r\nFrom: Mail Delivery System"), "{content}");
    assert!(home.mails().is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_mail_that_is_handed_on_makes_no_notice() {
    let (_remote, home, world) = two_sinks(Script { rcpt: refuses, ..Script::default() }).await;
    let to = vec![recipient("gone@one.example")];
    let trace = world.queue_as(Some("forged@here.example"), to, |message| message.account = None).await;
    let events = world.until(trace, Stage::Bounced, 1).await;
    assert!(events.iter().all(|event| event.stage != Some(Stage::Notified)));
    world.until_waiting(0).await;
    // One of ours after it is told: the other would have come before.
    world.queue(&["gone@one.example"]).await;
    assert_eq!(home.wait_for(1).await[0].to, ["ann@here.example"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_gives_up_is_told_and_not_tried() {
    let (remote, home, world) = two_sinks(Script { rcpt: refuses, ..Script::default() }).await;
    let trace = world.queue(&["later@one.example"]).await;
    world.until(trace, Stage::Deferred, 1).await;
    let row = world.until_waiting(1).await[0].id;
    assert_eq!(world.store.queue.give_up(&[row], None, &[], world.clock.now()).await.unwrap(), 1);
    let notice = home.wait_for(1).await.remove(0);
    assert_eq!(told(&notice), [("later@one.example".to_owned(), dsn::Action::Failed, "5.4.7".to_owned())]);
    world.until_waiting(0).await;
    assert_eq!(world.events(trace).await.iter().filter(|event| event.stage == Some(Stage::Deferred)).count(), 1, "it was not tried again");
    assert!(remote.mails().is_empty());
    world.stop().await;
}
