//! mutt opens the box, reads a message, and sends one.

use std::{fs, process::Command};

use postern_tests::{manifests::sample_password, temp::TempFolder, tools};

use super::{ALICE, authority, deliver, look, server, subjects};

#[test]
fn mutt_reads_marks_deletes_and_sends() {
    let (Some(program), Some(script)) = (tools::find("mutt"), tools::find("script")) else { return };
    let server = server();
    deliver(&server, "to-read");
    deliver(&server, "to-delete");
    let folder = TempFolder::new();
    let at = folder.path().display();
    let (user, password) = (ALICE.replace('@', "\\@"), sample_password("alice"));
    let settings = format!(
        "set folder=\"imaps://localhost:{imaps}/\" spoolfile=\"+INBOX\" imap_user=\"{ALICE}\" imap_pass=\"{password}\"\n\
         set smtp_url=\"smtps://{user}@localhost:{smtps}/\" smtp_pass=\"{password}\" smtp_authenticators=plain\n\
         set ssl_force_tls=yes ssl_ca_certificates_file=\"{authority}\" ssl_verify_host=yes\n\
         set from=\"{ALICE}\" realname=\"Alice\" use_envelope_from=yes record=\"+Sent\" copy=yes confirmcreate=no\n\
         set quit=yes delete=yes wait_key=no mark_old=no header_cache=\"\" tmpdir=\"{at}\" mail_check=3600\n",
        imaps = server.address("imaps").port(),
        smtps = server.address("submissions").port(),
        authority = authority(&server),
    );
    let rc = folder.path().join("muttrc");
    fs::write(&rc, settings).unwrap();

    // It needs a terminal, which script gives it; what would be typed is pushed.
    let read = format!(
        "{} -n -F {} -e 'push \"<first-entry><pipe-message>cat > {at}/read<enter><next-entry><delete-message><quit>\"'",
        program.display(),
        rc.display()
    );
    // It asks a person when something surprises it.
    let mut typed = Command::new("timeout");
    typed.arg("60").arg(&script).args(["-qec", &read, "/dev/null"]).env("TERM", "xterm").env("HOME", folder.path());
    let shown = tools::run(&mut typed, "");
    let text = fs::read_to_string(folder.path().join("read")).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert!(text.contains("Subject: to-read") && text.contains("body of to-read"), "{text}");
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["to-read"]);
    let mut imap = look(&server, ALICE);
    imap.ok("EXAMINE INBOX");

    let mut send = Command::new(&program);
    send.env("HOME", folder.path()).arg("-n").arg("-F").arg(&rc).args(["-s", "from-mutt", "bob@example.net"]);
    tools::run(&mut send, "Hello Bob\n");
    assert_eq!(subjects(&server, "bob@example.net", "INBOX"), ["from-mutt"]);
    assert_eq!(subjects(&server, ALICE, "Sent"), ["from-mutt"], "its copy");
}
