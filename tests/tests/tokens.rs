//! Logins by the token of an OpenID issuer (RFC 7628), under IMAP and submission, by the real program over real sockets.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

use std::process::{Command, Stdio};

use postern_core::{Clock, SystemClock};
use postern_tests::{
    Server, Site, TestDatabase,
    imap::Imap,
    issuer::{self, Alg, Issuer},
    manifests::Manifests,
    server::http_get,
    smtp::{Smtp, base64},
    tools,
};
use serde_json::{Value, json};

const ALICE: &str = "alice@token.test";

/// A second box, which is tied to one subject and has no password, and a second domain, for which nobody speaks.
const MORE: &str = "---\napiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata: {name: olga, namespace: acme}\n\
    spec: {address: olga@token.test, auth: {oidc: {subject: id-of-olga@token.test}}}\n\
    ---\napiVersion: postern.dev/v1alpha1\nkind: Domain\nmetadata: {name: other, namespace: acme}\nspec: {domain: other.test}\n\
    ---\napiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata: {name: eve, namespace: acme}\n\
    spec: {address: eve@other.test, aliases: [eve@token.test], auth: {passwordSecretRef: {name: passwords, key: all}}}\n";

fn site(issuer: &Issuer) -> Site {
    let manifests = Manifests::of("token.test", &["alice", "bob"], MORE);
    Site::new(TestDatabase::sqlite(), manifests).with("oidc.trust", format!("token.test={}", issuer.url)).with("oidc.audience", "postern")
}

fn now() -> i64 {
    SystemClock.now().secs()
}

fn token(issuer: &Issuer, email: &str) -> String {
    issuer.sign(Alg::Rs256, &issuer.claims(email, "postern", now()))
}

fn bearer(user: &str, token: &str) -> String {
    base64(format!("n,a={user},\u{1}host=token.test\u{1}port=143\u{1}auth=Bearer {token}\u{1}\u{1}").as_bytes())
}

fn xoauth2(user: &str, token: &str) -> String {
    base64(format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}").as_bytes())
}

/// AUTHENTICATE with an initial response: what the client was told before the end, and the end.
fn authenticate(client: &mut Imap, mechanism: &str, response: &str) -> (Option<String>, String) {
    let tag = client.begin(&format!("AUTHENTICATE {mechanism} {response}")).unwrap();
    let line = client.response().unwrap();
    let Some(challenge) = line.strip_prefix("+ ") else { return (None, line[tag.len() + 1..].to_owned()) };
    client.send(if mechanism == "XOAUTH2" { b"\r\n" } else { b"AQ==\r\n" }).unwrap();
    let answer = client.finish(&tag).unwrap();
    (Some(challenge.to_owned()), format!("{} {}", answer.status, answer.text))
}

#[test]
fn a_token_opens_the_box_that_it_names() {
    let issuer = Issuer::start();
    let site = site(&issuer);
    let server = Server::start(&site);
    let (imap, submission) = (server.address("imap"), server.address("submission"));

    let mut client = Imap::connect(imap).unwrap();
    assert!(client.ok("CAPABILITY").untagged[0].contains(" AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=PLAIN "));
    for alg in Alg::ALL {
        let token = issuer.sign(alg, &issuer.claims(ALICE, "postern", now()));
        for (mechanism, response) in [("OAUTHBEARER", bearer(ALICE, &token)), ("XOAUTH2", xoauth2(ALICE, &token))] {
            let mut client = Imap::connect(imap).unwrap();
            let (_, answer) = authenticate(&mut client, mechanism, &response);
            assert!(answer.starts_with("OK [CAPABILITY IMAP4rev2"), "{alg:?} {mechanism}: {answer}");
            assert!(client.ok("SELECT INBOX").text.contains("READ-WRITE"));
        }
    }
    assert_eq!(issuer.asked("/certs"), 1);

    // And sends by it, as itself and as nobody else.
    let mut client = Smtp::greet(submission).unwrap();
    let greeted = client.command("EHLO client.test").unwrap();
    assert!(greeted.lines.contains(&"AUTH OAUTHBEARER XOAUTH2 PLAIN LOGIN".to_owned()), "{greeted:?}");
    let reply = client.command(&format!("AUTH XOAUTH2 {}", xoauth2(ALICE, &token(&issuer, ALICE)))).unwrap();
    assert_eq!(reply.code, 235, "{reply:?}");
    assert_eq!(client.command("MAIL FROM:<bob@token.test>").unwrap().code, 550);
    let message = format!("From: {ALICE}\r\nSubject: by token\r\n\r\nHello.\r\n");
    assert!(client.deliver(ALICE, &["bob@token.test"], &message).unwrap().accepts());

    // Without an initial response, and without a name beside the token.
    let mut client = Smtp::greet(submission).unwrap();
    assert_eq!(client.command("AUTH OAUTHBEARER").unwrap().code, 334);
    let nameless = base64(format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", token(&issuer, ALICE)).as_bytes());
    assert_eq!(client.command(&nameless).unwrap().code, 235);

    // A box that is tied to a subject.
    let mut claims = issuer.claims("olga@token.test", "postern", now());
    let (_, answer) =
        authenticate(&mut Imap::connect(imap).unwrap(), "OAUTHBEARER", &bearer("olga@token.test", &issuer.sign(Alg::EdDsa, &claims)));
    assert!(answer.starts_with("OK "), "{answer}");
    claims["sub"] = "somebody-else".into();
    let (_, answer) =
        authenticate(&mut Imap::connect(imap).unwrap(), "OAUTHBEARER", &bearer("olga@token.test", &issuer.sign(Alg::EdDsa, &claims)));
    assert!(answer.starts_with("NO [AUTHENTICATIONFAILED]"), "{answer}");
}

#[test]
fn what_will_not_do_is_told_why_and_where_to_get_better() {
    let issuer = Issuer::start();
    let site = site(&issuer).with("oidc.scope", "mail");
    let server = Server::start(&site);
    let expired = {
        let mut claims = issuer.claims(ALICE, "postern", now() - 7200);
        claims["nbf"] = Value::Null;
        issuer.sign(Alg::Es256, &json!({"iss": claims["iss"], "aud": "postern", "exp": claims["exp"], "email": ALICE, "scope": "mail"}))
    };
    let elsewhere = issuer.sign(Alg::Es256, &issuer.claims(ALICE, "another-service", now()));
    for (user, token) in [
        (ALICE, expired),
        (ALICE, elsewhere),
        (ALICE, String::new()),
        (ALICE, "opaque".to_owned()),
        // Signed well, by an issuer that has no word in that domain, though the box has an address in its own.
        ("eve@other.test", token(&issuer, "eve@other.test")),
        ("eve@token.test", token(&issuer, "eve@token.test")),
        ("nobody@token.test", token(&issuer, "nobody@token.test")),
    ] {
        let mut client = Imap::connect(server.address("imap")).unwrap();
        let (told, answer) = authenticate(&mut client, "OAUTHBEARER", &bearer(user, &token));
        let told = told.unwrap_or_else(|| panic!("no reason for {user} {token}: {answer}"));
        assert!(answer.starts_with("NO [AUTHENTICATIONFAILED]"), "{user}: {answer}");
        let configuration = format!("{}/.well-known/openid-configuration", issuer.url);
        let mut expected = json!({"status": "invalid_token", "scope": "mail", "openid-configuration": configuration});
        if user == "eve@other.test" {
            expected.as_object_mut().unwrap().remove("openid-configuration");
        }
        assert_eq!(decoded(&told), expected, "{user}");
    }
    // Somebody else's token, which is good: no reason to fetch another.
    let (told, answer) =
        authenticate(&mut Imap::connect(server.address("imap")).unwrap(), "OAUTHBEARER", &bearer("bob@token.test", &token(&issuer, ALICE)));
    assert_eq!(told, None);
    assert!(answer.starts_with("NO [AUTHORIZATIONFAILED]"), "{answer}");

    let mut client = Smtp::greet(server.address("submission")).unwrap();
    let reply = client.command(&format!("AUTH XOAUTH2 {}", xoauth2(ALICE, "opaque"))).unwrap();
    assert_eq!(reply.code, 334);
    assert_eq!(decoded(&reply.lines[0]), json!({"status": "401", "schemes": "bearer", "scope": "mail"}));
    assert_eq!(client.command("").unwrap().code, 535);
    // The connection serves on.
    assert_eq!(client.command(&format!("AUTH XOAUTH2 {}", xoauth2(ALICE, &token(&issuer, ALICE)))).unwrap().code, 235);

    let trail = server.answer(&["trace", ALICE]);
    assert!(trail.contains("token_audience") && trail.contains("token_expired"), "{trail}");
    assert!(!format!("{:?}", server.log).contains("eyJ"), "a token stands in the log");
}

#[test]
fn an_issuer_that_is_away_is_a_matter_of_time() {
    let issuer = Issuer::start();
    let server = Server::start(&site(&issuer));
    issuer.away(true);
    let good = token(&issuer, ALICE);
    for _ in 0..30 {
        let (told, answer) = authenticate(&mut Imap::connect(server.address("imap")).unwrap(), "OAUTHBEARER", &bearer(ALICE, &good));
        assert_eq!(told, None);
        assert!(answer.starts_with("NO [UNAVAILABLE]"), "never throttled: {answer}");
    }
    let mut client = Smtp::greet(server.address("submission")).unwrap();
    assert_eq!(client.command(&format!("AUTH OAUTHBEARER {}", bearer(ALICE, &good))).unwrap().code, 454);
    assert_eq!(issuer.asked("openid-configuration"), 1, "it is left in peace");
    // Passwords are another matter.
    Imap::login(server.address("imap"), ALICE, postern_tests::manifests::PASSWORD).unwrap();
    let metrics = http_get(server.address("health"), "/metrics").unwrap().1;
    assert!(metrics.contains("unavailable"), "{metrics}");
}

#[test]
fn a_token_that_is_taken_back_opens_nothing_more_where_the_issuer_is_asked() {
    let issuer = Issuer::start();
    let (id, secret) = issuer::CLIENT;
    let server = Server::start(&site(&issuer).with("oidc.clients", format!("{}={id}:{secret}", issuer.url)));
    issuer.grant("opaque-1", json!({"aud": "postern", "email": ALICE, "exp": now() + 60}));
    let login = || authenticate(&mut Imap::connect(server.address("imap")).unwrap(), "XOAUTH2", &xoauth2(ALICE, "opaque-1")).1;
    assert!(login().starts_with("OK "));
    issuer.revoke("opaque-1");
    assert!(login().starts_with("NO [AUTHENTICATIONFAILED]"));
    assert_eq!(issuer.asked("/certs"), 0);
}

/// A client that was not written by us, by both mechanisms and both doors.
#[test]
fn curl_logs_in_by_token() {
    let Some(curl) = tools::find("curl") else { return };
    let issuer = Issuer::start();
    let server = Server::start(&site(&issuer));
    let token = token(&issuer, ALICE);
    let run = |mechanism: &str, url: String, more: &[&str]| {
        let mut command = Command::new(&curl);
        command.args(["-sS", "--max-time", "60", "-u", &format!("{ALICE}:"), "--oauth2-bearer", &token]);
        command.args(["--login-options", &format!("AUTH={mechanism}"), &url]).args(more).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{mechanism} {url}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let message = server.data().join("message");
    std::fs::write(&message, format!("From: {ALICE}\r\nSubject: by curl\r\n\r\nHello.\r\n")).unwrap();
    for mechanism in ["OAUTHBEARER", "XOAUTH2"] {
        let sent = ["--mail-from", ALICE, "--mail-rcpt", ALICE, "-T", message.to_str().unwrap()];
        run(mechanism, format!("smtp://{}", server.address("submission")), &sent);
        assert!(run(mechanism, format!("imap://{}/INBOX;MAILINDEX=1", server.address("imap")), &[]).contains("Subject: by curl"));
    }
}

/// The JSON of a challenge.
fn decoded(challenge: &str) -> Value {
    let six = |c: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|x| *x == c);
    let sixes: Vec<u32> = challenge.bytes().filter_map(six).map(|six| u32::try_from(six).unwrap()).collect();
    let whole = sixes.chunks(4).flat_map(|chunk| {
        let bits = chunk.iter().fold(0_u32, |bits, six| (bits << 6) | six) << (6 * (4 - chunk.len()));
        bits.to_be_bytes().into_iter().skip(1).take(chunk.len() * 3 / 4)
    });
    serde_json::from_slice(&whole.collect::<Vec<_>>()).unwrap()
}
