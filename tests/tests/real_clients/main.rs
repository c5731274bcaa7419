//! Clients that people use, each against the real server: what they send is taken, what they read is what was sent.
//!
//! A client that is not installed is left out, and says so; where `CI` is set it must be there.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

mod curl;
mod deflate;
mod dialogues;
mod fetchmail;
mod imaplib;
mod mbsync;
mod mutt;
mod offlineimap;
mod swaks;
mod thunderbird;

use postern_tests::{
    Server, Site, TestDatabase,
    imap::Imap,
    manifests::{Manifests, sample_password},
    smtp::Smtp,
};

const ALICE: &str = "alice@example.org";

/// A server with the examples: alice@example.org and bob@example.net.
fn server() -> Server {
    let site = Site::new(TestDatabase::sqlite(), Manifests::examples()).with("hostname", "localhost");
    Server::start(&site)
}

/// What clients are given to trust.
fn authority(server: &Server) -> String {
    server.data().join("tls/ca.pem").to_string_lossy().into_owned()
}

/// Puts a message into alice's inbox.
fn deliver(server: &Server, subject: &str) {
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    let message = format!(
        "From: Zoe <zoe@elsewhere.test>\nTo: {ALICE}\nSubject: {subject}\nMessage-ID: <{subject}@elsewhere.test>\n\nbody of {subject}\n"
    );
    let reply = smtp.deliver("zoe@elsewhere.test", &[ALICE], &message).unwrap();
    assert!(reply.accepts(), "{reply:?}");
}

/// A look into a box by other eyes than the client's.
fn look(server: &Server, user: &str) -> Imap {
    let name = user.split('@').next().unwrap();
    Imap::login(server.address("imap"), user, &sample_password(name)).unwrap()
}

/// The subjects in a folder.
fn subjects(server: &Server, user: &str, folder: &str) -> Vec<String> {
    look(server, user).header_fields(folder, "Subject")
}
