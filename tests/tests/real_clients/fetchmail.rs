//! fetchmail empties a box into a program.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use postern_tests::{manifests::sample_password, temp::TempFolder, tools};

use super::{ALICE, authority, deliver, server, subjects};

#[test]
fn fetchmail_takes_what_is_new_and_leaves_the_rest() {
    let Some(program) = tools::find("fetchmail") else { return };
    let server = server();
    let folder = TempFolder::new();
    let at = folder.path().display();
    for subject in ["one", "two"] {
        deliver(&server, subject);
    }
    let rc = folder.path().join("fetchmailrc");
    let settings = format!(
        "poll localhost protocol IMAP port {port} username \"{ALICE}\" password \"{password}\" \
         ssl sslcertck sslcertfile \"{authority}\" mda \"cat >> {at}/taken\" KEEP\n",
        port = server.address("imaps").port(),
        password = sample_password("alice"),
        authority = authority(&server),
    );
    let fetch = |keep: &str| {
        fs::write(&rc, settings.replace("KEEP", keep)).unwrap();
        fs::set_permissions(&rc, fs::Permissions::from_mode(0o600)).unwrap();
        let mut fetchmail = Command::new(&program);
        fetchmail.env("HOME", folder.path()).env("FETCHMAILHOME", folder.path()).env("USER", "alice");
        tools::output(fetchmail.arg("--fetchmailrc").arg(&rc).args(["--nodetach", "--nosyslog"]), "")
    };
    assert_eq!(fetch("keep").status.code(), Some(0));
    assert_eq!(taken(&folder), ["one", "two"]);
    assert_eq!(fetch("keep").status.code(), Some(1), "nothing is new");
    deliver(&server, "three");
    assert_eq!(fetch("nokeep").status.code(), Some(0));
    assert_eq!(taken(&folder), ["one", "two", "three"]);
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["one", "two"], "what was fetched now is gone, what was seen stays");
}

fn taken(folder: &TempFolder) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join("taken")).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("Subject: ")).map(str::to_owned).collect()
}
