//! Connections end to end over loopback: what a client sees of listener, driver, TLS, limits and drain.

mod line_protocol;

use std::time::Duration;

use line_protocol::{BLOCK, With, certificate, start};
use postern_net::{
    Phase, TlsVersion, Wait,
    gate::Limits,
    tls::{Certificates, PeerCertificate},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn pipelined_commands_are_answered_in_order() {
    let server = start(With::default());
    let mut client = server.connect().await;
    client.send("ECHO early\r\nECHO bird\r\nECHO wo").await;
    for line in ["HELLO", "early", "bird"] {
        client.expect(line).await;
    }
    client.send("rm\r\nQUIT\r\nECHO too late\r\n").await;
    client.expect("worm").await;
    client.expect("BYE").await;
    assert_eq!(client.line().await, None);
    drop(client);
    assert_eq!(server.ends().await, ["Session"]);
}

#[tokio::test]
async fn implicit_tls_and_starttls_agree_on_the_channel() {
    for implicit_tls in [true, false] {
        let server = start(With { implicit_tls, ..With::default() });
        let mut client = server.connect().await;
        if !implicit_tls {
            client.expect("HELLO").await;
            client.send("STARTTLS\r\n").await;
            client.expect("GO").await;
        }
        let (mut client, certificate) = client.start_tls(&server).await;
        assert_eq!(certificate, PeerCertificate::Verified);
        if implicit_tls {
            client.expect("HELLO").await;
        }
        client.send("ECHO secret\r\nWHO\r\n").await;
        client.expect("secret").await;
        assert!(client.line().await.unwrap().ends_with("tls true"));
        let tls = client.stream.tls().unwrap();
        assert_eq!(tls.version, TlsVersion::Tls13);
        assert!(tls.exporter.is_some());
        client.send("QUIT\r\n").await;
        client.expect("BYE").await;
        assert_eq!(client.line().await, None);
    }
}

/// RFC 3207 §6: a command behind STARTTLS in the clear must never be run as if it had come protected.
#[tokio::test]
async fn plaintext_behind_starttls_is_never_run() {
    let server = start(With::default());
    let mut client = server.connect().await;
    client.send("STARTTLS\r\nECHO injected\r\n").await;
    client.expect("HELLO").await;
    client.expect("GO").await;
    let (mut client, _) = client.start_tls(&server).await;
    client.send("ECHO mine\r\n").await;
    client.expect("mine").await;
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_sessions_run() {
    let server = start(With { implicit_tls: true, ..With::default() });
    let (mut before, certificate_before) = server.connect().await.start_tls(&server).await;
    before.expect("HELLO").await;
    let (chain, key) = certificate("mail.example.org");
    let mut set = Certificates::new();
    set.add(&["mail.example.org"], chain.as_bytes(), key.as_bytes()).unwrap();
    server.certificates.replace(set);
    let (_, certificate_after) = server.connect().await.start_tls(&server).await;
    assert_eq!(certificate_before, PeerCertificate::Verified);
    assert!(matches!(certificate_after, PeerCertificate::Unverified(_)), "the client trusts only the old one");
    before.send("ECHO still here\r\n").await;
    before.expect("still here").await;
}

#[tokio::test]
async fn the_server_speaks_without_being_asked() {
    let server = start(With::default());
    let mut client = server.connect().await;
    client.expect("HELLO").await;
    server.shared.bell.send_replace("mail".to_owned());
    client.expect("* mail").await;
    client.send("ECHO thanks\r\n").await;
    client.expect("thanks").await;
}

#[tokio::test]
async fn what_is_said_at_work_is_sent_at_once_and_not_behind_its_end() {
    let server = start(With::default());
    let mut client = server.connect().await;
    client.expect("HELLO").await;
    client.send("ECHO before\r\nWORK\r\n").await;
    // It goes past the answers that wait for the end of the work.
    client.expect("* at work").await;
    server.shared.bell.send_replace("enough".to_owned());
    client.expect("before").await;
    client.expect("worked").await;
    client.send("HASTE\r\nECHO done\r\n").await;
    client.expect("worked").await;
    client.expect("done").await;
}

#[tokio::test]
async fn a_long_answer_flows_as_fast_as_it_is_taken() {
    let server = start(With::default());
    let mut client = server.connect().await;
    client.expect("HELLO").await;
    client.send("BIG 100\r\nECHO done\r\n").await;
    let mut blocks = vec![0; 100 * BLOCK];
    client.stream.read_exact(&mut blocks).await.unwrap();
    assert!(blocks.iter().all(|b| *b == b'x'));
    client.expect("done").await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut() {
    let server = start(With { write_timeout: Some(Duration::from_millis(100)), ..With::default() });
    let mut client = server.connect().await;
    client.send("BIG 10000\r\n").await;
    client.expect("HELLO").await;
    assert_eq!(server.ends().await, ["SlowReader"]);
}

#[tokio::test]
async fn dripping_bytes_buys_no_time() {
    let wait = Wait { step: 0, timeout: Duration::from_millis(300), bytes: 1000 };
    let server = start(With { wait: Some(wait), ..With::default() });
    let mut client = server.connect().await;
    client.expect("HELLO").await;
    let (mut reader, mut writer) = tokio::io::split(client.stream);
    let drip = tokio::spawn(async move {
        while writer.write_all(b"E").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut heard = Vec::new();
    reader.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"LIMIT Time\r\n");
    drip.abort();
    assert_eq!(server.ends().await, ["Limit(Time)"]);
}

#[tokio::test]
async fn an_endless_line_ends_at_the_budget_but_many_lines_do_not() {
    let wait = Wait { step: 0, timeout: Duration::from_secs(60), bytes: 1000 };
    let server = start(With { wait: Some(wait), ..With::default() });
    let mut client = server.connect().await;
    client.expect("HELLO").await;
    client.send(&"ECHO x\r\n".repeat(1000)).await;
    for _ in 0..1000 {
        client.expect("x").await;
    }
    client.send(&"y".repeat(1001)).await;
    client.expect("LIMIT Bytes").await;
    assert_eq!(client.line().await, None);
}

#[tokio::test]
async fn drain_lets_the_transaction_in_hand_finish() {
    let server = start(With::default());
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    idle.expect("HELLO").await;
    busy.send("BEGIN\r\nECHO in\r\n").await;
    busy.expect("HELLO").await;
    busy.expect("in").await;
    server.drain.advance(Phase::NotReady);
    let mut late = server.connect().await;
    late.expect("HELLO").await;
    server.drain.advance(Phase::Finishing);
    idle.expect("BYE").await;
    late.expect("BYE").await;
    busy.send("ECHO still\r\nCOMMIT\r\n").await;
    for line in ["still", "COMMITTED", "BYE"] {
        busy.expect(line).await;
    }
    drop((idle, late, busy));
    server.serving.await.unwrap();
    let refused = postern_net::connect::connect(server.address, None, Duration::from_secs(5)).await;
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_stopped_listener_cuts_what_is_left() {
    let server = start(With::default());
    let mut busy = server.connect().await;
    busy.send("BEGIN\r\nECHO in\r\n").await;
    busy.expect("HELLO").await;
    busy.expect("in").await;
    server.drain.advance(Phase::Stopped);
    server.serving.await.unwrap();
    assert_eq!(busy.line().await, None);
    assert_eq!(server.drain.live(), 0);
}

#[tokio::test]
async fn too_many_connections_are_told_so() {
    for limits in [Limits { total: 1, ..Limits::default() }, Limits { per_client: 1, ..Limits::default() }] {
        let server = start(With { limits: Some(limits), ..With::default() });
        let mut first = server.connect().await;
        first.expect("HELLO").await;
        let mut second = server.connect().await;
        second.expect("FULL").await;
        assert_eq!(second.line().await, None);
        drop(first);
        server.drain.empty().await;
        server.connect().await.expect("HELLO").await;
    }
}

#[tokio::test]
async fn a_listed_proxy_names_the_client() {
    let server = start(With { proxies: vec!["127.0.0.0/8".parse().unwrap()], ..With::default() });
    let mut client = server.connect().await;
    client.send("PROXY TCP4 192.0.2.9 198.51.100.1 4711 25\r\nWHO\r\n").await;
    client.expect("HELLO").await;
    client.expect("192.0.2.9:4711 via Some(127.0.0.1) tls false").await;
    let mut silent = server.connect().await;
    silent.send("ECHO I am no proxy\r\n").await;
    assert_eq!(silent.line().await, None, "a listed peer must send a header");
}

#[tokio::test]
async fn nobody_else_may_send_a_proxy_header() {
    let server = start(With { proxies: vec!["10.0.0.0/8".parse().unwrap()], ..With::default() });
    let mut client = server.connect().await;
    client.send("PROXY TCP4 192.0.2.9 198.51.100.1 4711 25\r\nWHO\r\n").await;
    client.expect("HELLO").await;
    assert_eq!(client.line().await, None);
    assert_eq!(server.ends().await, ["ForgedProxyHeader"]);
}

/// Ten thousand idle clients are mostly this, ten thousand times.
#[tokio::test]
async fn an_idle_connection_is_small() {
    let server = start(With::default());
    let client = server.connect().await;
    let session = line_protocol::session(&server);
    let driving = postern_net::Driving::default();
    let idle = postern_net::drive::drive(client.stream, session, server.drain.enter(), &driving);
    let bytes = size_of_val(&idle) - size_of::<line_protocol::Lines>();
    assert!(bytes < 1536, "{bytes} bytes beside the session itself");
}

/// Everything behind the go-ahead is compressed, both ways, with and without TLS; long answers too.
#[tokio::test]
async fn a_compressed_session_says_the_same() {
    for implicit_tls in [false, true] {
        let server = start(With { implicit_tls, ..With::default() });
        let mut client = server.connect().await;
        if implicit_tls {
            client = client.start_tls(&server).await.0;
        }
        client.expect("HELLO").await;
        client.send("DEFLATE\r\nECHO in the clear\r\n").await;
        client.expect("GO").await;
        let mut out = flate2::Compress::new(flate2::Compression::best(), false);
        let mut packed = Vec::with_capacity(1 << 16);
        out.compress_vec(b"ECHO one\r\nBIG 9\r\nECHO two\r\nQUIT\r\n", &mut packed, flate2::FlushCompress::Sync).unwrap();
        client.stream.write_all(&packed).await.unwrap();
        client.stream.flush().await.unwrap();
        let mut wire = Vec::new();
        client.stream.read_to_end(&mut wire).await.unwrap();
        assert!(wire.len() < BLOCK, "{} octets for nine blocks", wire.len());
        let (mut inward, mut said) = (flate2::Decompress::new(false), Vec::with_capacity(10 * BLOCK));
        inward.decompress_vec(&wire, &mut said, flate2::FlushDecompress::Sync).unwrap();
        let expected = [b"one\r\n".as_slice(), &vec![b'x'; 9 * BLOCK], b"two\r\nBYE\r\n"].concat();
        assert!(said == expected, "{} octets of {}", said.len(), expected.len());
        drop(client);
        assert_eq!(server.ends().await, ["Session"]);
    }
}

#[tokio::test]
async fn what_is_not_deflate_ends_the_connection() {
    let server = start(With::default());
    let mut client = server.connect().await;
    client.expect("HELLO").await;
    client.send("DEFLATE\r\n").await;
    client.expect("GO").await;
    client.send("\u{7}\u{7}\u{7} this is text\r\n").await;
    assert_eq!(client.line().await, None);
    drop(client);
    let ends = server.ends().await;
    assert!(ends[0].starts_with("Io"), "{ends:?}");
}
