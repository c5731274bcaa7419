//! swaks, at every door.

use std::{net::SocketAddr, path::PathBuf, process::Command};

use postern_tests::{manifests::sample_password, tools};

use super::{ALICE, authority, server, subjects};

fn swaks(program: &PathBuf, at: SocketAddr, subject: &str, to: &str) -> Command {
    let mut swaks = Command::new(program);
    swaks.args(["--server", "localhost", "--port", &at.port().to_string(), "--h-Subject", subject, "--to", to]);
    swaks
}

#[test]
fn swaks_reaches_a_box_an_alias_a_tag_a_catch_all_and_an_alias_domain() {
    let Some(program) = tools::find("swaks") else { return };
    let server = server();
    for (subject, to) in [
        ("box", ALICE),
        ("alias", "a.smith@example.org"),
        ("tag", "alice+shopping@example.org"),
        ("catch-all", "whoever@example.org"),
        ("alias-domain", "alice@example.com"),
    ] {
        tools::run(swaks(&program, server.address("mx"), subject, to).args(["--from", "zoe@elsewhere.test"]), "");
    }
    // A group: a copy for each member.
    tools::run(swaks(&program, server.address("mx"), "group", "sales@example.org").args(["--from", "zoe@elsewhere.test"]), "");
    assert_eq!(subjects(&server, ALICE, "INBOX"), ["box", "alias", "tag", "catch-all", "alias-domain", "group"]);
    assert_eq!(subjects(&server, "bob@example.net", "INBOX"), ["group"]);
    // Without a catch-all nobody is somebody.
    let refused =
        tools::output(swaks(&program, server.address("mx"), "nobody", "whoever@example.net").args(["--from", "zoe@elsewhere.test"]), "");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stdout).contains("550 5.1.1"), "{}", String::from_utf8_lossy(&refused.stdout));
}

#[test]
fn swaks_submits_over_starttls_and_over_tls() {
    let Some(program) = tools::find("swaks") else { return };
    let server = server();
    let password = sample_password("alice");
    for (listener, how) in [("submission", "--tls"), ("submissions", "--tls-on-connect")] {
        for mechanism in ["PLAIN", "LOGIN"] {
            let mut submit = swaks(&program, server.address(listener), &format!("{listener}-{mechanism}"), "bob@example.net");
            submit.args([how, "--tls-verify", "--tls-ca-path", &authority(&server), "--from", ALICE]);
            let told = tools::run(submit.args(["--auth", mechanism, "--auth-user", ALICE, "--auth-password", &password]), "");
            assert!(told.contains("=== TLS started"), "{told}");
        }
    }
    let arrived = subjects(&server, "bob@example.net", "INBOX");
    assert_eq!(arrived, ["submission-PLAIN", "submission-LOGIN", "submissions-PLAIN", "submissions-LOGIN"]);
    let mut wrong = swaks(&program, server.address("submissions"), "wrong", "bob@example.net");
    wrong.args(["--tls-on-connect", "--from", ALICE, "--auth", "PLAIN", "--auth-user", ALICE, "--auth-password", "not it"]);
    let refused = tools::output(&mut wrong, "");
    assert!(String::from_utf8_lossy(&refused.stdout).contains("535 5.7.8"), "{}", String::from_utf8_lossy(&refused.stdout));
}
