//! The way out by the nodes that own the addresses: a SOCKS proxy on each of them (`postern egress`), of which the one that
//! has the source address connects. Which that is nobody need configure: proxies are asked in turn, and who said yes is
//! asked first the next time.

use std::{
    collections::HashMap,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use postern_core::{DomainName, Secret};
use postern_net::{
    Resolver, Stream,
    socks::{self, Reply, SocksError},
};
use tokio::time::timeout;

/// Time for a proxy to answer that it has an address; they are near.
const ASK: Duration = Duration::from_secs(5);

/// The proxies of an installation.
pub struct Egress {
    host: String,
    port: u16,
    token: Secret<String>,
    resolver: Arc<dyn Resolver>,
    /// Which proxy had an address the last time.
    known: Mutex<HashMap<IpAddr, SocketAddr>>,
}

/// Why no proxy connected.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The one that has the address could not.
    #[error("by egress {proxy}: {why}")]
    Remote {
        /// The proxy.
        proxy: SocketAddr,
        /// What it said.
        why: Reply,
    },
    /// None has the address, as far as they could be asked.
    #[error("no egress pod at {host} has the address {source_address}{}", told(.others))]
    NotFound {
        /// Under which name they were looked for.
        host: String,
        /// The address.
        source_address: IpAddr,
        /// What those said that could not be asked.
        others: Vec<String>,
    },
}

impl Egress {
    /// Proxies under one name (or at one address), all of which know the token.
    #[must_use]
    pub fn new(host: String, port: u16, token: Secret<String>, resolver: Arc<dyn Resolver>) -> Self {
        Self { host, port, token, resolver, known: Mutex::default() }
    }

    /// Connects from `source`.
    ///
    /// # Errors
    /// [`EgressError`].
    pub async fn connect(&self, source: IpAddr, to: SocketAddr, within: Duration) -> Result<Stream, EgressError> {
        let mut others = Vec::new();
        let before = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&source).copied();
        if let Some(proxy) = before
            && let Some(answer) = self.through(proxy, source, to, within, &mut others).await
        {
            return answer;
        }
        for proxy in self.proxies(&mut others).await.into_iter().filter(|proxy| Some(*proxy) != before) {
            if let Some(answer) = self.through(proxy, source, to, within, &mut others).await {
                return answer;
            }
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
        Err(EgressError::NotFound { host: self.host.clone(), source_address: source, others })
    }

    /// Connects by one proxy; `None` when it does not have the address, or does not say.
    async fn through(
        &self,
        proxy: SocketAddr,
        source: IpAddr,
        to: SocketAddr,
        within: Duration,
        others: &mut Vec<String>,
    ) -> Option<Result<Stream, EgressError>> {
        let mut stream = match timeout(ASK, socks::reach(proxy, source, &self.token)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(SocksError::NotHere)) => return None,
            Ok(Err(error)) => {
                others.push(format!("{proxy}: {error}"));
                return None;
            }
            Err(_) => {
                others.push(format!("{proxy}: no answer"));
                return None;
            }
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(source, proxy);
        let failed = |why| EgressError::Remote { proxy, why };
        Some(match timeout(within, socks::connect(&mut stream, to)).await {
            Ok(Ok(())) => Stream::plain(stream).map_err(|error| failed(Reply::of_error(&error))),
            Ok(Err(SocksError::Failed(why))) => Err(failed(why)),
            Ok(Err(_)) => Err(failed(Reply::Fault)),
            Err(_) => Err(failed(Reply::TimedOut)),
        })
    }

    /// Where they are now; pods come and go.
    async fn proxies(&self, others: &mut Vec<String>) -> Vec<SocketAddr> {
        if let Ok(ip) = self.host.parse() {
            return vec![SocketAddr::new(ip, self.port)];
        }
        let found = match DomainName::parse(&self.host) {
            Ok(host) => self.resolver.ip(&host).await,
            Err(error) => {
                others.push(error.to_string());
                return Vec::new();
            }
        };
        if found.records().is_empty() {
            others.push(format!("the name has no address: {found:?}"));
        }
        found.records().iter().map(|ip| SocketAddr::new(*ip, self.port)).collect()
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Egress({}:{})", self.host, self.port)
    }
}

impl EgressError {
    /// Whether the pool's address is what is wrong, and not the way to the server.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl From<EgressError> for io::Error {
    fn from(error: EgressError) -> Self {
        let kind = match &error {
            EgressError::NotFound { .. } => io::ErrorKind::AddrNotAvailable,
            EgressError::Remote { why: Reply::Refused, .. } => io::ErrorKind::ConnectionRefused,
            EgressError::Remote { why: Reply::TimedOut, .. } => io::ErrorKind::TimedOut,
            EgressError::Remote { .. } => io::ErrorKind::NotConnected,
        };
        Self::new(kind, error)
    }
}

fn told(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(" ({})", others.join("; ")) }
}
