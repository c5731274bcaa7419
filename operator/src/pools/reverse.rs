//! Reverse DNS of an address, confirmed forwards: what most of the world asks before it takes mail.

use std::net::IpAddr;

use postern_core::DomainName;
use postern_projection::dns::{Answer, Question, RecordType};

use super::distinct;
use crate::dns::Observer;

/// The name of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The one that points back, else the first.
    pub ptr: Option<String>,
    /// Whether one points back; `None` when nobody could say.
    pub confirmed: Option<bool>,
}

/// Asks for it.
pub async fn name(observer: &Observer, ip: IpAddr) -> Name {
    let Some(question) = arpa(ip) else { return Name::default() };
    let names = match one(observer, Question::new(question, RecordType::Ptr)).await {
        Answer::Records(names) => names,
        Answer::None => return Name { ptr: None, confirmed: Some(false) },
        Answer::Unknown(_) => return Name::default(),
    };
    let forward = if ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
    let (mut confirmed, shown) = (Some(false), |name: &str| Some(name.trim_end_matches('.').to_owned()));
    for name in &names {
        let Ok(host) = DomainName::parse(name.trim_end_matches('.')) else { continue };
        match one(observer, Question::new(host, forward)).await {
            Answer::Records(found) if distinct(found.iter().filter_map(|ip| ip.parse().ok())).contains(&ip.to_canonical()) => {
                return Name { ptr: shown(name), confirmed: Some(true) };
            }
            Answer::Unknown(_) => confirmed = None,
            _ => {}
        }
    }
    Name { ptr: names.first().and_then(|name| shown(name)), confirmed }
}

async fn one(observer: &Observer, question: Question) -> Answer {
    observer.ask(vec![question]).await.pop().map_or(Answer::None, |(_, answer)| answer)
}

/// RFC 1035 §3.5, RFC 3596 §2.5.
fn arpa(ip: IpAddr) -> Option<DomainName> {
    let name = match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    };
    DomainName::parse(&name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_backwards() {
        let name = |ip: &str| arpa(ip.parse().unwrap()).unwrap().to_string();
        assert_eq!(name("192.0.2.10"), "10.2.0.192.in-addr.arpa");
        // The example of RFC 3596 §2.5.
        assert_eq!(name("4321:0:1:2:3:4:567:89ab"), "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
    }
}
