//! Asks DNS: many questions at once, each bounded in time. It knows nothing of what the answers mean.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType as Type},
    },
};
use postern_projection::dns::{Answer, Question, RecordType};
use tokio::sync::Semaphore;

/// Questions under way at most, whoever asks.
const AT_ONCE: usize = 64;
/// Questions of one round under way at most, so that one domain does not take the turn of all others.
const OF_ONE: usize = 8;
/// Time for one question, all servers and repetitions included.
const TIME: Duration = Duration::from_secs(6);
/// Time for one server to answer.
const ONE_SERVER: Duration = Duration::from_secs(2);

/// Whoever asks DNS. Clones share the limit.
#[derive(Clone)]
pub struct Observer {
    resolver: Arc<TokioResolver>,
    turns: Arc<Semaphore>,
}

impl Observer {
    /// Asks these servers; those of the system when none is named.
    ///
    /// # Errors
    /// When the system's configuration cannot be read.
    pub fn new(servers: &[SocketAddr]) -> io::Result<Self> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(io::Error::other)?
        } else {
            let servers = servers.iter().map(|server| {
                let at = |mut connection: ConnectionConfig| {
                    connection.port = server.port();
                    connection
                };
                NameServerConfig::new(server.ip(), true, vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())])
            });
            let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        // Whoever asks again wants to know what is there now.
        options.cache_size = 0;
        (options.timeout, options.attempts) = (ONE_SERVER, 2);
        options.use_hosts_file = ResolveHosts::Never;
        options.try_tcp_on_error = true;
        let resolver = builder.build().map_err(io::Error::other)?;
        Ok(Self { resolver: Arc::new(resolver), turns: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Asks all of them; every question has an answer.
    pub async fn ask(&self, questions: Vec<Question>) -> Vec<(Question, Answer)> {
        let asked = stream::iter(questions).map(|question| async move {
            let answer = self.one(&question).await;
            (question, answer)
        });
        asked.buffer_unordered(OF_ONE).collect().await
    }

    async fn one(&self, question: &Question) -> Answer {
        // Never closed.
        let _turn = self.turns.acquire().await;
        let kind = kind(question.type_);
        // The final dot keeps the search list of resolv.conf out.
        let Ok(name) = Name::from_ascii(format!("{}.", question.name)) else { return Answer::None };
        let found = match tokio::time::timeout(TIME, self.resolver.lookup(name, kind)).await {
            Ok(Ok(lookup)) => lookup.answers().iter().filter(|r| r.record_type() == kind).filter_map(|r| text(&r.data)).collect(),
            Ok(Err(error)) => return absent(&error),
            Err(_) => return Answer::Unknown("no answer in time".to_owned()),
        };
        let found: Vec<String> = found;
        if found.is_empty() { Answer::None } else { Answer::Records(found) }
    }
}

/// Only a server that says so makes a record missing; all else is nobody's word.
fn absent(error: &NetError) -> Answer {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain | ResponseCode::NoError => Answer::None,
            other => Answer::Unknown(other.to_string()),
        },
        error => Answer::Unknown(error.to_string()),
    }
}

const fn kind(type_: RecordType) -> Type {
    match type_ {
        RecordType::A => Type::A,
        RecordType::Aaaa => Type::AAAA,
        RecordType::Cname => Type::CNAME,
        RecordType::Mx => Type::MX,
        RecordType::Ptr => Type::PTR,
        RecordType::Srv => Type::SRV,
        RecordType::Txt => Type::TXT,
    }
}

/// A record as a zone file has it, the way the projection wants it.
fn text(data: &RData) -> Option<String> {
    let host = |name: &Name| {
        let name = name.to_ascii().to_ascii_lowercase();
        if name.ends_with('.') { name } else { name + "." }
    };
    Some(match data {
        RData::A(a) => a.0.to_string(),
        RData::AAAA(a) => a.0.to_string(),
        RData::CNAME(target) => host(&target.0),
        RData::PTR(name) => host(&name.0),
        RData::MX(mx) => format!("{} {}", mx.preference, host(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, host(&srv.target)),
        RData::TXT(txt) => String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(),
        _ => return None,
    })
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::{
        op::{Message, OpCode},
        rr::{
            Record,
            rdata::{CNAME, MX, SRV, TXT},
        },
    };
    use postern_core::DomainName;
    use tokio::net::UdpSocket;

    use super::*;

    /// An authoritative server on a port of its own.
    async fn name_server() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (n, from) = socket.recv_from(&mut buffer).await.unwrap();
                if let Some(answer) = answer(&Message::from_vec(&buffer[..n]).unwrap()) {
                    socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
                }
            }
        });
        address
    }

    /// `None` is silence.
    fn answer(query: &Message) -> Option<Message> {
        let question = query.queries[0].clone();
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let alias = || RData::CNAME(CNAME(name("Mail.example.org.")));
        let (code, records) = match (question.name().to_ascii().as_str(), question.query_type()) {
            ("example.org.", Type::MX) => {
                (ResponseCode::NoError, vec![("example.org.", RData::MX(MX::new(10, name("MAIL.example.org."))))])
            }
            ("example.org.", Type::TXT) => {
                let text = TXT::new(vec!["v=spf1 ".to_owned(), "-all".to_owned()]);
                (ResponseCode::NoError, vec![("example.org.", RData::TXT(text))])
            }
            ("_imaps._tcp.example.org.", Type::SRV) => {
                (ResponseCode::NoError, vec![("_imaps._tcp.example.org.", RData::SRV(SRV::new(0, 1, 993, name("mail.example.org."))))])
            }
            ("click.example.org.", Type::CNAME) => (ResponseCode::NoError, vec![("click.example.org.", alias())]),
            ("click.example.org.", Type::A) => {
                let address = RData::A(std::net::Ipv4Addr::new(192, 0, 2, 1).into());
                (ResponseCode::NoError, vec![("click.example.org.", alias()), ("Mail.example.org.", address)])
            }
            ("example.org." | "click.example.org.", _) => (ResponseCode::NoError, vec![]),
            ("broken.example.", _) => (ResponseCode::ServFail, vec![]),
            ("refused.example.", _) => (ResponseCode::Refused, vec![]),
            ("silent.example.", _) => return None,
            _ => (ResponseCode::NXDomain, vec![]),
        };
        let mut message = Message::response(query.metadata.id, OpCode::Query);
        message.metadata.authoritative = true;
        message.metadata.recursion_desired = true;
        message.metadata.recursion_available = true;
        message.metadata.response_code = code;
        message.add_answers(records.into_iter().map(|(owner, data)| Record::from_rdata(name(owner), 60, data)));
        message.add_query(question);
        Some(message)
    }

    #[tokio::test]
    async fn records_are_told_as_zone_files_have_them_and_doubt_is_no_absence() {
        let observer = Observer::new(&[name_server().await]).unwrap();
        let ask = async |name: &str, type_| {
            let question = Question::new(DomainName::parse(name).unwrap(), type_);
            let answers = observer.ask(vec![question.clone()]).await;
            assert_eq!((answers.len(), &answers[0].0), (1, &question));
            answers.into_iter().next().unwrap().1
        };
        let records = |text: &str| Answer::Records(vec![text.to_owned()]);
        assert_eq!(ask("example.org", RecordType::Mx).await, records("10 mail.example.org."));
        assert_eq!(ask("example.org", RecordType::Txt).await, records("v=spf1 -all"));
        assert_eq!(ask("_imaps._tcp.example.org", RecordType::Srv).await, records("0 1 993 mail.example.org."));
        assert_eq!(ask("click.example.org", RecordType::Cname).await, records("mail.example.org."));
        assert_eq!(ask("click.example.org", RecordType::A).await, records("192.0.2.1"), "aliases are followed");
        assert_eq!(ask("example.org", RecordType::Cname).await, Answer::None);
        assert_eq!(ask("nowhere.example", RecordType::A).await, Answer::None);
        for doubt in ["broken.example", "refused.example", "silent.example"] {
            let answer = ask(doubt, RecordType::Mx).await;
            assert!(matches!(answer, Answer::Unknown(_)), "{doubt}: {answer:?}");
        }
    }
}
