//! Grants and annotations, and what becomes of them when folders and boxes go.

use postern_core::{AccountId, Rights};
use postern_store::{
    StoreError,
    mail::{
        account, annotation,
        rights::{EVERYBODY, RightsChange},
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
