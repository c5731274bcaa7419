//! A manifest is edited and the change is live, on every process, without a restart and without a word to anybody.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

use postern_tests::{
    PATIENCE, Server, Site, TestDatabase, eventually,
    imap::Imap,
    manifests::{Manifests, PASSWORD, group, mailbox},
    smtp::{Reply, Smtp},
};

#[test]
fn an_edit_is_live_on_sqlite() {
    let site = site(TestDatabase::sqlite());
    let server = Server::start(&site);
    edits_are_live(&site, &[&server]);
}

#[test]
fn an_edit_is_live_on_every_process_on_postgresql() {
    let site = site(TestDatabase::postgres());
    let one = Server::start_as(&site, "one", &[]);
    let two = Server::start_as(&site, "two", &["--roles", "mx,imap"]);
    edits_are_live(&site, &[&one, &two]);
}

fn edits_are_live(site: &Site, servers: &[&Server]) {
    for server in servers {
        assert_eq!(rcpt(server, "new@live.test").code, 550, "nobody yet");
        assert!(rcpt(server, "old-name@live.test").accepts());
    }
    // A new box accepts, and its owner can log in.
    site.manifests.write("new.yaml", &mailbox("new", "new@live.test"));
    each(servers, "the new box accepts", |server| accepted(&rcpt(server, "new@live.test")));
    each(servers, "its owner can log in", |server| {
        Imap::login(server.address("imap"), "new@live.test", PASSWORD).map(drop).map_err(|error| error.to_string())
    });
    // A removed alias refuses.
    site.manifests.remove("alias.yaml");
    each(servers, "the removed alias refuses", |server| refused(&rcpt(server, "old-name@live.test")));
    // A changed password counts, and the old one no longer does, remembered or not.
    site.manifests.edit("all.yaml", PASSWORD, "another-password");
    each(servers, "the new password counts", |server| {
        Imap::login(server.address("imap"), "one@live.test", "another-password").map(drop).map_err(|error| error.to_string())
    });
    each(servers, "the old password does not", |server| match Imap::login(server.address("imap"), "one@live.test", PASSWORD) {
        Ok(_) => Err("it still does".to_owned()),
        Err(error) if error.to_string().contains("AUTHENTICATIONFAILED") => Ok(()),
        Err(error) => Err(error.to_string()),
    });
}

#[test]
fn a_broken_manifest_is_told_and_stops_nothing_else() {
    let site = site(TestDatabase::sqlite());
    let server = Server::start(&site);
    let mark = server.log.mark();
    let broken = mailbox("broken", "broken@live.test").replace("auth:", "quota: 5 GB, auth:");
    site.manifests.write("broken.yaml", &broken);
    let told = server.log.wait_after(mark, PATIENCE, |line| line.contains("broken.yaml").then(|| line.to_owned()));
    let told = told.expect("the log names the file");
    assert!(told.contains("spec.quota") && told.contains("broken.yaml:"), "line and field: {told}");
    // What was there stays, and what is new beside it becomes live.
    assert!(rcpt(&server, "one@live.test").accepts());
    site.manifests.write("new.yaml", &mailbox("new", "new@live.test"));
    each(&[&server], "the box beside it accepts", |server| accepted(&rcpt(server, "new@live.test")));
    assert_eq!(rcpt(&server, "broken@live.test").code, 550);
    // Nothing is taken away while something does not parse; mended, both happens.
    site.manifests.remove("alias.yaml");
    site.manifests.write("broken.yaml", &mailbox("broken", "broken@live.test"));
    each(&[&server], "the mended box accepts", |server| accepted(&rcpt(server, "broken@live.test")));
    each(&[&server], "the removed alias refuses", |server| refused(&rcpt(server, "old-name@live.test")));
}

/// What is edited while nobody runs counts from the next start on.
#[test]
fn a_change_between_two_runs_is_live_at_the_second() {
    let site = site(TestDatabase::sqlite());
    let server = Server::start(&site);
    assert!(rcpt(&server, "old-name@live.test").accepts());
    assert!(server.terminate().success());
    site.manifests.remove("alias.yaml");
    site.manifests.write("new.yaml", &mailbox("new", "new@live.test"));
    let server = Server::start(&site);
    assert!(rcpt(&server, "new@live.test").accepts());
    assert_eq!(rcpt(&server, "old-name@live.test").code, 550);
}

fn site(database: TestDatabase) -> Site {
    let manifests = Manifests::of("live.test", &["one", "two"], "");
    manifests.write("alias.yaml", &group("old-name", "old-name@live.test", &["one@live.test"]));
    Site::new(database, manifests)
}

fn each(servers: &[&Server], what: &str, mut holds: impl FnMut(&Server) -> Result<(), String>) {
    for server in servers {
        eventually(what, || holds(server).map_err(|last| format!("{last}\n{:?}", server.log)));
    }
}

/// What a recipient is answered.
fn rcpt(server: &Server, address: &str) -> Reply {
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    assert!(smtp.command("MAIL FROM:<a@elsewhere.test>").unwrap().accepts());
    smtp.command(&format!("RCPT TO:<{address}>")).unwrap()
}

fn accepted(reply: &Reply) -> Result<(), String> {
    if reply.accepts() { Ok(()) } else { Err(format!("{reply:?}")) }
}

fn refused(reply: &Reply) -> Result<(), String> {
    if reply.code == 550 { Ok(()) } else { Err(format!("{reply:?}")) }
}
