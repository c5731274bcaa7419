//! What a client is told of the room that is left (RFC 9208).

use postern_core::AccountId;
use postern_store::mail::account;

use crate::room::Room;

#[tokio::test]
async fn the_box_is_one_root() {
    let room = Room::open().await;
    let mut tx = room.store.db.begin().await.unwrap();
    account::set_quota(&mut tx, AccountId(1), Some(10 << 20)).await.unwrap();
    tx.commit().await.unwrap();
    room.deliver(&[b'x'; 3000]).await;
    let mut alice = room.login("alice").await;
    let told = "* QUOTA \"\" (STORAGE 3 10240)";
    assert_eq!(alice.ok("GETQUOTAROOT INBOX").await, ["* QUOTAROOT INBOX \"\"", told]);
    assert_eq!(alice.ok("GETQUOTA \"\"").await, [told]);
    assert!(alice.fails("GETQUOTA other").await.starts_with("NO [NONEXISTENT]"));
    assert!(alice.fails("GETQUOTAROOT Nowhere").await.starts_with("NO [NONEXISTENT]"));
    alice.ok("SELECT INBOX").await;
    assert_eq!(alice.ok("STATUS Junk (DELETED-STORAGE)").await, ["* STATUS \"Junk\" (DELETED-STORAGE 0)"]);
    alice.ok("STORE 1 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(alice.ok("STATUS INBOX (DELETED DELETED-STORAGE)").await, ["* STATUS INBOX (DELETED 1 DELETED-STORAGE 3)"]);
}

#[tokio::test]
async fn a_box_without_a_limit_lists_none() {
    let room = Room::open().await;
    let mut alice = room.login("alice").await;
    assert_eq!(alice.ok("GETQUOTA \"\"").await, ["* QUOTA \"\" ()"]);
}
