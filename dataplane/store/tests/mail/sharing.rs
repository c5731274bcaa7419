//! Grants and annotations, and what becomes of them when folders and boxes go.

use postern_core::{AccountId, Rights};
use postern_store::{
    StoreError,
    mail::{
        FlagChange, Flags, INBOX, account, annotation,
        rights::{EVERYBODY, RightsChange},
        snapshot::Snapshot,
    },
};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(
    grants_are_added_up_and_taken_away,
    a_grant_is_of_its_tenant,
    a_new_folder_has_the_grants_of_the_one_above,
    a_folder_takes_its_grants_and_annotations_along,
    an_erased_box_leaves_nothing_with_others,
    annotations_are_all_written_or_none,
    what_a_reader_has_seen_is_theirs_and_counted,
);

fn rights(letters: &str) -> Rights {
    letters.parse().unwrap()
}

async fn grants_are_added_up_and_taken_away(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    let inbox = store.boxes.folder(alice, "INBOX").await.unwrap().unwrap().id;
    let held = async || store.boxes.rights(alice, inbox, bob, "t").await.unwrap();
    assert_eq!(held().await, Rights::NONE);
    store.boxes.grant(alice, inbox, EVERYBODY, "t", RightsChange::Replace(rights("l"))).await.unwrap();
    store.boxes.grant(alice, inbox, bob, "t", RightsChange::Add(rights("rs"))).await.unwrap();
    assert_eq!(held().await, rights("lrs"));
    let shared = store.boxes.shared_with(bob, "t").await.unwrap();
    assert_eq!(shared.iter().map(|each| (each.account, each.rights)).collect::<Vec<_>>(), [(alice, rights("lrs"))]);
    store.boxes.grant(alice, inbox, bob, "t", RightsChange::Remove(rights("rs"))).await.unwrap();
    assert_eq!(store.boxes.grants(alice, inbox).await.unwrap(), [(EVERYBODY, rights("l"))]);
    assert_eq!(store.boxes.rights(alice, inbox, alice, "t").await.unwrap(), Rights::ALL);
}

async fn a_grant_is_of_its_tenant(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, dave) = (account(&store, None).await, account(&store, None).await);
    let inbox = store.boxes.folder(alice, "INBOX").await.unwrap().unwrap().id;
    store.boxes.grant(alice, inbox, EVERYBODY, "t", RightsChange::Replace(rights("lr"))).await.unwrap();
    assert_eq!(store.boxes.rights(alice, inbox, dave, "other").await.unwrap(), Rights::NONE);
    assert_eq!(store.boxes.shared_with(dave, "other").await.unwrap(), []);
}

async fn a_new_folder_has_the_grants_of_the_one_above(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    let team = store.boxes.create(alice, "Team", None).await.unwrap();
    store.boxes.grant(alice, team.id, bob, "t", RightsChange::Replace(rights("lr"))).await.unwrap();
    let below = store.boxes.create(alice, "Team/2026/May", None).await.unwrap();
    assert_eq!(store.boxes.rights(alice, below.id, bob, "t").await.unwrap(), rights("lr"));
    assert_eq!(store.boxes.shared_with(bob, "t").await.unwrap().len(), 3);
}

async fn a_folder_takes_its_grants_and_annotations_along(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    let team = store.boxes.create(alice, "Team", None).await.unwrap();
    store.boxes.grant(alice, team.id, bob, "t", RightsChange::Replace(rights("lr"))).await.unwrap();
    store.boxes.annotate(alice, team.id, &[(bob, "/comment".into(), Some(b"mine".to_vec()))]).await.unwrap();
    store.boxes.delete(alice, "Team").await.unwrap();
    assert_eq!(store.boxes.grants(alice, team.id).await.unwrap(), []);
    assert_eq!(store.boxes.annotations(alice, team.id, bob).await.unwrap(), []);
    let grant = store.boxes.grant(alice, team.id, bob, "t", RightsChange::Replace(rights("lr"))).await;
    assert!(matches!(grant, Err(StoreError::NotFound("folder"))));
}

async fn an_erased_box_leaves_nothing_with_others(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    let inbox = store.boxes.folder(alice, "INBOX").await.unwrap().unwrap().id;
    store.boxes.grant(alice, inbox, bob, "t", RightsChange::Replace(rights("lr"))).await.unwrap();
    store.boxes.annotate(alice, inbox, &[(bob, "/comment".into(), Some(b"mine".to_vec()))]).await.unwrap();
    let mut tx = store.db.begin().await.unwrap();
    account::bury(&mut tx, bob).await.unwrap();
    assert!(account::erase(&mut tx, bob, 100, store.now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.boxes.grants(alice, inbox).await.unwrap(), []);
    assert_eq!(store.boxes.annotations(alice, inbox, bob).await.unwrap(), []);
}

async fn annotations_are_all_written_or_none(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let write = |n: i64| (annotation::SHARED, format!("/e{n}"), Some(vec![0, 1, 255]));
    let full: Vec<_> = (0..annotation::MAX_ENTRIES).map(write).collect();
    store.boxes.annotate(alice, annotation::BOX, &full).await.unwrap();
    let more = [(annotation::SHARED, "/e0".into(), None), write(-1), write(-2)];
    assert!(matches!(store.boxes.annotate(alice, annotation::BOX, &more).await, Err(StoreError::Refused(_))));
    let kept = store.boxes.annotations(alice, annotation::BOX, AccountId(99)).await.unwrap();
    assert_eq!(kept.len(), full.len());
    assert_eq!(kept[0].value, [0, 1, 255]);
}

async fn what_a_reader_has_seen_is_theirs_and_counted(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, bob, carol) = (account(&store, None).await, account(&store, None).await, account(&store, None).await);
    for n in 0..40 {
        deliver(&store, alice, format!("message {n}").as_bytes()).await.unwrap();
    }
    let seen = |snapshot: &Snapshot| snapshot.iter().filter(|entry| entry.flags.has(Flags::SEEN)).count();
    let as_seen = async |who| {
        let snapshot = store.boxes.snapshot(&store.boxes.cell_for(alice, INBOX, Some(who))).await.unwrap();
        assert_eq!(snapshot.folder.unseen as usize, snapshot.len() - seen(&snapshot));
        assert_eq!(store.boxes.seen_by(alice, INBOX, who).await.unwrap() as usize, seen(&snapshot));
        snapshot
    };
    assert_eq!((seen(&*as_seen(bob).await), seen(&*as_seen(carol).await)), (0, 0));
    let add = FlagChange::Add(Flags::SEEN, vec!["$Read".into()]);
    let uids: Vec<i64> = (1..=10).collect();
    let stored = store.boxes.store_for(alice, INBOX, Some(bob), &uids, &add, None).await.unwrap();
    assert_eq!(stored.changed.len(), 10);
    assert!(stored.changed.iter().all(|entry| entry.flags.has(Flags::SEEN) && entry.modseq == stored.modseq));
    let bobs = as_seen(bob).await;
    assert_eq!((seen(&bobs), seen(&*as_seen(carol).await), seen(&*inbox(&store, alice).await)), (10, 0, 0));
    assert!(inbox(&store, alice).await.iter().take(10).all(|entry| entry.keywords.as_deref() == Some("$Read")), "all else is shared");
    // Again is nothing.
    let again = store.boxes.store_for(alice, INBOX, Some(bob), &uids, &add, None).await.unwrap();
    assert_eq!((again.changed.len(), again.modseq), (0, stored.modseq));
    // What changed since is left alone, by the viewer's own MODSEQ.
    let remove = FlagChange::Remove(Flags::SEEN, Vec::new());
    let refused = store.boxes.store_for(alice, INBOX, Some(bob), &[1, 20], &remove, Some(stored.modseq - 1)).await.unwrap();
    assert_eq!((refused.refused, refused.changed.len()), (vec![1], 0));
    // Gone with the message, along with a copy, and away with the reader.
    let team = store.boxes.create(alice, "Team", None).await.unwrap();
    store.boxes.copy(alice, INBOX, &[1, 2, 30], team.id).await.unwrap();
    assert_eq!(store.boxes.seen_by(alice, team.id, bob).await.unwrap(), 2);
    store.boxes.move_to(alice, INBOX, &[3, 31], team.id).await.unwrap();
    assert_eq!((store.boxes.seen_by(alice, team.id, bob).await.unwrap(), seen(&*as_seen(bob).await)), (3, 9));
    store.boxes.delete(alice, "Team").await.unwrap();
    assert_eq!(store.boxes.seen_by(alice, team.id, bob).await.unwrap(), 0);
    let mut tx = store.db.begin().await.unwrap();
    account::bury(&mut tx, bob).await.unwrap();
    assert!(account::erase(&mut tx, bob, 100, store.now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.boxes.seen_by(alice, INBOX, bob).await.unwrap(), 0);
}
