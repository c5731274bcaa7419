//! SOCKS version 5 (RFC 1928) as egress pods speak it: CONNECT to an address, from an address that the client names.
//!
//! SOCKS has no word for the source, so it stands where RFC 1929 has the user's name; the password is a token that the
//! client shares with the proxy. The answer to the login thus tells whether the address is the proxy's to leave from,
//! before anybody is connected to: a sender finds the right proxy by it, and the operator the right node.
//!
//! Host names, BIND and UDP are refused: which address mail goes to is the sender's to know.

mod client;
mod message;
mod server;

use std::io;

pub use self::{
    client::{connect, log_in, reach},
    message::{Login, Reply},
    server::{Asked, answer, judge, login, request},
};

/// RFC 1928 §3.
const VERSION: u8 = 5;
/// RFC 1929 §2.
const LOGIN_VERSION: u8 = 1;
/// RFC 1928 §3: username and password.
const BY_PASSWORD: u8 = 2;
/// RFC 1928 §3: no acceptable methods.
const NO_METHOD: u8 = 0xff;
/// RFC 1928 §4.
const CONNECT: u8 = 1;
/// RFC 1928 §5.
const IPV4: u8 = 1;
const IPV6: u8 = 4;

/// Why a proxy is of no help.
#[derive(Debug, thiserror::Error)]
pub enum SocksError {
    /// The source address is not the proxy's.
    #[error("the proxy does not have the source address")]
    NotHere,
    /// The token is wrong.
    #[error("the proxy does not know us")]
    Unknown,
    /// It could not connect.
    #[error("the proxy could not connect: {0}")]
    Failed(Reply),
    /// It speaks something else.
    #[error("not a proxy that takes passwords")]
    Foreign,
    /// The connection to it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use postern_core::Secret;
    use rstest::rstest;

    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10));

    async fn talk(verdict: Login, reply: Reply) -> (Result<(), SocksError>, Option<Result<(), SocksError>>, Asked, Option<SocketAddr>) {
        let (mut near, mut far) = tokio::io::duplex(64);
        let to: SocketAddr = "[2001:db8::25]:25".parse().unwrap();
        let serving = tokio::spawn(async move {
            let asked = login(&mut far).await.unwrap();
            judge(&mut far, verdict).await.unwrap();
            let mut wanted = None;
            if verdict == Login::Welcome {
                wanted = Some(request(&mut far).await.unwrap());
                answer(&mut far, reply, "192.0.2.10:40000".parse().unwrap()).await.unwrap();
            }
            (asked, wanted)
        });
        let welcome = log_in(&mut near, SOURCE, &Secret::new("token".to_owned())).await;
        let connected = match &welcome {
            Ok(()) => Some(connect(&mut near, to).await),
            Err(_) => None,
        };
        let (asked, wanted) = serving.await.unwrap();
        (welcome, connected, asked, wanted)
    }

    #[tokio::test]
    async fn a_client_names_its_source_and_gets_its_connection() {
        let (welcome, connected, asked, wanted) = talk(Login::Welcome, Reply::Succeeded).await;
        assert!(welcome.is_ok() && connected.unwrap().is_ok());
        assert_eq!((asked.source, asked.token.expose().as_str()), (SOURCE, "token"));
        assert_eq!(wanted, "[2001:db8::25]:25".parse().ok());
    }

    #[tokio::test]
    async fn a_refusal_says_which() {
        assert!(matches!(talk(Login::NotHere, Reply::Succeeded).await.0, Err(SocksError::NotHere)));
        assert!(matches!(talk(Login::Unknown, Reply::Succeeded).await.0, Err(SocksError::Unknown)));
        let (_, connected, ..) = talk(Login::Welcome, Reply::Refused).await;
        assert!(matches!(connected, Some(Err(SocksError::Failed(Reply::Refused)))));
    }

    /// RFC 1928 §3, §4, §6: what this proxy does not do is answered, and ends there.
    #[rstest]
    #[case::no_password(&[5, 1, 0], &[5, 0xff])]
    #[case::version_4(&[4, 1, 0, 25], &[])]
    #[case::bind(b"\x05\x01\x02\x01\x0a192.0.2.10\x05token\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x19", &[5, 2, 1, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0])]
    #[case::a_name(b"\x05\x01\x02\x01\x0a192.0.2.10\x05token\x05\x01\x00\x03\x01a\x00\x19", &[5, 2, 1, 0, 5, 8, 0, 1, 0, 0, 0, 0, 0, 0])]
    #[tokio::test]
    async fn what_is_not_done_is_refused(#[case] said: &'static [u8], #[case] heard: &[u8]) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut near, mut far) = tokio::io::duplex(256);
        let serving = tokio::spawn(async move {
            login(&mut far).await?;
            judge(&mut far, Login::Welcome).await?;
            request(&mut far).await.map(drop)
        });
        near.write_all(said).await.unwrap();
        assert!(serving.await.unwrap().is_err());
        let mut answered = Vec::new();
        near.read_to_end(&mut answered).await.unwrap();
        assert_eq!(answered, heard);
    }
}
