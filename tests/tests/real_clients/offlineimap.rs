//! OfflineIMAP keeps folders on disk and a box the same, both ways.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use postern_tests::{manifests::sample_password, temp::TempFolder, tools};

use super::{ALICE, authority, deliver, look, server, subjects};

#[test]
fn offlineimap_synchronises_both_ways() {
    let Some(program) = tools::find("offlineimap") else { return };
    let server = server();
    let folder = TempFolder::new();
    let rc = folder.path().join("offlineimaprc");
    let text = format!(
        "[general]\naccounts = postern\nmetadata = {at}/meta\n\n\
         [Account postern]\nlocalrepository = near\nremoterepository = far\n\n\
         [Repository near]\ntype = Maildir\nlocalfolders = {at}/mail\n\n\
         [Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = {port}\nremoteuser = {ALICE}\nremotepass = {password}\n\
         ssl = yes\nsslcacertfile = {authority}\nfolderfilter = lambda name: name == 'INBOX'\n",
        at = folder.path().display(),
        port = server.address("imaps").port(),
        password = sample_password("alice"),
        authority = authority(&server),
    );
    fs::write(&rc, text).unwrap();
    let sync = || {
        let mut offlineimap = Command::new(&program);
        tools::run(offlineimap.env("HOME", folder.path()).arg("-c").arg(&rc).args(["-o", "-u", "basic"]), "");
    };
    for subject in ["one", "two"] {
        deliver(&server, subject);
    }
    sync();
    assert_eq!(messages(folder.path()).len(), 2);

    // Here one is read; there one is flagged and another arrives.
    let one = messages(folder.path()).into_iter().find(|file| fs::read_to_string(file).unwrap().contains("Subject: one\n")).unwrap();
    let name = one.file_name().unwrap().to_string_lossy().into_owned();
    let base = name.split(":2,").next().unwrap();
    fs::rename(&one, folder.path().join("mail/INBOX/cur").join(format!("{base}:2,S"))).unwrap();
    let mut imap = look(&server, ALICE);
    imap.ok("SELECT INBOX");
    imap.ok("STORE 2 +FLAGS (\\Flagged)");
    deliver(&server, "three");
    sync();
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["one", "two", "three"]);
    imap.ok("NOOP");
    assert_eq!(imap.ok("SEARCH SEEN").untagged, ["SEARCH 1"]);
    let local = messages(folder.path());
    assert_eq!(local.len(), 3);
    assert!(local.iter().any(|file| file.to_string_lossy().ends_with(":2,F")), "{local:?}");
}

fn messages(folder: &Path) -> Vec<PathBuf> {
    let list = |name: &str| fs::read_dir(folder.join("mail/INBOX").join(name)).unwrap().flatten().map(|entry| entry.path());
    list("cur").chain(list("new")).collect()
}
