//! The host that a client asks for (RFC 9110 §7.2): whose page it is.

use axum::http::{HeaderMap, Uri, header::HOST};
use postern_core::DomainName;

/// The host of a request, without its port; `None` when it names none or no valid one.
pub fn host(uri: &Uri, headers: &HeaderMap) -> Option<DomainName> {
    let named = uri.host().or_else(|| headers.get(HOST)?.to_str().ok())?;
    let (name, port) = named.rsplit_once(':').map_or((named, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| !port.bytes().all(|b| b.is_ascii_digit())) {
        return None; // An IPv6 address, which is nobody's name.
    }
    DomainName::parse(name).ok()
}

/// The domain below a label of ours: `example.org` of `mta-sts.example.org`.
pub fn below(label: &str, host: &DomainName) -> Option<DomainName> {
    DomainName::parse(host.as_str().strip_prefix(label)?.strip_prefix('.')?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, value.parse().unwrap());
        host(&Uri::from_static("/x"), &headers).map(String::from)
    }

    #[test]
    fn a_port_is_left_out_and_nonsense_is_no_host() {
        assert_eq!(of("Mail.Example.ORG:8080").as_deref(), Some("mail.example.org"));
        assert_eq!(of("mail.example.org.").as_deref(), Some("mail.example.org"));
        for none in ["", "[::1]:80", "a b", "a/../b", "mail.example.org:80@evil"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(host(&Uri::from_static("http://a.example.org/x"), &HeaderMap::new()).unwrap().as_str(), "a.example.org");
    }

    #[test]
    fn a_label_is_a_whole_label() {
        let name = |text: &str| DomainName::parse(text).unwrap();
        assert_eq!(below("mta-sts", &name("mta-sts.example.org")), Some(name("example.org")));
        assert_eq!(below("mta-sts", &name("mta-stsexample.org")), None);
        assert_eq!(below("mta-sts", &name("example.org")), None);
    }
}
