//! The door for other servers relays for nobody, however the address is written.

use postern_tests::{manifests::PASSWORD, smtp::Smtp};

#[test]
fn a_stranger_relays_nowhere() {
    let server = super::server();
    let mut smtp = Smtp::greet(server.address("mx")).unwrap();
    for from in ["stranger@elsewhere.test", "one@here.test", ""] {
        for to in [
            "victim@elsewhere.test",
            "victim%elsewhere.test@here.test",
            "elsewhere.test!victim@here.test",
            "\"victim@elsewhere.test\"@here.test",
            "\"victim%elsewhere.test\"@here.test",
            "victim@elsewhere.test@here.test",
            "victim@[127.0.0.1]",
            "victim@localhost",
            "victim",
            "@here.test:victim@elsewhere.test",
            "@elsewhere.test,@here.test:victim@elsewhere.test",
            "victim@elsewhere.test.",
        ] {
            assert!(smtp.command(&format!("MAIL FROM:<{from}>")).unwrap().accepts());
            let reply = smtp.command(&format!("RCPT TO:<{to}>")).unwrap();
            assert!((500..600).contains(&reply.code), "from <{from}> to <{to}>: {reply:?}");
            assert!(smtp.command("RSET").unwrap().accepts());
        }
    }
    // RFC 5321 §3.6.1: a source route is ignored, and what is at its end counts.
    assert!(smtp.command("MAIL FROM:<a@elsewhere.test>").unwrap().accepts());
    assert!(smtp.command("RCPT TO:<@relay.test:one@here.test>").unwrap().accepts());
}

#[test]
fn nobody_submits_without_a_login_or_under_another_name() {
    let server = super::server();
    let mut stranger = Smtp::greet(server.address("submission")).unwrap();
    let reply = stranger.command("MAIL FROM:<one@here.test>").unwrap();
    assert_eq!(reply.code, 530, "{reply:?}");

    let mut user = Smtp::login(server.address("submission"), "one@here.test", PASSWORD).unwrap();
    let reply = user.deliver("other@here.test", &["one@here.test"], "From: other@here.test\n\n").unwrap();
    assert!((500..600).contains(&reply.code), "the envelope: {reply:?}");
    let reply = user.deliver("one@here.test", &["one@here.test"], "From: boss@here.test\n\n").unwrap();
    assert!((500..600).contains(&reply.code), "the header: {reply:?}");
    let reply = user.deliver("one@here.test", &["one@here.test"], "From: one@here.test\n\n").unwrap();
    assert!(reply.accepts(), "{reply:?}");
}

/// The header of the PROXY protocol is for those who are listed: from anybody else it is the end of the connection.
#[test]
fn a_forged_proxy_header_gives_no_other_address() {
    let server = super::server();
    for forged in
        [&b"PROXY TCP4 10.0.0.1 127.0.0.1 4711 25\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\0\0\x01\x7f\0\0\x01\x12\x67\0\x19"]
    {
        let mut smtp = Smtp::unheard(server.address("mx")).unwrap();
        smtp.send(forged).unwrap();
        let heard: Vec<u16> = (0..2).map_while(|_| smtp.reply().ok()).map(|reply| reply.code).collect();
        assert!(heard.iter().all(|code| *code == 220 || *code >= 500), "{heard:?}");
        // It may be gone by now.
        let _ = smtp.send(b"EHLO forger.test\r\n");
        assert!(smtp.reply().is_err(), "{heard:?}");
    }
}
