//! Named filters (RFC 5466).

use postern_tests::TestDatabase;

use crate::{client::Client, room::Room};

postern_tests::suite!(a_filter_stands_for_what_it_holds,);

async fn found(client: &mut Client, program: &str) -> String {
    client.ok(&format!("SEARCH {program}")).await.pop().unwrap()
}

async fn a_filter_stands_for_what_it_holds(at: TestDatabase) {
    let room = Room::with(at, postern_serve_imap::Config::default()).await;
    room.deliver_all(&["one", "two", "three", "K\u{f6}nig"]).await;
    let mut alice = room.inbox("alice").await;
    alice.ok("STORE 2:3 +FLAGS.SILENT (\\Flagged)").await;
    alice.ok("SETMETADATA \"\" (/private/filters/values/numbers \"OR SUBJECT one SUBJECT t\" /private/filters/values/King {14+}\r\nSUBJECT \"k\u{f6}n\")").await;
    alice.ok("SETMETADATA \"\" (/private/filters/descriptions/numbers \"All that count\")").await;
    assert_eq!(found(&mut alice, "FILTER numbers").await, "* SEARCH 1 2 3");
    assert_eq!(found(&mut alice, "FILTER NUMBERS FLAGGED").await, "* SEARCH 2 3");
    assert_eq!(found(&mut alice, "NOT FILTER numbers").await, "* SEARCH 4");
    assert_eq!(found(&mut alice, "CHARSET UTF-8 OR FILTER king 1").await, "* SEARCH 1 4");
    assert_eq!(alice.ok("UID SORT (SUBJECT) US-ASCII FILTER numbers").await, ["* SORT 1 3 2"]);
    assert_eq!(alice.ok("UID THREAD ORDEREDSUBJECT UTF-8 FILTER king").await, ["* THREAD (4)"]);
    // Filters may name filters, and a change is seen at once.
    alice.ok("SETMETADATA \"\" (/private/filters/values/both \"CHARSET UTF-8 (FILTER numbers) FLAGGED\")").await;
    assert_eq!(found(&mut alice, "FILTER both").await, "* SEARCH 2 3");
    alice.ok("SETMETADATA \"\" (/private/filters/values/numbers \"UID 3:*\")").await;
    assert_eq!(found(&mut alice, "FILTER both").await, "* SEARCH 3");
    // One that is not there, one that is no search, one that leads to itself.
    assert!(alice.fails("SEARCH FILTER None").await.starts_with("NO [UNDEFINED-FILTER none] "));
    alice.ok("SETMETADATA \"\" (/private/filters/values/numbers NIL)").await;
    assert!(alice.fails("SEARCH FILTER both").await.starts_with("NO [UNDEFINED-FILTER numbers] "));
    alice
        .ok("SETMETADATA \"\" (/private/filters/values/nonsense \"MAYBE\" /private/filters/values/loop \"OR FILTER loop FILTER loop\")")
        .await;
    assert!(alice.fails("SEARCH FILTER nonsense").await.starts_with("NO [CANNOT]"));
    assert!(alice.fails("SEARCH FILTER loop").await.starts_with("NO [LIMIT]"));
    assert!(alice.fails("SEARCH CHARSET KOI8-R FILTER king").await.starts_with("BAD [BADCHARSET "));
    // Another's filters are another's.
    let mut bob = room.inbox("bob").await;
    assert!(bob.fails("SEARCH FILTER king").await.starts_with("NO [UNDEFINED-FILTER king]"));
    // Numbers in a filter are numbers: not after UIDONLY.
    alice.ok("SETMETADATA \"\" (/private/filters/values/first \"1\")").await;
    assert_eq!(found(&mut alice, "FILTER first").await, "* SEARCH 1");
    alice.ok("ENABLE UIDONLY").await;
    assert!(alice.fails("UID SEARCH FILTER first").await.starts_with("BAD [UIDREQUIRED]"));
    assert_eq!(alice.ok("UID SEARCH FILTER king").await, ["* SEARCH 4"]);
}
