//! Names, levels, renames, subscriptions.

use postern_store::{StoreError, mail::SpecialUse};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(
    folders_are_there_before_the_first_login,
    a_level_that_is_missing_is_made,
    a_name_made_again_has_another_uid_validity,
    a_rename_takes_what_is_below_along,
    another_spelling_is_another_tree,
    renaming_inbox_moves_its_mail,
    many_ask_at_once_and_each_is_told_its_own,
    a_subscription_outlives_its_folder,
);

async fn names(store: &postern_store::Store, account: postern_core::AccountId) -> Vec<String> {
    store.boxes.folders(account).await.unwrap().into_iter().map(|f| f.name).collect()
}

async fn folders_are_there_before_the_first_login(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    assert_eq!(names(&store, alice).await, ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]);
    assert_eq!(store.boxes.folder(alice, "Trash").await.unwrap().unwrap().special_use, Some(SpecialUse::Trash));
}

async fn a_level_that_is_missing_is_made(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    store.boxes.create(alice, "Work/2026/März", None).await.unwrap();
    assert!(store.boxes.folder(alice, "Work/2026").await.unwrap().is_some());
    for bad in ["", "a//b", "/a", "a/", "a\nb", &"x".repeat(2_000)] {
        assert!(matches!(store.boxes.create(alice, bad, None).await, Err(StoreError::Refused(_))), "{bad:?}");
    }
    assert!(matches!(store.boxes.create(alice, "Work", None).await, Err(StoreError::Refused(_))));
    assert!(matches!(store.boxes.delete(alice, "Work").await, Err(StoreError::Refused(_))), "it has folders below");
    assert!(matches!(store.boxes.delete(alice, "INBOX").await, Err(StoreError::Refused(_))));
}

async fn a_name_made_again_has_another_uid_validity(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let first = store.boxes.create(alice, "Old", None).await.unwrap();
    store.boxes.delete(alice, "Old").await.unwrap();
    let second = store.boxes.create(alice, "Old", None).await.unwrap();
    assert!(second.uid_validity > first.uid_validity);
}

async fn a_rename_takes_what_is_below_along(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let inner = store.boxes.create(alice, "a/b/c", None).await.unwrap();
    store.boxes.create(alice, "ab", None).await.unwrap();
    store.boxes.rename(alice, "a", "x/y").await.unwrap();
    let after = names(&store, alice).await;
    for name in ["x", "x/y", "x/y/b", "x/y/b/c", "ab"] {
        assert!(after.iter().any(|n| n == name), "{name} in {after:?}");
    }
    assert_eq!(store.boxes.folder(alice, "x/y/b/c").await.unwrap().unwrap().uid_validity, inner.uid_validity);
    assert!(matches!(store.boxes.rename(alice, "x", "x/z").await, Err(StoreError::Refused(_))));
    assert!(matches!(store.boxes.rename(alice, "nowhere", "z").await, Err(StoreError::NotFound(_))));
    assert!(matches!(store.boxes.rename(alice, "x", "ab").await, Err(StoreError::Refused(_))));
}

/// A database sorts names as its locale likes; what lies below a folder is decided by its name alone.
async fn another_spelling_is_another_tree(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    if let TestDatabase::Postgres(_) = at {
        let mut tx = store.db.begin().await.unwrap();
        tx.execute("ALTER TABLE folder ALTER COLUMN name TYPE TEXT COLLATE \"und-x-icu\"", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
    for name in ["Paper/x", "paper/y", "pàper/z", "Tmp/x", "tmp"] {
        store.boxes.create(alice, name, None).await.unwrap();
    }
    store.boxes.rename(alice, "paper", "moved").await.unwrap();
    for name in ["Paper/x", "moved/y", "pàper/z"] {
        assert!(store.boxes.folder(alice, name).await.unwrap().is_some(), "{name} of {:?}", names(&store, alice).await);
    }
    store.boxes.delete(alice, "tmp").await.unwrap();
    assert!(matches!(store.boxes.delete(alice, "Tmp").await, Err(StoreError::Refused(_))));
}

async fn renaming_inbox_moves_its_mail(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..3 {
        deliver(&store, alice, b"x").await.unwrap();
    }
    store.boxes.rename(alice, "INBOX", "Old mail").await.unwrap();
    assert!(inbox(&store, alice).await.is_empty());
    let old = store.boxes.folder(alice, "Old mail").await.unwrap().unwrap();
    assert_eq!(look(&store, alice, old.id).await.len(), 3);
    assert_eq!(deliver(&store, alice, b"y").await.unwrap().uid, 4);
    check_usage(&store, alice).await;
}

/// Whoever asks at the same time is answered for what they asked, and for nothing older than the question.
async fn many_ask_at_once_and_each_is_told_its_own(at: TestDatabase) {
    let store = open(&at).await;
    let mut all = Vec::new();
    for quota in 1..=5 {
        all.push((account(&store, Some(quota * 1_000_000)).await, quota * 1_000_000));
    }
    let nobody = store.ids.account();
    let tasks: Vec<_> = (0..300usize)
        .map(|n| {
            let (store, (who, quota)) = (store.clone(), all[n % all.len()]);
            tokio::spawn(async move {
                let boxes = &store.boxes;
                match n % 7 {
                    0 => assert_eq!(boxes.usage(who).await.unwrap().quota, Some(quota)),
                    1 => assert_eq!(boxes.folder(who, "Archive").await.unwrap().unwrap().name, "Archive"),
                    2 => assert!(boxes.folder(who, &format!("none {n}")).await.unwrap().is_none()),
                    3 => assert!(boxes.folder(nobody, "INBOX").await.unwrap().is_none()),
                    4 => assert!(matches!(boxes.usage(nobody).await, Err(StoreError::NotFound(_)))),
                    // No name of a mailbox has this octet, and PostgreSQL takes no text that has: the others are answered.
                    5 => drop(boxes.folder(who, "a\0b").await),
                    _ => {
                        boxes.create(who, &format!("new {n}"), None).await.unwrap();
                        assert!(boxes.folder(who, &format!("new {n}")).await.unwrap().is_some(), "what is done is seen");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        tokio::time::timeout(std::time::Duration::from_secs(60), task).await.expect("answered").unwrap();
    }
}

async fn a_subscription_outlives_its_folder(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    store.boxes.set_subscribed(alice, "Not there", true).await.unwrap();
    assert_eq!(store.boxes.folders_with_missing(alice).await.unwrap().1, ["Not there"]);
    store.boxes.set_subscribed(alice, "Not there", false).await.unwrap();
    assert!(store.boxes.folders_with_missing(alice).await.unwrap().1.is_empty());
    store.boxes.set_subscribed(alice, "Junk", false).await.unwrap();
    assert!(!store.boxes.folder(alice, "Junk").await.unwrap().unwrap().subscribed);
}
