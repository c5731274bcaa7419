//! URLAUTH (RFC 4467): URLs that let others see a message, for as long as their user likes.

use std::time::Duration;

use postern_core::Clock as _;
use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::{client::Client, room::Room};

postern_tests::suite!(a_url_shows_a_message_until_its_key_is_reset);

const RUMP: &str = "imap://alice%40example.org@mail.example.org/INBOX/;UID=1";

/// The authorised form of a URL.
async fn authorize(client: &mut Client, rump: &str) -> String {
    let told = client.ok(&format!("GENURLAUTH \"{rump}\" INTERNAL")).await;
    let url = told[0].strip_prefix("* GENURLAUTH \"").unwrap().strip_suffix('"').unwrap().to_owned();
    assert!(url.starts_with(&format!("{rump}:internal:")), "{url}");
    url
}

/// What a URL shows; `NIL` for nothing.
async fn fetch(client: &mut Client, url: &str) -> String {
    let told = client.ok(&format!("URLFETCH \"{url}\"")).await;
    let shown = told[0].strip_prefix(&format!("* URLFETCH \"{url}\" ")).unwrap();
    shown.split_once("}\r\n").map_or(shown, |(_, octets)| octets).trim_matches('"').to_owned()
}

async fn a_url_shows_a_message_until_its_key_is_reset(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["one", "two"]).await;
    let (mut alice, mut bob) = (room.login("alice").await, room.login("bob").await);
    let whole = authorize(&mut alice, &format!("{RUMP};URLAUTH=authuser")).await;
    let part = authorize(&mut alice, &format!("{RUMP}/;SECTION=TEXT/;PARTIAL=0.9;URLAUTH=user+bob%40example.org")).await;
    assert!(fetch(&mut bob, &whole).await.starts_with("Delivered-To: alice@example.org\r\nFrom: Bob"));
    assert_eq!(fetch(&mut bob, &part).await, "About one");
    assert_eq!(fetch(&mut alice, &part).await, "NIL", "it is bob's");
    // Another tenant sees nothing, and the same key makes the same proof.
    let mut dave = room.login("dave").await;
    assert_eq!(fetch(&mut dave, &whole).await, "NIL");
    assert_eq!(authorize(&mut alice, &format!("{RUMP};URLAUTH=authuser")).await, whole);
    // Whatever is changed, the proof is of another URL.
    for forged in [
        whole.replace(";UID=1", ";UID=2"),
        whole.replace("authuser", "anonymous"),
        whole.replace(":internal:", ":XSAMPLE:"),
        part.replace("bob%40example.org", "BOB%40example.org"),
        whole.split(":internal").next().unwrap().to_owned(),
        format!("{}0", &whole[..whole.len() - 1]),
        format!("{}1", &whole[..whole.len() - 1]),
    ] {
        if forged != whole {
            assert_eq!(fetch(&mut bob, &forged).await, "NIL", "{forged}");
        }
    }
    // Of one mailbox, then of all.
    alice.ok("CREATE Work").await;
    alice.ok("RESETKEY Work INTERNAL").await;
    assert_eq!(fetch(&mut bob, &part).await, "About one");
    assert!(alice.command("RESETKEY INBOX").await.last().unwrap().starts_with("OK [URLMECH INTERNAL] "));
    assert_eq!(fetch(&mut bob, &part).await, "NIL");
    let again = authorize(&mut alice, &format!("{RUMP};URLAUTH=authuser")).await;
    assert_ne!(again, whole);
    assert_ne!(fetch(&mut bob, &again).await, "NIL");
    alice.ok("RESETKEY").await;
    assert_eq!(fetch(&mut bob, &again).await, "NIL");
}

#[tokio::test]
async fn urls_end_with_time_message_and_right() {
    let room = Room::open().await;
    room.deliver_all(&["one", "two"]).await;
    let (mut alice, mut bob) = (room.inbox("alice").await, room.login("bob").await);
    let brief = authorize(&mut alice, &format!("{RUMP};EXPIRE={};URLAUTH=anonymous", room.clock.now() + Duration::from_secs(60))).await;
    let long = authorize(&mut alice, &format!("{RUMP};URLAUTH=anonymous")).await;
    assert_eq!(fetch(&mut bob, &brief).await, fetch(&mut bob, &long).await);
    room.clock.advance(Duration::from_secs(61));
    assert_eq!(fetch(&mut bob, &brief).await, "NIL");
    assert_ne!(fetch(&mut bob, &long).await, "NIL");
    alice.ok("STORE 1 +FLAGS (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    assert_eq!(fetch(&mut bob, &long).await, "NIL");
    // A shared mailbox: the URL is of who made it, and ends with the right to read.
    alice.ok("SETACL INBOX bob@example.org lr").await;
    let shared = "imap://bob%40example.org@h/Other%20Users/alice@example.org/INBOX/;UID=2;URLAUTH=user+alice%40example.org";
    let shared = authorize(&mut bob, shared).await;
    assert_ne!(fetch(&mut alice, &shared).await, "NIL");
    alice.ok("SETACL INBOX bob@example.org l").await;
    assert_eq!(fetch(&mut alice, &shared).await, "NIL");
}

#[tokio::test]
async fn only_its_user_authorises_a_url() {
    let room = Room::open().await;
    let placed = room.deliver(b"Subject: x\r\n\r\nx\r\n").await;
    let (mut alice, mut bob) = (room.login("alice").await, room.login("bob").await);
    for bad in [
        format!("{RUMP};URLAUTH=anonymous"),
        format!("{RUMP}:internal:0123456789abcdef0123456789abcdef"),
        RUMP.to_owned(),
        "/INBOX/;UID=1;URLAUTH=anonymous".to_owned(),
        "imap://bob%40example.org@h/Nowhere/;UID=1;URLAUTH=anonymous".to_owned(),
    ] {
        assert!(bob.fails(&format!("GENURLAUTH \"{bad}\" INTERNAL")).await.starts_with("NO ["), "{bad}");
    }
    let other = format!("imap://alice%40example.org@h/INBOX;UIDVALIDITY={}/;UID=1;URLAUTH=anonymous", placed.uid_validity + 1);
    assert!(alice.fails(&format!("GENURLAUTH \"{other}\" INTERNAL")).await.starts_with("NO [BADURL "));
    assert!(alice.fails(&format!("GENURLAUTH \"{RUMP};URLAUTH=anonymous\" XSAMPLE")).await.starts_with("BAD"));
    // It can be made for a submission server, and no login is one.
    let submit = authorize(&mut alice, &format!("{RUMP};URLAUTH=submit+alice%40example.org")).await;
    assert_eq!(fetch(&mut alice, &submit).await, "NIL");
    // A key goes with its mailbox.
    alice.ok("CREATE Gone").await;
    assert!(alice.append("Gone", b"Subject: x\r\n\r\nx\r\n").await.starts_with("OK"));
    let gone = authorize(&mut alice, "imap://alice%40example.org@h/Gone/;UID=1;URLAUTH=anonymous").await;
    assert_ne!(fetch(&mut bob, &gone).await, "NIL");
    alice.ok("DELETE Gone").await;
    alice.ok("CREATE Gone").await;
    assert!(alice.append("Gone", b"Subject: y\r\n\r\ny\r\n").await.starts_with("OK"));
    assert_eq!(fetch(&mut bob, &gone).await, "NIL");
    // What is too much at once is said.
    assert_eq!(fetch(&mut bob, "nonsense").await, "NIL");
}

#[tokio::test]
async fn a_part_is_shown_decoded_and_described() {
    let room = Room::open().await;
    room.deliver(b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--b--\r\n").await;
    let mut alice = room.login("alice").await;
    let part = authorize(&mut alice, &format!("{RUMP}/;SECTION=2;URLAUTH=authuser")).await;
    // RFC 5524 §3.2, its second example.
    alice.send(format!("u URLFETCH (\"{part}\" BODYPARTSTRUCTURE BINARY)\r\n")).await;
    let told = alice.until("u").await;
    let structure = "(\"image\" \"png\" NIL NIL NIL \"base64\" 8 NIL NIL NIL NIL)";
    assert_eq!(
        told[0].to_ascii_lowercase(),
        format!("* URLFETCH \"{part}\" (BODYPARTSTRUCTURE {structure}) (BINARY ~{{4}}\r\n\0\u{1}\u{2}\u{3})").to_ascii_lowercase()
    );
    let told = alice.ok(&format!("URLFETCH (\"{part}\" BODY) (\"{part}0\" BINARY)")).await;
    assert_eq!(told, [format!("* URLFETCH \"{part}\" (BODY \"AAECAw==\")"), format!("* URLFETCH \"{part}0\" NIL")]);
    // Something of a part is not encoded, and no part.
    let header = authorize(&mut alice, &format!("{RUMP}/;SECTION=2.MIME;URLAUTH=authuser")).await;
    assert_eq!(
        alice.ok(&format!("URLFETCH (\"{header}\" BODYPARTSTRUCTURE BINARY)")).await,
        [format!("* URLFETCH \"{header}\" (BINARY NIL)")]
    );
    assert_eq!(alice.ok(&format!("URLFETCH (\"{header}\" BODYPARTSTRUCTURE)")).await, [format!("* URLFETCH \"{header}\" NIL")]);
}
