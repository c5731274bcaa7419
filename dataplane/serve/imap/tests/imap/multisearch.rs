//! One search of several mailboxes (RFC 7377).

use postern_tests::TestDatabase;

use crate::{
    client::Client,
    room::{Room, mail},
};

postern_tests::suite!(mailboxes_are_searched_without_being_selected, what_is_shared_is_searched_as_far_as_rights_go,);

/// The answers without what is the same in all.
async fn found(client: &mut Client, rest: &str) -> Vec<String> {
    let tag = client.begin(&format!("ESEARCH {rest}")).await;
    let mut answers = client.until(&tag).await;
    let last = answers.pop().unwrap();
    assert!(last.starts_with("OK"), "{rest}: {last}");
    let start = format!("* ESEARCH (TAG \"{tag}\" MAILBOX ");
    answers.into_iter().map(|line| line.strip_prefix(&start).unwrap_or_else(|| panic!("{line}")).replace(" UIDVALIDITY ", "§")).collect()
}

fn without_validity(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .map(|line| line.split_once('§').map(|(name, rest)| format!("{name}{}", &rest[rest.find(')').unwrap()..])).unwrap())
        .collect()
}

async fn mailboxes_are_searched_without_being_selected(at: TestDatabase) {
    let room = Room::with(at, postern_serve_imap::Config::default()).await;
    let mut alice = room.login("alice").await;
    for name in ["folder1", "folder2", "folder2/banana", "folder2/peach", "folder2/peach/pie", "folder22"] {
        alice.ok(&format!("CREATE {name}")).await;
    }
    for (name, subjects) in [
        ("folder1", &["chad", "other", "chad again"][..]),
        ("folder2/banana", &["chad"]),
        ("folder2/peach/pie", &["about chad"]),
        ("folder22", &["Chad"]),
        ("INBOX", &["chad in the inbox"]),
    ] {
        for subject in subjects {
            alice.append(name, mail(subject).as_bytes()).await;
        }
    }
    let said = found(&mut alice, "IN (mailboxes \"folder1\" subtree \"folder2\") subject \"chad\"").await;
    assert_eq!(without_validity(&said), ["\"folder1\") UID ALL 1,3", "\"folder2/banana\") UID ALL 1", "\"folder2/peach/pie\") UID ALL 1"]);
    // The UIDVALIDITY is that of each mailbox.
    let status = alice.ok("STATUS folder1 (UIDVALIDITY)").await.pop().unwrap();
    let validity = status.rsplit(' ').next().unwrap().trim_end_matches(')').to_owned();
    assert!(said[0].starts_with(&format!("\"folder1\"§{validity})")), "{said:?} {status}");
    let said = found(&mut alice, "IN (subtree-one (folder2 folder1) mailboxes folder1) RETURN (MIN MAX COUNT) subject chad").await;
    assert_eq!(without_validity(&said), ["\"folder1\") UID MIN 1 MAX 3 COUNT 2", "\"folder2/banana\") UID MIN 1 MAX 1 COUNT 1"]);
    // Nothing is said where nothing is found, nor of what is not there.
    assert!(found(&mut alice, "IN (mailboxes (folder1 none) inboxes) RETURN (COUNT) subject nobody").await.is_empty());
    assert_eq!(without_validity(&found(&mut alice, "IN (inboxes) all").await), ["INBOX) UID ALL 1"]);
    assert_eq!(found(&mut alice, "IN (personal) RETURN (COUNT) subject chad").await.len(), 5);
    alice.ok("UNSUBSCRIBE folder1").await;
    assert_eq!(found(&mut alice, "IN (subscribed) RETURN (COUNT) subject chad").await.len(), 4);
    assert!(alice.fails("ESEARCH IN (selected) all").await.starts_with("BAD"));
    // The one selected stays so, and SAVE is of it alone.
    alice.ok("SELECT folder1").await;
    assert_eq!(without_validity(&found(&mut alice, "IN (mailboxes folder22) all").await), ["\"folder22\") UID ALL 1"]);
    assert_eq!(without_validity(&found(&mut alice, "2:3").await), ["\"folder1\") UID ALL 2:3"]);
    assert!(found(&mut alice, "RETURN (SAVE) 2:3").await.is_empty());
    assert_eq!(alice.ok("FETCH $ UID").await, ["* 2 FETCH (UID 2)", "* 3 FETCH (UID 3)"]);
    // Filters, other charsets and mod-sequences go too.
    alice.ok("SETMETADATA \"\" (/private/filters/values/chads \"SUBJECT chad\")").await;
    assert_eq!(without_validity(&found(&mut alice, "IN (selected) FILTER chads").await), ["\"folder1\") UID ALL 1,3"]);
    assert_eq!(
        without_validity(&found(&mut alice, "IN (selected) RETURN (COUNT) CHARSET KOI8-R SUBJECT chad").await),
        ["\"folder1\") UID COUNT 2"]
    );
    let said = found(&mut alice, "IN (mailboxes folder22) MODSEQ 1").await;
    assert!(without_validity(&said)[0].starts_with("\"folder22\") UID ALL 1 MODSEQ "), "{said:?}");
}

async fn what_is_shared_is_searched_as_far_as_rights_go(at: TestDatabase) {
    let room = Room::with(at, postern_serve_imap::Config::default()).await;
    let mut alice = room.login("alice").await;
    for name in ["Team", "Team/Open", "Team/Listed", "Team/Closed"] {
        alice.ok(&format!("CREATE {name}")).await;
        alice.append(name, mail("news").as_bytes()).await;
    }
    alice.ok("SETACL Team bob@example.org lr").await;
    alice.ok("SETACL Team/Open bob@example.org lr").await;
    alice.ok("SETACL Team/Listed bob@example.org l").await;
    let mut bob = room.login("bob").await;
    const TEAM: &str = "\"Other Users/alice@example.org/Team\"";
    let said = found(&mut bob, &format!("IN (subtree {TEAM}) subject news")).await;
    assert_eq!(
        without_validity(&said),
        [format!("{TEAM}) UID ALL 1"), "\"Other Users/alice@example.org/Team/Open\") UID ALL 1".to_owned()]
    );
    assert!(found(&mut bob, "IN (personal) subject news").await.is_empty());
    for hidden in ["Team/Listed", "Team/Closed"] {
        assert!(found(&mut bob, &format!("IN (mailboxes \"Other Users/alice@example.org/{hidden}\") all")).await.is_empty());
    }
    let mut dave = room.login("dave").await;
    assert!(found(&mut dave, &format!("IN (subtree {TEAM}) all")).await.is_empty());
}
