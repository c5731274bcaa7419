//! Delivery, flags, copies, moves, expunges.

use postern_store::{
    StoreError,
    ingest::Target,
    mail::{FlagChange, Flags, INBOX, SpecialUse},
};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(
    what_is_delivered_is_read_again,
    ten_boxes_share_one_body,
    a_full_box_takes_nothing_for_anybody,
    summaries_come_together_whatever_is_in_them,
    flags_change_once_and_the_clock_with_them,
    copies_share_the_message_and_moves_leave_no_trace,
    only_deleted_messages_are_expunged,
    a_gone_box_refuses_and_a_batch_goes_on,
    a_special_folder_is_found_by_its_use,
    a_box_without_its_inbox_takes_nothing_and_says_so,
);

async fn what_is_delivered_is_read_again(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let body = b"From: a@example.org\r\n\r\nhello\0there\xff\r\n".repeat(100);
    let placed = deliver(&store, alice, &body).await.unwrap();
    assert_eq!((placed.folder, placed.uid), (INBOX, 1));
    let entry = inbox(&store, alice).await.get(0).unwrap().clone();
    let (message, content) = store.boxes.message(alice, postern_core::MessageId(entry.message)).await.unwrap();
    assert_eq!(message.summary, b"summary");
    assert_eq!(content[..], [b"Delivered-To: x\r\n".as_slice(), &body].concat());
    assert_eq!(entry.size as usize, content.len());
    assert!(
        matches!(store.boxes.message(account(&store, None).await, message.id).await, Err(StoreError::NotFound(_))),
        "another's box does not have it"
    );
    check_usage(&store, alice).await;
}

async fn ten_boxes_share_one_body(at: TestDatabase) {
    let store = open(&at).await;
    let mut boxes = Vec::new();
    for _ in 0..10 {
        boxes.push(account(&store, None).await);
    }
    let accept = message(&store, &boxes, &b"words ".repeat(1_000)).await;
    store.ingest.accept(accept).await.unwrap();
    let rows = store.db.rows("SELECT id FROM blob", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
    for account in boxes {
        assert_eq!(inbox(&store, account).await.len(), 1);
    }
}

async fn a_full_box_takes_nothing_for_anybody(at: TestDatabase) {
    let store = open(&at).await;
    let (full, empty) = (account(&store, Some(1_000)).await, account(&store, None).await);
    let accept = message(&store, &[empty, full], &[b'x'; 2_000]).await;
    assert!(matches!(store.ingest.accept(accept).await, Err(StoreError::OverQuota(a)) if a == full));
    assert_eq!(inbox(&store, empty).await.len(), 0);
    assert!(store.db.rows("SELECT id FROM blob", &[]).await.unwrap().is_empty());

    // Two that fit alone and not together, in whatever batch they come.
    let small = account(&store, Some(1_500)).await;
    let (a, b) = (message(&store, &[small], &[b'x'; 1_000]).await, message(&store, &[small], &[b'y'; 1_000]).await);
    let (a, b) = tokio::join!(store.ingest.accept(a), store.ingest.accept(b));
    assert_eq!([&a, &b].iter().filter(|r| r.is_ok()).count(), 1);
    check_usage(&store, small).await;
}

async fn summaries_come_together_whatever_is_in_them(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let written: [&[u8]; 5] = [b"\0", b"", b"\xff\xfe\0\0end", b"text", &[0x80; 3_000]];
    for summary in written {
        let mut accept = message(&store, &[alice], b"x").await;
        accept.bodies[0].summary = summary.into();
        store.ingest.accept(accept).await.unwrap();
    }
    let ids: Vec<i64> = inbox(&store, alice).await.iter().map(|entry| entry.message).chain([99]).collect();
    let summaries = store.boxes.summaries(alice, &ids).await.unwrap();
    let read: Vec<Option<&[u8]>> = ids.iter().map(|id| summaries.get(*id)).collect();
    assert_eq!(read, written.into_iter().map(Some).chain([None]).collect::<Vec<_>>());
    assert!(store.boxes.summaries(alice, &[]).await.unwrap().get(ids[0]).is_none());
}

async fn flags_change_once_and_the_clock_with_them(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..5 {
        deliver(&store, alice, b"x").await.unwrap();
    }
    let before = inbox(&store, alice).await;
    let seen = FlagChange::Add(Flags::SEEN, vec!["$Work".into()]);
    let stored = store.boxes.store(alice, INBOX, &[1, 3, 99], &seen, None).await.unwrap();
    assert_eq!(stored.changed.iter().map(|p| (p.uid, p.modseq)).collect::<Vec<_>>(), [(1, stored.modseq), (3, stored.modseq)]);
    let after = inbox(&store, alice).await;
    assert_eq!(before.difference(&after).changed, [0, 2]);
    assert!(after.folder.modseq > before.folder.modseq);
    assert_eq!(after.get(2).unwrap().keywords.as_deref(), Some("$Work"));

    let again = store.boxes.store(alice, INBOX, &[1, 3], &seen, None).await.unwrap();
    assert!(again.changed.is_empty(), "what is set already does not change");
    assert_eq!(inbox(&store, alice).await.folder.modseq, after.folder.modseq);

    let late =
        store.boxes.store(alice, INBOX, &[1, 2], &FlagChange::Add(Flags::FLAGGED, vec![]), Some(before.folder.modseq)).await.unwrap();
    assert_eq!((late.refused, late.changed.len()), (vec![1], 1), "UNCHANGEDSINCE");
}

async fn copies_share_the_message_and_moves_leave_no_trace(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..4 {
        deliver(&store, alice, b"body").await.unwrap();
    }
    store.boxes.store(alice, INBOX, &[2], &FlagChange::Add(Flags::FLAGGED, vec!["k".into()]), None).await.unwrap();
    let archive = store.boxes.folder(alice, "Archive").await.unwrap().unwrap();
    let copied = store.boxes.copy(alice, INBOX, &[1, 2], archive.id).await.unwrap();
    assert_eq!(copied.uids, [(1, 1), (2, 2)]);
    let there = look(&store, alice, archive.id).await;
    assert_eq!(there.get(1).unwrap().flags, Flags::FLAGGED);
    assert_eq!(there.get(1).unwrap().message, inbox(&store, alice).await.get(1).unwrap().message);
    check_usage(&store, alice).await;

    let before = inbox(&store, alice).await;
    let moved = store.boxes.move_to(alice, INBOX, &[2, 3], archive.id).await.unwrap();
    assert_eq!(moved.uids, [(2, 3), (3, 4)]);
    assert_eq!(before.difference(inbox(&store, alice).await.as_ref()).expunged, [(1, 2), (2, 3)]);
    check_usage(&store, alice).await;
    assert!(matches!(store.boxes.copy(alice, INBOX, &[1], postern_core::FolderId(99)).await, Err(StoreError::NotFound(_))));
}

async fn only_deleted_messages_are_expunged(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    for _ in 0..5 {
        deliver(&store, alice, b"body").await.unwrap();
    }
    store.boxes.store(alice, INBOX, &[1, 3, 5], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    assert_eq!(store.boxes.expunge(alice, INBOX, Some(&[1, 2])).await.unwrap().1, [1]);
    assert_eq!(store.boxes.expunge(alice, INBOX, None).await.unwrap().1, [3, 5]);
    assert_eq!(store.boxes.expunge(alice, INBOX, None).await.unwrap().1, [0u32; 0]);
    assert_eq!(inbox(&store, alice).await.iter().map(|e| e.uid).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(deliver(&store, alice, b"next").await.unwrap().uid, 6, "UIDs are never given twice");
    check_usage(&store, alice).await;
}

async fn a_gone_box_refuses_and_a_batch_goes_on(at: TestDatabase) {
    let store = open(&at).await;
    let (alice, gone) = (account(&store, None).await, account(&store, None).await);
    let mut tx = store.db.begin().await.unwrap();
    postern_store::mail::account::bury(&mut tx, gone).await.unwrap();
    tx.commit().await.unwrap();
    let (a, b) = (message(&store, &[gone], b"x").await, message(&store, &[alice], b"y").await);
    let (a, b) = tokio::join!(store.ingest.accept(a), store.ingest.accept(b));
    assert!(matches!(a, Err(StoreError::NotFound("account"))));
    assert!(b.is_ok());
}

async fn a_special_folder_is_found_by_its_use(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let mut accept = message(&store, &[alice], b"spam").await;
    accept.deliveries[0] = delivery(alice, Target::Special(SpecialUse::Junk), store.now());
    accept.deliveries[0].flags = Flags::SEEN;
    let placed = store.ingest.accept(accept).await.unwrap()[0];
    let junk = store.boxes.folder(alice, "Junk").await.unwrap().unwrap();
    assert_eq!(placed.folder, junk.id);
    assert_eq!(placed.uid_validity, junk.uid_validity);
    look(&store, alice, junk.id).await;
}

/// No row ever lacks, but if one did, "stored" would be a loss.
async fn a_box_without_its_inbox_takes_nothing_and_says_so(at: TestDatabase) {
    let store = open(&at).await;
    let alice = account(&store, None).await;
    let mut tx = store.db.begin().await.unwrap();
    tx.execute("DELETE FROM folder WHERE account = $1 AND (id = 1 OR special_use = 'Junk')", postern_store::args![alice]).await.unwrap();
    tx.commit().await.unwrap();
    let mut spam = message(&store, &[alice], b"spam").await;
    spam.deliveries[0] = delivery(alice, Target::Special(SpecialUse::Junk), store.now());
    for accept in [message(&store, &[alice], b"mail").await, spam] {
        let answer = store.ingest.accept(accept).await;
        assert!(matches!(answer, Err(StoreError::NotFound("folder"))), "{answer:?}");
    }
}
