//! One connection after the other: who asks, whether the address is ours, where to, and then both ways until either ends.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use postern_net::{
    Drain, Phase, connect,
    socks::{self, Login, Reply, SocksError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{Egress, is_here};

/// Time to say who one is and where to.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time for the other server's first packet.
const CONNECT: Duration = Duration::from_secs(30);
/// Pause after the system had no socket to give.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `drain` begins to finish; connections that are there go on until it stops.
pub async fn serve(listener: TcpListener, egress: Arc<Egress>, drain: Drain) {
    let turns = Arc::new(Semaphore::new(egress.connections));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = drain.reached(Phase::Finishing) => return,
        };
        let (client, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken");
                sleep(PAUSE).await;
                continue;
            }
        };
        // Closed at once: the sender asks another proxy, or later.
        let Ok(turn) = turns.clone().try_acquire_owned() else { continue };
        let (egress, live, stopped) = (egress.clone(), drain.enter(), drain.reached(Phase::Stopped));
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = carry(client, &egress) => ended,
                () = stopped => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%from, %error, "a connection was not carried");
            }
            drop((turn, live));
        });
    }
}

async fn carry(mut client: TcpStream, egress: &Egress) -> Result<(), SocksError> {
    client.set_nodelay(true)?;
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let asked = timeout(PATIENCE, socks::login(&mut client)).await.map_err(|_| late())??;
    let verdict = match blake3::hash(asked.token.expose().as_bytes()) == egress.token {
        true if is_here(asked.source) => Login::Welcome,
        true => Login::NotHere,
        false => Login::Unknown,
    };
    socks::judge(&mut client, verdict).await?;
    if verdict != Login::Welcome {
        return if verdict == Login::NotHere { Err(SocksError::NotHere) } else { Err(SocksError::Unknown) };
    }
    // Whoever only wants to know closes here.
    let to = timeout(PATIENCE, socks::request(&mut client)).await.map_err(|_| late())??;
    let here = SocketAddr::new(asked.source, 0);
    if !egress.may_go_to(to) {
        return socks::answer(&mut client, Reply::NotAllowed, here).await;
    }
    let mut server = match connect::tcp(to, Some(asked.source), CONNECT).await {
        Ok(server) => server,
        Err(error) => return socks::answer(&mut client, Reply::of_error(&error), here).await,
    };
    socks::answer(&mut client, Reply::Succeeded, server.local_addr()?).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use postern_core::Secret;
    use postern_mailflow::deliver::remote::egress::{Egress as Client, EgressError};
    use postern_net::resolver::StaticResolver;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    /// A server that greets whoever comes with their address, a proxy that may go there, and a sender.
    async fn site(token: &str, allow_private: bool) -> (SocketAddr, Client) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (to, listener) = (server.local_addr().unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let proxy = listener.local_addr().unwrap();
        let settings = Egress { token: blake3::hash(TOKEN.as_bytes()), ports: vec![to.port()], allow_private, connections: 16 };
        tokio::spawn(serve(listener, Arc::new(settings), Drain::new()));
        tokio::spawn(async move {
            loop {
                let (mut client, from) = server.accept().await.unwrap();
                client.write_all(from.ip().to_string().as_bytes()).await.unwrap();
            }
        });
        let resolver = Arc::new(StaticResolver::parse("").unwrap());
        (to, Client::new(proxy.ip().to_string(), proxy.port(), Secret::new(token.to_owned()), resolver))
    }

    async fn seen(client: &Client, source: &str, to: SocketAddr) -> Result<String, EgressError> {
        let mut stream = client.connect(source.parse().unwrap(), to, Duration::from_secs(5)).await?;
        let mut greeting = String::new();
        stream.read_to_string(&mut greeting).await.unwrap();
        Ok(greeting)
    }

    #[tokio::test]
    async fn a_sender_leaves_from_the_address_that_it_names_if_it_is_here() {
        let (to, client) = site(TOKEN, true).await;
        assert_eq!(seen(&client, "127.0.0.7", to).await.unwrap(), "127.0.0.7");
        for last in 8..12 {
            let source = format!("127.0.0.{last}");
            assert_eq!(seen(&client, &source, to).await.unwrap(), source);
        }
        assert!(matches!(seen(&client, "192.0.2.10", to).await, Err(EgressError::NotFound { .. })));
        let closed = SocketAddr::new(to.ip(), to.port() ^ 1);
        assert!(matches!(seen(&client, "127.0.0.7", closed).await, Err(EgressError::Remote { why: Reply::NotAllowed, .. })));
    }

    #[tokio::test]
    async fn nobody_goes_inside_and_strangers_go_nowhere() {
        let (to, client) = site(TOKEN, false).await;
        assert!(matches!(seen(&client, "127.0.0.7", to).await, Err(EgressError::Remote { why: Reply::NotAllowed, .. })));
        let (to, stranger) = site("another token of some length, too", true).await;
        let Err(EgressError::NotFound { others, .. }) = seen(&stranger, "127.0.0.7", to).await else { panic!("let in") };
        assert!(others[0].contains("does not know us"), "{others:?}");
    }
}
