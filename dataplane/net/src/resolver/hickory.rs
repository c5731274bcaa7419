//! The resolver over hickory: asks the system's or the listed servers, caches by TTL, validates on request.

use std::{io, net::IpAddr};

use async_trait::async_trait;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    lookup::Lookup,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};
use postern_core::DomainName;

use super::{Answer, Mx, Resolver, Servers, join};

/// Answers kept at most.
const CACHE: u64 = 10_000;

/// A caching stub resolver.
#[derive(Clone)]
pub struct HickoryResolver(TokioResolver);

impl std::fmt::Debug for HickoryResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HickoryResolver")
    }
}

impl HickoryResolver {
    /// With `dnssec` every answer is validated from the root down; the servers must then pass DNSSEC records on.
    ///
    /// # Errors
    /// When the system's configuration cannot be read, or no server is listed.
    pub fn new(servers: &Servers, dnssec: bool) -> io::Result<Self> {
        let mut builder = match servers {
            Servers::System => TokioResolver::builder_tokio().map_err(io::Error::other)?,
            Servers::Listed(list) if list.is_empty() => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the list of name servers is empty"));
            }
            Servers::Listed(list) => {
                let servers = list.iter().map(|server| {
                    let with_port = |mut c: ConnectionConfig| {
                        c.port = server.port();
                        c
                    };
                    NameServerConfig::new(server.ip(), true, vec![with_port(ConnectionConfig::udp()), with_port(ConnectionConfig::tcp())])
                });
                TokioResolver::builder_with_config(
                    ResolverConfig::from_parts(None, Vec::new(), servers.collect()),
                    TokioRuntimeProvider::default(),
                )
            }
        };
        let options = builder.options_mut();
        options.validate = dnssec;
        options.cache_size = CACHE;
        // Mail is routed by DNS, not by what a host's own file says.
        options.use_hosts_file = ResolveHosts::Never;
        options.try_tcp_on_error = true;
        Ok(Self(builder.build().map_err(io::Error::other)?))
    }

    /// Forgets all answers.
    pub fn clear_cache(&self) {
        self.0.clear_cache();
    }

    async fn ask<T: Send>(&self, name: &str, kind: RecordType, read: impl Fn(&RData) -> Option<T> + Send) -> Answer<T> {
        // The final dot keeps the search list of resolv.conf out.
        match Name::from_ascii(format!("{}.", name.trim_end_matches('.'))) {
            Ok(name) => self.ask_name(name, kind, read).await,
            Err(_) => Answer::NxDomain,
        }
    }

    async fn ask_name<T: Send>(&self, name: Name, kind: RecordType, read: impl Fn(&RData) -> Option<T> + Send) -> Answer<T> {
        match self.0.lookup(name, kind).await {
            Ok(lookup) => found(&lookup, kind, read),
            Err(error) => failed(&error),
        }
    }
}

fn found<T>(lookup: &Lookup, kind: RecordType, read: impl Fn(&RData) -> Option<T>) -> Answer<T> {
    // CNAMEs on the way count for the proof: an unproven one could lead anywhere.
    let authenticated = lookup.answers().iter().all(|r| r.proof.is_secure());
    let of_kind = lookup.answers().iter().filter(|r| r.record_type() == kind);
    let records: Vec<T> = of_kind.filter_map(|r| read(&r.data)).collect();
    if records.is_empty() { Answer::NoRecords } else { Answer::Found { records, authenticated } }
}

fn failed<T>(error: &NetError) -> Answer<T> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => Answer::NxDomain,
            ResponseCode::NoError => Answer::NoRecords,
            other => Answer::Temporary(other.to_string()),
        },
        // Proven absence; a bogus one may be a forgery, which must not bounce mail.
        NetError::Dns(DnsError::Nsec { response, proof, .. }) if !proof.is_bogus() => match response.response_code {
            ResponseCode::NXDomain => Answer::NxDomain,
            _ => Answer::NoRecords,
        },
        error => Answer::Temporary(error.to_string()),
    }
}

#[async_trait]
impl Resolver for HickoryResolver {
    async fn mx(&self, domain: &DomainName) -> Answer<Mx> {
        let answer = self.ask(domain.as_str(), RecordType::MX, |data| match data {
            RData::MX(mx) if mx.exchange.is_root() => Some(Mx { preference: mx.preference, exchange: None }),
            RData::MX(mx) => Some(Mx { preference: mx.preference, exchange: Some(DomainName::parse(&mx.exchange.to_ascii()).ok()?) }),
            _ => None,
        });
        match answer.await {
            Answer::Found { mut records, authenticated } => {
                records.sort_by_key(|mx| mx.preference);
                Answer::Found { records, authenticated }
            }
            other => other,
        }
    }

    async fn ip(&self, host: &DomainName) -> Answer<IpAddr> {
        let four = self.ask(host.as_str(), RecordType::A, |data| match data {
            RData::A(a) => Some(IpAddr::V4(a.0)),
            _ => None,
        });
        let six = self.ask(host.as_str(), RecordType::AAAA, |data| match data {
            RData::AAAA(a) => Some(IpAddr::V6(a.0)),
            _ => None,
        });
        let (four, six) = tokio::join!(four, six);
        join(four, six)
    }

    async fn txt(&self, name: &DomainName) -> Answer<String> {
        self.ask(name.as_str(), RecordType::TXT, |data| match data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        })
        .await
    }

    async fn ptr(&self, address: IpAddr) -> Answer<DomainName> {
        self.ask_name(Name::from(address.to_canonical()), RecordType::PTR, |data| match data {
            RData::PTR(ptr) => DomainName::parse(&ptr.0.to_ascii()).ok(),
            _ => None,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use hickory_resolver::proto::{
        op::{Message, OpCode},
        rr::{
            Record,
            rdata::{MX, PTR, TXT},
        },
    };
    use tokio::net::UdpSocket;

    use super::*;

    /// A name server on a port of its own that knows a handful of names.
    async fn name_server() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (n, from) = socket.recv_from(&mut buffer).await.unwrap();
                let answer = answer(&Message::from_vec(&buffer[..n]).unwrap());
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        address
    }

    fn answer(query: &Message) -> Message {
        let question = query.queries[0].clone();
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let (code, records) = match (question.name().to_ascii().as_str(), question.query_type()) {
            ("example.org.", RecordType::MX) => (
                ResponseCode::NoError,
                vec![RData::MX(MX::new(20, name("b.example.org."))), RData::MX(MX::new(10, name("A.example.org.")))],
            ),
            ("null.example.", RecordType::MX) => (ResponseCode::NoError, vec![RData::MX(MX::new(0, Name::root()))]),
            ("example.org.", RecordType::TXT) => {
                (ResponseCode::NoError, vec![RData::TXT(TXT::new(vec!["v=spf1 ".to_owned(), "-all".to_owned()]))])
            }
            ("a.example.org.", RecordType::A) => (ResponseCode::NoError, vec![RData::A(std::net::Ipv4Addr::new(192, 0, 2, 1).into())]),
            ("1.2.0.192.in-addr.arpa.", RecordType::PTR) => (ResponseCode::NoError, vec![RData::PTR(PTR(name("a.example.org.")))]),
            ("slow.example.", _) => (ResponseCode::ServFail, vec![]),
            ("example.org." | "a.example.org.", _) => (ResponseCode::NoError, vec![]),
            _ => (ResponseCode::NXDomain, vec![]),
        };
        let mut message = Message::response(query.metadata.id, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.metadata.recursion_available = true;
        message.metadata.response_code = code;
        message.add_answers(records.into_iter().map(|data| Record::from_rdata(question.name().clone(), 60, data)));
        message.add_query(question);
        message
    }

    #[tokio::test]
    async fn tells_none_from_nobody_could_say() {
        let resolver = HickoryResolver::new(&Servers::Listed(vec![name_server().await]), false).unwrap();
        let domain = |text: &str| DomainName::parse(text).unwrap();
        let host = |preference, text: &str| Mx { preference, exchange: Some(domain(text)) };
        assert_eq!(resolver.mx(&domain("example.org")).await.records(), [host(10, "a.example.org"), host(20, "b.example.org")]);
        assert_eq!(resolver.mx(&domain("null.example")).await.records(), [Mx { preference: 0, exchange: None }]);
        assert_eq!(resolver.mx(&domain("a.example.org")).await, Answer::NoRecords);
        assert_eq!(resolver.mx(&domain("nowhere.example")).await, Answer::NxDomain);
        assert!(resolver.mx(&domain("slow.example")).await.is_temporary());
        assert_eq!(resolver.txt(&domain("example.org")).await.records(), ["v=spf1 -all"]);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(resolver.ip(&domain("a.example.org")).await, Answer::Found { records: vec![address], authenticated: false });
        assert_eq!(resolver.ptr(address).await.records(), [domain("a.example.org")]);
    }

    #[test]
    fn needs_a_server_to_ask() {
        assert!(HickoryResolver::new(&Servers::Listed(Vec::new()), false).is_err());
    }
}
