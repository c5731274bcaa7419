//! SCRAM-SHA-256 and -PLUS (RFC 5802, RFC 7677, RFC 9266) by a client of our own.

use hmac::{Hmac, KeyInit, Mac};
use postern_proto_sasl::encoding;
use postern_serve_imap::Config;
use sha2::{Digest, Sha256};

use crate::{
    client::Client,
    room::{PASSWORD, Room},
};

#[tokio::test]
async fn a_login_is_bound_to_its_channel() {
    let room = Room::configured(Config { scram: true, ..Config::default() }).await;
    let mut client = encrypted(&room).await;
    let capability = client.ok("CAPABILITY").await.remove(0);
    assert!(capability.contains("AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 "), "{capability}");
    let exporter = client.exporter();
    let answer = login(&mut client, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &exporter).await;
    assert!(answer.starts_with("OK"), "{answer}");
}

#[tokio::test]
async fn somebody_in_the_middle_is_noticed() {
    let room = Room::configured(Config { scram: true, ..Config::default() }).await;
    // Another channel than ours.
    let answer = login(&mut encrypted(&room).await, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &[7; 32]).await;
    assert!(answer.starts_with("NO [AUTHENTICATIONFAILED]"), "{answer}");
    // A client that could have bound, and was told that we cannot (RFC 5802 §6).
    let answer = login(&mut encrypted(&room).await, "SCRAM-SHA-256", "y,,", &[]).await;
    assert!(answer.starts_with("NO [AUTHENTICATIONFAILED]"), "{answer}");
    let answer = login(&mut encrypted(&room).await, "SCRAM-SHA-256", "n,,", &[]).await;
    assert!(answer.starts_with("OK"), "{answer}");
}

#[tokio::test]
async fn without_tls_there_is_nothing_to_bind_to() {
    let room = Room::configured(Config { scram: true, ..Config::default() }).await;
    let mut client = room.connect().await;
    assert!(!client.ok("CAPABILITY").await[0].contains("-PLUS"));
    assert!(client.fails("AUTHENTICATE SCRAM-SHA-256-PLUS").await.starts_with("NO"));
    let answer = login(&mut client, "SCRAM-SHA-256", "y,,", &[]).await;
    assert!(answer.starts_with("OK"), "{answer}");
}

async fn encrypted(room: &Room) -> Client {
    let mut client = Client::connect(room.public).await;
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 4242 143\r\n").await;
    client.line().await;
    client.ok("STARTTLS").await;
    client.start_tls(&room.client_tls).await
}

/// Alice's whole exchange; the tagged answer, or the one that cut it short.
async fn login(client: &mut Client, mechanism: &str, gs2: &str, binding: &[u8]) -> String {
    let bare = "n=alice@example.org,r=fyko+d2lbbFgONRv9qkxdawL";
    let tag = client.begin(&format!("AUTHENTICATE {mechanism} {}", encoding::encode(format!("{gs2}{bare}").as_bytes()))).await;
    let Ok(first) = challenge(client, &tag).await else { return String::from("NO [AUTHENTICATIONFAILED] at once") };
    let field = |name: &str| first.split(',').find_map(|field| field.strip_prefix(name)).unwrap().to_owned();
    let salted = salted(&encoding::decode(field("s=")).unwrap(), field("i=").parse().unwrap());
    let without_proof = format!("c={},r={}", encoding::encode([gs2.as_bytes(), binding].concat()), field("r="));
    let client_key = hmac(&salted, b"Client Key");
    let signature = hmac(&Sha256::digest(client_key), format!("{bare},{first},{without_proof}").as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
    let last = format!("{without_proof},p={}", encoding::encode(&proof));
    client.send(format!("{}\r\n", encoding::encode(last.as_bytes()))).await;
    match challenge(client, &tag).await {
        Ok(verdict) => {
            let server = hmac(&hmac(&salted, b"Server Key"), format!("{bare},{first},{without_proof}").as_bytes());
            assert_eq!(verdict, format!("v={}", encoding::encode(server)), "the server proves itself too");
            client.send("\r\n").await;
            client.until(&tag).await.pop().unwrap()
        }
        Err(answer) => answer,
    }
}

/// The next challenge, or the tagged answer without its tag.
async fn challenge(client: &mut Client, tag: &str) -> Result<String, String> {
    let line = client.line().await;
    match line.strip_prefix("+ ") {
        Some(challenge) => Ok(String::from_utf8(encoding::decode(challenge).unwrap()).unwrap()),
        None => Err(line.strip_prefix(tag).unwrap().trim_start().to_owned()),
    }
}

/// PBKDF2 with one block (RFC 5802 §2.2, Hi).
fn salted(salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut last = hmac(PASSWORD.as_bytes(), &[salt, &1u32.to_be_bytes()].concat());
    let mut all = last;
    for _ in 1..rounds {
        last = hmac(PASSWORD.as_bytes(), &last);
        all.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
    }
    all
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}
