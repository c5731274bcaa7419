//! A server inside the test: it starts on ports that nobody chose, says how it is, and ends when told.

use postern::{
    config::{Config, Flags, Name},
    server::Server,
};
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
