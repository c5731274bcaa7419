//! The command line as a user runs it, against a running server and without one.

use std::process::Command;

use postern_tests::{
    PATIENCE, Server, Site, TestDatabase, binary,
    imap::Imap,
    manifests::{Manifests, sample_password},
    sink::{Answer, Sink, Step},
    smtp::Smtp,
};

#[test]
fn get_shows_what_the_folder_holds() {
    let server = Server::start(&site(&Sink::new()));
    let domains = server.answer(&["get", "domains"]);
    assert!(domains.lines().next().is_some_and(|line| line.starts_with("N") && line.contains("READY")), "{domains}");
    assert!(domains.contains("example-org") && domains.contains("example-net"), "{domains}");
    let boxes = server.answer(&["get", "mailboxes"]);
    assert!(boxes.contains("alice@example.org") && boxes.contains("bob@example.net"), "{boxes}");
    for kind in ["aliases", "ippools", "brandings", "mailbox"] {
        assert!(server.answer(&["get", kind]).lines().count() > 1, "{kind}");
    }
    let yaml = server.answer(&["get", "domain", "example-org", "-o", "yaml"]);
    for part in ["kind: Domain", "status:", "conditions:", "type: Ready"] {
        assert!(yaml.contains(part), "{part}: {yaml}");
    }
    let json = server.answer(&["get", "mailbox", "alice", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json.to_string().contains("alice@example.org") && !json.to_string().contains(&sample_password("alice")), "{json}");
    assert!(server.answer(&["get", "mailboxes", "-n", "nobody"]).contains("Nothing found"));

    let unknown = server.ask(&["get", "unicorns"]);
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && told.contains("unicorns") && told.contains("mailboxes"), "{told}");
}

#[test]
fn trace_tells_what_became_of_a_message() {
    let sink = Sink::new();
    let server = Server::start(&site(&sink));
    let mut smtp = Smtp::login(server.address("submission"), "alice@example.org", &sample_password("alice")).unwrap();
    let message = "From: alice@example.org\nTo: bob@example.net\nMessage-ID: <traced@example.org>\nSubject: x\n\nx";
    let reply = smtp.deliver("alice@example.org", &["bob@example.net", "carol@sink.test"], message).unwrap();
    assert!(reply.accepts(), "{reply:?}");
    sink.wait(PATIENCE, |taken| taken.len() == 1).unwrap();
    postern_tests::eventually("the attempt is in the trail", || {
        let told = server.answer(&["trace", "<traced@example.org>"]);
        let whole = ["alice@example.org", "bob@example.net", "carol@sink.test", "250"].iter().all(|part| told.contains(part));
        if whole { Ok(()) } else { Err(told) }
    });
    let by_address = server.answer(&["trace", "carol@sink.test"]);
    assert!(by_address.contains("traced@example.org"), "{by_address}");
    let dialogue = server.answer(&["trace", "traced@example.org", "--dialogue"]);
    assert!(dialogue.contains("MAIL FROM:<alice@example.org>") && !dialogue.contains("AUTH PLAIN A"), "{dialogue}");
    let unknown = server.ask(&["trace", "nobody@nowhere.test"]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("nothing is known of nobody@nowhere.test"));
}

#[test]
fn queue_shows_holds_retries_and_drops() {
    let answer = |step: Step<'_>| match step {
        Step::Rcpt(_) => Answer::Say("451 4.7.1 come again".to_owned()),
        _ => Answer::Accept,
    };
    let sink = Sink::scripted(answer);
    let site = site(&sink);
    let server = Server::start(&site);
    assert!(server.answer(&["queue"]).contains("Nothing found"));
    let mut smtp = Smtp::login(server.address("submission"), "alice@example.org", &sample_password("alice")).unwrap();
    for recipient in ["one@sink.test", "two@sink.test"] {
        let message = format!("From: alice@example.org\nTo: {recipient}\nMessage-ID: <{recipient}>\nSubject: x\n\nx");
        assert!(smtp.deliver("alice@example.org", &[recipient], &message).unwrap().accepts());
    }
    let waiting = |recipient: &str| {
        postern_tests::eventually("an attempt was made", || {
            let listed = server.answer(&["queue"]);
            let line = listed.lines().find(|line| line.contains(recipient) && line.contains("451"));
            line.map(|line| line.split_whitespace().next().unwrap_or_default().to_owned()).ok_or(listed.clone())
        })
    };
    let (one, two) = (waiting("one@sink.test"), waiting("two@sink.test"));
    assert!(server.answer(&["queue", "--domain", "other.test"]).contains("Nothing found"));
    let _ = server.answer(&["queue", "retry", &one]);
    let _ = server.answer(&["queue", "hold", &two]);
    let listed = server.answer(&["queue"]);
    assert!(listed.lines().any(|line| line.starts_with(&two) && line.to_ascii_lowercase().contains("held")), "{listed}");
    let _ = server.answer(&["queue", "release", &two]);
    let _ = server.answer(&["queue", "drop", &one, &two]);
    assert!(server.answer(&["queue"]).contains("Nothing found"));
    let mut imap = Imap::login(server.address("imap"), "alice@example.org", &sample_password("alice")).unwrap();
    assert!(imap.header_fields("INBOX", "Subject").is_empty(), "dropped, and nobody is told");
    let unknown = server.ask(&["queue", "drop", "zzz"]);
    assert!(!unknown.status.success());
}

#[test]
fn a_backup_is_restored_on_another_machine_and_on_another_database() {
    let site = site(&Sink::new());
    let server = Server::start(&site);
    let alice = |server: &Server| Imap::login(server.address("imap"), "alice@example.org", &sample_password("alice")).unwrap();
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    let whole = "Subject: kept\n\nword for word\n";
    assert!(smtp.deliver("a@elsewhere.test", &["alice@example.org"], whole).unwrap().accepts());
    let before = alice(&server);
    let before = tell(before);
    let archive = site.scratch().join("backup");
    let _ = server.answer(&["backup", &archive.to_string_lossy()]);
    // What comes later is not in it.
    assert!(smtp.deliver("a@elsewhere.test", &["alice@example.org"], "Subject: later\n\n").unwrap().accepts());
    server.kill();

    for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
        let elsewhere = Site::new(database, Manifests::examples()).with("seal_key", site.scratch().join("seal.key").to_string_lossy());
        let restored = Server::tool(&elsewhere, "one", &["restore", &archive.to_string_lossy()]);
        assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
        let server = Server::start(&elsewhere);
        assert_eq!(tell(alice(&server)), before);
    }
}

/// Everything of a box that a client can see: its folders, and the messages of its inbox whole.
fn tell(mut imap: Imap) -> (Vec<String>, Vec<String>) {
    let mut folders = imap.ok("LIST \"\" *").untagged;
    folders.sort();
    imap.ok("EXAMINE INBOX");
    let messages = imap.ok("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])").untagged;
    (folders, messages)
}

#[test]
fn config_check_prints_what_holds_and_all_that_is_wrong() {
    let check = |arguments: &[&str]| {
        let output = Command::new(binary::postern()).args(["config", "check"]).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (good, text) = check(&["--listen", "mx=127.0.0.1:25"]);
    assert!(good && text.contains("mx = \"127.0.0.1:25\"") && text.contains("--listen mx=127.0.0.1:25"), "{text}");
    let (good, text) = check(&["--listen", "mx=25", "--roles", "cook"]);
    assert!(!good && text.contains("`25` is no address") && text.contains("`cook` is no role"), "{text}");
}

#[test]
fn without_a_server_the_cure_is_told() {
    let site = site(&Sink::new());
    let output = Command::new(binary::postern()).args(["queue", "--data"]).arg(site.scratch()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("postern serve"), "{told}");
}

fn site(sink: &Sink) -> Site {
    Site::new(TestDatabase::sqlite(), Manifests::examples())
        .with("outbound.static_mx", sink.for_domain("sink.test"))
        .with("outbound.schedule", "1h")
}
