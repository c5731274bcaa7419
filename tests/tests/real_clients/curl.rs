//! curl, which speaks both protocols in one command each.

use std::{fs, process::Command};

use postern_tests::{manifests::sample_password, temp::TempFolder, tools};

use super::{ALICE, authority, deliver, server, subjects};

#[test]
fn curl_sends_appends_lists_searches_and_reads() {
    let Some(program) = tools::find("curl") else { return };
    let server = server();
    let folder = TempFolder::new();
    let file = folder.path().join("mail.eml");
    let login = format!("{ALICE}:{}", sample_password("alice"));
    let curl = |url: &str, more: &[&str]| {
        let mut curl = Command::new(&program);
        curl.args(["--silent", "--show-error", "--max-time", "60", "--ssl-reqd", "--cacert", &authority(&server), "--user", &login]);
        tools::run(curl.arg(url).args(more), "")
    };
    let url = |scheme: &str, listener: &str, path: &str| format!("{scheme}://localhost:{}{path}", server.address(listener).port());
    let upload = file.to_string_lossy().into_owned();

    fs::write(&file, format!("From: {ALICE}\r\nTo: bob@example.net\r\nSubject: by-curl\r\n\r\nx\r\n")).unwrap();
    for (scheme, listener) in [("smtp", "submission"), ("smtps", "submissions")] {
        curl(&url(scheme, listener, ""), &["--mail-from", ALICE, "--mail-rcpt", "bob@example.net", "--upload-file", &upload]);
    }
    assert_eq!(subjects(&server, "bob@example.net", "INBOX"), ["by-curl", "by-curl"]);

    deliver(&server, "delivered");
    curl(&url("imap", "imap", "/INBOX"), &["--upload-file", &upload]);
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["delivered", "by-curl"]);
    assert!(curl(&url("imaps", "imaps", "/"), &[]).contains("INBOX"));
    assert_eq!(curl(&url("imap", "imap", "/INBOX?SUBJECT%20by-curl"), &[]).trim(), "* SEARCH 2");
    let read = curl(&url("imaps", "imaps", "/INBOX;MAILINDEX=1"), &[]);
    assert!(read.contains("Subject: delivered\r\n") && read.ends_with("body of delivered\r\n"), "{read}");
}
