//! mbsync keeps a folder on disk and a box the same, both ways.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use postern_tests::{Server, manifests::sample_password, temp::TempFolder, tools};

use super::{ALICE, authority, deliver, look, server, subjects};

#[test]
fn mbsync_synchronises_both_ways() {
    let Some(program) = tools::find("mbsync") else { return };
    let server = server();
    let folder = TempFolder::new();
    let sync = || {
        tools::run(Command::new(&program).arg("-c").arg(settings(&server, folder.path())).arg("-a"), "");
    };
    for subject in ["one", "two", "three"] {
        deliver(&server, subject);
    }
    sync();
    let local = messages(folder.path());
    assert_eq!(local.len(), 3);
    assert!(fs::read_to_string(&local[0]).unwrap().contains("body of "));

    // Here: one is new, one is read, one is deleted. There: one is flagged and one more arrives.
    fs::write(folder.path().join("mail/INBOX/new/1.written.here"), "From: alice@example.org\nSubject: written-here\n\nx\n").unwrap();
    let find = |subject: &str| {
        let all = messages(folder.path()).into_iter();
        all.into_iter().find(|file| fs::read_to_string(file).unwrap().contains(&format!("Subject: {subject}\n"))).unwrap()
    };
    mark(&find("one"), "S");
    mark(&find("two"), "T");
    let mut imap = look(&server, ALICE);
    imap.ok("SELECT INBOX");
    imap.ok("STORE 3 +FLAGS (\\Flagged)");
    deliver(&server, "four");
    sync();
    let mut there = subjects(&server, ALICE, "INBOX");
    there.sort();
    assert_eq!(there, ["four", "one", "three", "written-here"]);
    imap.ok("NOOP");
    let seen = imap.ok("UID SEARCH SEEN").untagged;
    assert!(seen.contains(&"SEARCH 1".to_owned()), "{seen:?}");
    let flags = |subject: &str| find(subject).to_string_lossy().rsplit(",").next().unwrap().to_owned();
    assert!(flags("three").contains('F'), "{}", flags("three"));
    assert_eq!(messages(folder.path()).len(), 4);
    // Nothing is left to do.
    let before = messages(folder.path());
    sync();
    assert_eq!(messages(folder.path()), before);
}

fn settings(server: &Server, folder: &Path) -> PathBuf {
    fs::create_dir_all(folder.join("mail")).unwrap();
    let text = format!(
        "IMAPAccount postern\nHost localhost\nPort {}\nUser {ALICE}\nPass {}\nSSLType IMAPS\nCertificateFile {}\n\n\
         IMAPStore far\nAccount postern\n\n\
         MaildirStore near\nPath {at}/mail/\nInbox {at}/mail/INBOX\nSubFolders Verbatim\n\n\
         Channel box\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Both\nExpunge Both\nSync All\nSyncState *\n",
        server.address("imaps").port(),
        sample_password("alice"),
        authority(server),
        at = folder.display(),
    );
    let path = folder.join("mbsyncrc");
    fs::write(&path, text).unwrap();
    path
}

/// The files of the messages on disk, in order.
fn messages(folder: &Path) -> Vec<PathBuf> {
    let list = |name: &str| fs::read_dir(folder.join("mail/INBOX").join(name)).unwrap().flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = list("cur").chain(list("new")).collect();
    all.sort();
    all
}

/// Sets a flag as programs on the same folder do: in the file's name.
fn mark(file: &Path, flag: &str) {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let base = name.split(":2,").next().unwrap();
    fs::rename(file, file.parent().unwrap().with_file_name("cur").join(format!("{base}:2,{flag}"))).unwrap();
}
