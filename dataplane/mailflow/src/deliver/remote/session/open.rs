//! From a list of hosts to a session that stands: one address after the other, TLS where it is offered.

use std::{io, net::SocketAddr};

use postern_core::{EnhancedCode, Outcome};
use postern_net::{Stream, connect::connect, tls::PeerCertificate};
use postern_proto_smtp::client::{Cause, Client, Config, Event, StartTls};
use tokio::time::timeout;

use super::{
    Demands, Peer, Refused, SessionConfig, Tls,
    link::{Link, Step, Wire},
};
use crate::deliver::remote::{
    mx::Host,
    source::{Source, Sources},
};

/// How far along a list of hosts one has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    host: usize,
    address: usize,
}

impl Cursor {
    /// Past the address that was tried.
    const fn step(&mut self) {
        self.address += 1;
    }

    /// Past the whole host: it answered, and will not do.
    pub const fn skip_host(&mut self) {
        self.host += 1;
        self.address = 0;
    }
}

/// Tries addresses from the cursor on until a session stands, and leaves the cursor behind it. What refused on the way
/// is added to `refused`. `None` when the list is at its end.
pub async fn open(
    hosts: &[Host],
    cursor: &mut Cursor,
    sources: &Sources,
    demands: &Demands,
    config: &SessionConfig,
    refused: &mut Vec<Refused>,
) -> Option<Link> {
    while let Some(host) = hosts.get(cursor.host) {
        let mut addresses = host.addresses.clone();
        if sources.prefers_v6() {
            addresses.sort_by_key(SocketAddr::is_ipv4);
        }
        let Some(address) = addresses.get(cursor.address).copied() else {
            cursor.skip_host();
            continue;
        };
        cursor.step();
        let peer = Peer { host: host.name.clone(), address, source: None, tls: Tls::Clear };
        let Some(source) = sources.towards(address.ip()) else {
            let outcome = Outcome::temporary(451, EnhancedCode::NO_ROUTE, "No source address of the server's family");
            refused.push(Refused { peer, outcome, reply: None, dialogue: String::new() });
            continue;
        };
        match session(peer, &source, demands, demands.starttls, config).await {
            Ok(link) => return Some(link),
            // RFC 3207 §4.1 leaves it to us; mail that TLS would lose goes as it would have gone without it.
            Err(failed) if matches!(failed.peer.tls, Tls::Failed(_)) && demands.starttls == StartTls::IfOffered => {
                match session(failed.peer, &source, demands, StartTls::Never, config).await {
                    Ok(link) => return Some(link),
                    Err(failed) => failed.tell(cursor, refused),
                }
            }
            Err(failed) => failed.tell(cursor, refused),
        }
    }
    None
}

struct Failed {
    peer: Peer,
    outcome: Outcome,
    reply: Option<String>,
    dialogue: String,
}

impl Failed {
    fn tell(self, cursor: &mut Cursor, refused: &mut Vec<Refused>) {
        // A server that speaks speaks for all addresses of its name.
        if self.reply.is_some() && cursor.address > 0 {
            cursor.skip_host();
        }
        let Self { peer, outcome, reply, dialogue } = self;
        refused.push(Refused { peer, outcome, reply, dialogue });
    }
}

async fn session(mut peer: Peer, source: &Source, demands: &Demands, starttls: StartTls, config: &SessionConfig) -> Result<Link, Failed> {
    let stream = match leave(peer.address, source, config).await {
        Ok(stream) => stream,
        Err(error) => {
            let outcome = match source.ip {
                // Not the server's fault, and not to be looked for there.
                Some(ip) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                    Outcome::temporary(451, EnhancedCode::NO_ROUTE, format!("The pool's address {ip} is not bound here"))
                }
                _ => Outcome::temporary(451, EnhancedCode::NO_ANSWER, format!("{} does not answer", peer.host)),
            };
            let outcome = outcome.because(format!("{}: {error}", peer.address));
            return Err(Failed { peer, outcome, reply: None, dialogue: String::new() });
        }
    };
    peer.source = source.ip.or_else(|| Some(stream.local().ip()));
    let mut wire = Wire { client: Client::new(machine(source, demands, starttls, config)), stream, patience: config.reply };
    loop {
        match wire.step(None).await {
            Step::Event(Event::Ready) => return Ok(Link::new(wire, peer)),
            Step::Event(Event::StartTls) => wire = begin_tls(wire, &mut peer, config).await?,
            Step::Event(Event::Failed(failure)) => {
                let reply = match &failure.cause {
                    Cause::Refused(reply) => Some(format!("{} {}", reply.code, reply.text)),
                    _ => None,
                };
                return Err(Failed { peer, outcome: failure.outcome(), reply, dialogue: wire.client.take_dialogue() });
            }
            Step::Event(_) | Step::Gone | Step::GivenUp => {
                let outcome = Outcome::temporary(451, EnhancedCode::BAD_CONNECTION, "The connection to the remote server broke");
                return Err(Failed { peer, outcome, reply: None, dialogue: wire.client.take_dialogue() });
            }
        }
    }
}

/// Connects from the source, by the node that owns it where that is not this one.
async fn leave(to: SocketAddr, source: &Source, config: &SessionConfig) -> io::Result<Stream> {
    match (source.ip, &config.egress) {
        (Some(ip), Some(egress)) if source.by_egress => Ok(egress.connect(ip, to, config.connect).await?),
        _ => connect(to, source.ip, config.connect).await,
    }
}

fn machine(source: &Source, demands: &Demands, starttls: StartTls, config: &SessionConfig) -> Config {
    Config {
        hostname: source.helo.as_ref().map_or_else(|| config.hostname.clone(), |name| name.as_str().to_owned()),
        starttls,
        auth: demands.auth.as_ref().map(|secret| postern_core::Secret::new(secret.expose().clone())),
        // DATA: its dot is asked for leave before it is sent, and every server knows it.
        chunking: false,
        record: config.record,
    }
}

/// Shakes hands and begins the session anew (RFC 3207 §4.2).
async fn begin_tls(wire: Wire, peer: &mut Peer, config: &SessionConfig) -> Result<Wire, Failed> {
    let Wire { mut client, stream, patience } = wire;
    let failed = |cause: String, client: &mut Client, peer: &mut Peer| {
        peer.tls = Tls::Failed(cause.clone());
        let outcome = Outcome::temporary(454, EnhancedCode::SECURITY, "The TLS handshake with the remote server failed").because(cause);
        Failed { peer: peer.clone(), outcome, reply: None, dialogue: client.take_dialogue() }
    };
    let shaken = timeout(config.connect, stream.connect_tls(&config.tls, &peer.host)).await;
    let (stream, certificate) = match shaken {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => return Err(failed(error.to_string(), &mut client, peer)),
        Err(_) => return Err(failed("the handshake took too long".to_owned(), &mut client, peer)),
    };
    if let Err(injected) = client.tls_started() {
        // Not to be tried in the clear: somebody is at work on the line.
        let outcome = Outcome::temporary(454, EnhancedCode::SECURITY, "The remote server's STARTTLS cannot be trusted").because(injected);
        return Err(Failed { peer: peer.clone(), outcome, reply: None, dialogue: client.take_dialogue() });
    }
    let info = stream.tls();
    peer.tls = Tls::On {
        version: info.map_or("unknown", |tls| tls.version.as_str()),
        cipher: info.map_or("unknown", |tls| tls.cipher),
        unverified: match certificate {
            PeerCertificate::Verified => None,
            PeerCertificate::Unverified(why) => Some(why),
        },
    };
    Ok(Wire { client, stream, patience })
}
