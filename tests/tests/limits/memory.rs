//! Nobody makes the server keep what it has not been allowed to send.

use std::io;

use postern_tests::{Server, imap::Imap, manifests::PASSWORD, smtp::Smtp};

/// Memory that a flood may cost: what allocators keep, and no flood.
const ROOM: u64 = 48 << 20;

#[test]
fn literals_before_a_login_are_refused_before_they_are_read() {
    let server = super::server();
    let before = warm(&server);
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut imap = Imap::connect(server.address("imap")).unwrap();
        let _: io::Result<()> = (|| {
            imap.send(b"a LOGIN {1048576+}\r\n")?;
            imap.send(&vec![b'x'; 1 << 20])
        })();
        held.push(imap);
    }
    assert_room(&server, before);
    let mut imap = Imap::connect(server.address("imap")).unwrap();
    let answer = imap.command("LOGIN {2000000000}").unwrap();
    assert_eq!(answer.status, "BAD", "no go-ahead for a literal of that size");
}

#[test]
fn literals_of_a_user_are_bounded_too() {
    let server = super::server();
    let before = warm(&server);
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut imap = Imap::login(server.address("imap"), "one@here.test", PASSWORD).unwrap();
        // Many literals in one command: together they are bounded as one is.
        let _: io::Result<()> = (|| {
            imap.send(b"a SEARCH")?;
            for _ in 0..1000 {
                imap.send(b" SUBJECT {4000+}\r\n")?;
                imap.send(&[b'x'; 4000])?;
            }
            imap.send(b"\r\n")
        })();
        held.push(imap);
    }
    assert_room(&server, before);
}

#[test]
fn lines_without_end_are_cut() {
    let server = super::server();
    let before = warm(&server);
    for port in ["mx", "submission", "imap"] {
        for _ in 0..20 {
            let Ok(mut raw) = Smtp::unheard(server.address(port)) else { continue };
            // The server may hang up while we are at it.
            let _ = (0..16).try_for_each(|_| raw.send(&[b'x'; 1 << 16]));
        }
    }
    assert_room(&server, before);
    assert!(Smtp::greet(server.address("mx")).is_ok());
}

/// What it needs after everything has been used once.
fn warm(server: &Server) -> u64 {
    let mut imap = Imap::login(server.address("imap"), "one@here.test", PASSWORD).unwrap();
    imap.ok("SELECT INBOX");
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    assert!(smtp.deliver("a@elsewhere.test", &["one@here.test"], "Subject: x\n\n").unwrap().accepts());
    server.resident()
}

fn assert_room(server: &Server, before: u64) {
    let now = server.resident();
    assert!(now < before + ROOM, "{} MiB more", (now - before) >> 20);
}
