//! A client that compresses, by Python's zlib.

use std::process::Command;

use postern_tests::{manifests::sample_password, tools};

use super::{ALICE, authority, server};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_clients/deflate_story.py");

#[test]
fn zlib_speaks_with_us_in_the_clear_and_over_tls() {
    let Some(python) = tools::find("python3") else { return };
    let server = server();
    let port = |listener: &str| server.address(listener).port().to_string();
    let mut story = Command::new(python);
    story.arg(SCRIPT).args([&port("imap"), &port("imaps")]);
    tools::run(story.args([ALICE, &sample_password("alice"), &authority(&server)]), "");
}
