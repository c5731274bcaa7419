//! Python's imaplib and smtplib, by a script that fails at the first surprise.

use std::process::Command;

use postern_tests::{manifests::sample_password, tools};

use super::{ALICE, authority, server, subjects};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_clients/imaplib_story.py");

#[test]
fn imaplib_reads_writes_moves_searches_and_waits() {
    let Some(python) = tools::find("python3") else { return };
    let server = server();
    let port = |listener: &str| server.address(listener).port().to_string();
    let mut story = Command::new(python);
    story.arg(SCRIPT).args([&port("imap"), &port("imaps"), &port("mx"), &port("submissions")]);
    tools::run(story.args([ALICE, &sample_password("alice"), &authority(&server)]), "");
    assert_eq!(subjects(&server, ALICE, "Kept"), ["second", "first"]);
}
