//! INPROGRESS (RFC 9585): who works long says so meanwhile.

use std::time::Duration;

use postern_serve_imap::Config;

use crate::{
    client::Client,
    room::{Room, mail},
};

/// How often `tag` was said to be at work, and whether all else is as it should be.
async fn notices(client: &mut Client, command: &str) -> (usize, Vec<String>) {
    let tag = client.begin(command).await;
    let told = client.until(&tag).await;
    let (notices, rest): (Vec<_>, Vec<_>) = told.into_iter().partition(|line| line.starts_with("* OK [INPROGRESS "));
    for notice in &notices {
        let inside = notice.strip_prefix(&format!("* OK [INPROGRESS (\"{tag}\" ")).unwrap().split(')').next().unwrap();
        let numbers: Vec<Option<u32>> = inside.split(' ').map(|n| n.parse().ok()).collect();
        assert!(matches!(numbers[..], [None, None]) || matches!(numbers[..], [Some(done), Some(goal)] if done < goal), "{notice}");
    }
    (notices.len(), rest)
}

#[tokio::test]
async fn a_long_search_says_how_far_it_is() {
    let room = Room::configured(Config { progress: Duration::ZERO, ..Config::default() }).await;
    room.deliver_all(&["one", "two", "three"]).await;
    let mut alice = room.inbox("alice").await;
    let (said, rest) = notices(&mut alice, "SEARCH BODY two").await;
    assert!(said > 0);
    assert_eq!(rest, ["* SEARCH 2", "OK SEARCH completed"]);
    let (said, rest) = notices(&mut alice, "SORT (SUBJECT) UTF-8 ALL").await;
    assert!(said > 0);
    assert_eq!(rest, ["* SORT 1 3 2", "OK SORT completed"]);
    let (_, rest) = notices(&mut alice, "NOOP").await;
    assert_eq!(rest, ["OK Done"], "what was not said in time is not said later");
}

#[tokio::test]
async fn a_copy_into_another_box_says_how_far_it_is() {
    let room = Room::configured(Config { progress: Duration::ZERO, ..Config::default() }).await;
    let (mut alice, mut bob) = (room.inbox("alice").await, room.login("bob").await);
    for subject in ["one", "two", "three"] {
        assert!(alice.append("INBOX", mail(subject).as_bytes()).await.starts_with("OK"));
    }
    bob.ok("SETACL INBOX alice@example.org lrswite").await;
    let (_, rest) = notices(&mut alice, "COPY 1:3 \"Other Users/bob@example.org/INBOX\"").await;
    assert!(rest.last().unwrap().starts_with("OK [COPYUID "), "{rest:?}");
}

#[tokio::test]
async fn who_is_quick_says_nothing() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two", "three"]).await;
    let mut alice = room.inbox("alice").await;
    assert_eq!(notices(&mut alice, "SEARCH BODY two").await, (0, vec!["* SEARCH 2".to_owned(), "OK SEARCH completed".to_owned()]));
}
