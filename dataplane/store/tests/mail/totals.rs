//! All boxes together.

use postern_store::mail::{self, Totals};
use postern_tests::TestDatabase;

use crate::fixture::*;

postern_tests::suite!(a_message_counts_in_each_box_that_holds_it,);

async fn a_message_counts_in_each_box_that_holds_it(at: TestDatabase) {
    let store = open(&at).await;
    assert_eq!(mail::totals(&store.db).await.unwrap(), Totals::default());
    let (alice, bob) = (account(&store, None).await, account(&store, None).await);
    store.ingest.accept(message(&store, &[alice, bob], b"Subject: both\r\n\r\n").await).await.unwrap();
    deliver(&store, alice, b"Subject: one\r\n\r\n").await.unwrap();
    let used = store.boxes.usage(alice).await.unwrap().used + store.boxes.usage(bob).await.unwrap().used;
    assert_eq!(mail::totals(&store.db).await.unwrap(), Totals { boxes: 2, messages: 3, bytes: used });
}
