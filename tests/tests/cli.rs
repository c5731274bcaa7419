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
    assert!(server.answer(&["trace", "nobody@nowhere.test"]).contains("Nothing found"));
}

#[test]
fn queue_shows_retries_and_gives_up() {
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
    let _ = server.answer(&["queue", "drop", &one]);
    let _ = server.answer(&["queue", "bounce", &two]);
    postern_tests::eventually("both are gone", || {
        let listed = server.answer(&["queue"]);
        if listed.contains("Nothing found") { Ok(()) } else { Err(listed) }
    });
    let mut imap = Imap::login(server.address("imap"), "alice@example.org", &sample_password("alice")).unwrap();
    postern_tests::eventually("one notice comes back, for what was given up with a word", || {
        let bounced = imap.header_fields("INBOX", "X-Failed-Recipients").len();
        if bounced == 1 { Ok(()) } else { Err(format!("{bounced}")) }
    });
    let notice = imap.ok("FETCH 1 BODY.PEEK[]").untagged.concat();
    assert!(notice.contains("two@sink.test") && !notice.contains("one@sink.test"), "{notice}");
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
