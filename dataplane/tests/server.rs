//! A server inside the test: it starts on ports that nobody chose, says how it is, and ends when told.

use std::sync::Arc;

use postern::{
    certificates::OwnCertificate,
    config::{Config, Flags, Name},
    control::{Control, Request, Response, ask},
    server::Server,
};
use postern_core::Timestamp;
use postern_net::Phase;
use postern_tests::temp::TempFolder;
use tokio::net::TcpStream;

fn flags(folder: &TempFolder) -> Flags {
    Flags::new().with("data", folder.path().join("data").to_string_lossy(), "--data")
}

#[tokio::test]
async fn a_server_starts_in_an_empty_folder_and_stops_when_drained() {
    let folder = TempFolder::new();
    let server = Server::start(Config::for_tests(&flags(&folder)).unwrap()).await.unwrap();
    let health = server.addresses[&Name::Health];
    TcpStream::connect(health).await.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(folder.path().join("data")).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "keys and mail are for their owner alone");
    server.drain.advance(Phase::Stopped);
    server.stopped().await;
    assert!(TcpStream::connect(health).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_told_with_the_cure() {
    let folder = TempFolder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = Config::for_tests(&flags(&folder).with("listen.health", address.clone(), "--listen")).unwrap();
    let told = Server::start(config).await.unwrap_err().to_string();
    assert!(told.contains(&address) && told.contains("--listen health="), "{told}");
}

/// Refuses everything.
struct Refuses;

#[async_trait::async_trait]
impl Control for Refuses {
    async fn handle(&self, _: Request) -> Response {
        Response::Refused { message: "not today".to_owned() }
    }
}

#[tokio::test]
async fn a_certificate_is_made_once_and_the_command_line_is_heard() {
    let folder = TempFolder::new();
    let config = Config::for_tests(&flags(&folder)).unwrap();
    let mut server = Server::start(config.clone()).await.unwrap();

    let now = Timestamp::from_secs(1_795_305_600);
    let first = OwnCertificate::open(&config, &["mail.example.org".to_owned()], now).unwrap();
    first.set().unwrap();
    let authority = first.authority.unwrap();
    let made = std::fs::read(&authority).unwrap();
    OwnCertificate::open(&config, &["mail.example.org".to_owned(), "mail.example.net".to_owned()], now).unwrap();
    assert_eq!(std::fs::read(authority).unwrap(), made, "clients that trust it need not be told anew");

    server.control(&config, Arc::new(Refuses)).unwrap();
    let answer = ask(&config.process.control_socket(), &Request::Trace { of: "x".to_owned(), dialogue: false, limit: 1 }).await;
    assert_eq!(answer.unwrap(), Response::Refused { message: "not today".to_owned() });
    server.drain.advance(Phase::Stopped);
    server.stopped().await;
}
