//! What programs say that cannot be run here, as a dialogue each: Apple Mail, Outlook, K-9, aerc, Roundcube, imapsync.

use postern_tests::{manifests::sample_password, smtp::base64, transcript};

use super::{ALICE, deliver, server, subjects};

/// Three messages, the dialogue, and what it leaves in the inbox and in the bin.
fn play(dialogue: &str, bin: &[&str]) {
    let server = server();
    for subject in ["one", "two", "three"] {
        deliver(&server, subject);
    }
    let password = sample_password("alice");
    let plain = base64(format!("\0{ALICE}\0{password}").as_bytes());
    transcript::play(server.address("imap"), dialogue, &[("plain", &plain), ("user", ALICE), ("password", &password)]);
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["one", "three"]);
    assert_eq!(subjects(&server, ALICE, "Trash"), bin);
}

#[test]
fn apple_mail_lists_reads_files_and_waits() {
    play(include_str!("apple_mail_imap.txt"), &["two"]);
}

#[test]
fn outlook_synchronises_deletes_and_files_what_it_sent() {
    play(include_str!("outlook_imap.txt"), &["two"]);
}

#[test]
fn k9_lists_by_search_and_loads_in_parts() {
    play(include_str!("k9_imap.txt"), &["two"]);
}

#[test]
fn aerc_threads_reads_and_moves() {
    play(include_str!("aerc_imap.txt"), &["two"]);
}

#[test]
fn roundcube_sorts_searches_and_counts() {
    play(include_str!("roundcube_imap.txt"), &["two"]);
}

#[test]
fn imapsync_compares_carries_over_and_deletes() {
    play(include_str!("imapsync_imap.txt"), &["two"]);
}
