//! Thunderbird's dialogue: what it says when it opens an account, reads, deletes, waits and sends.

use postern_tests::{manifests::sample_password, smtp::base64, transcript};

use super::{ALICE, deliver, server, subjects};

#[test]
fn thunderbird_opens_an_account_reads_deletes_and_waits() {
    let server = server();
    for subject in ["one", "two", "three"] {
        deliver(&server, subject);
    }
    let plain = base64(format!("\0{ALICE}\0{}", sample_password("alice")).as_bytes());
    transcript::play(server.address("imap"), include_str!("thunderbird_imap.txt"), &[("plain", &plain)]);
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["one", "three"]);
    assert_eq!(subjects(&server, ALICE, "Trash"), ["two"]);

    transcript::play(server.address("submission"), include_str!("thunderbird_smtp.txt"), &[("plain", &plain)]);
    assert_eq!(subjects(&server, "bob@example.net", "INBOX"), ["Sent by Thunderbird"]);
}
