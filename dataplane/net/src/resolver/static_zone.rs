//! A resolver that knows only what it was told: for tests, for the benchmark, and for a first try without DNS.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use async_trait::async_trait;
use postern_core::DomainName;

use super::{Answer, Mx, Resolver, join};

/// Records by name. Names that are not in it do not exist.
#[derive(Clone, Debug, Default)]
pub struct StaticResolver {
    mx: HashMap<DomainName, Vec<Mx>>,
    ip: HashMap<DomainName, Vec<IpAddr>>,
    txt: HashMap<DomainName, Vec<String>>,
    ptr: HashMap<IpAddr, Vec<DomainName>>,
    cname: HashMap<DomainName, DomainName>,
    failing: HashSet<DomainName>,
    /// Names that exist, whatever records they have.
    names: HashSet<DomainName>,
    authenticated: bool,
}

/// A line that is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}; write `name TYPE value`, as in `example.org MX 10 mx.example.org`")]
pub struct ZoneError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl StaticResolver {
    /// Knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads lines of `name TYPE value`:
    ///
    /// ```text
    /// example.org     MX    10 mx.example.org   # 0 . is a null MX
    /// mx.example.org  A     127.0.0.1           # or AAAA
    /// example.org     TXT   v=spf1 -all
    /// 127.0.0.1       PTR   mx.example.org
    /// www.example.org CNAME example.org
    /// slow.example    FAIL                      # every question about it fails for now
    /// ```
    ///
    /// Blank lines are skipped; a comment begins with `#`, in TXT only at the beginning of the line.
    ///
    /// # Errors
    /// [`ZoneError`] for the first line that is no record.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        let mut zone = Self::new();
        for (at, line) in text.lines().enumerate() {
            zone.line(line.trim()).map_err(|reason| ZoneError { line: at + 1, reason })?;
        }
        Ok(zone)
    }

    /// Calls every answer DNSSEC-authenticated.
    #[must_use]
    pub const fn authenticated(mut self) -> Self {
        self.authenticated = true;
        self
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (owner, rest) = line.split_once(char::is_whitespace).ok_or("a name alone")?;
        let (kind, value) = rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let kind = kind.to_ascii_uppercase();
        let value = if kind == "TXT" { value } else { value.split('#').next().unwrap_or_default() }.trim();
        if kind == "PTR" {
            let address: IpAddr = owner.parse().map_err(|_| format!("`{owner}` is no address"))?;
            self.ptr.entry(address).or_default().push(name(value)?);
            return Ok(());
        }
        let owner = name(owner)?;
        self.names.insert(owner.clone());
        match kind.as_str() {
            "MX" => {
                let (preference, exchange) = value.split_once(char::is_whitespace).ok_or("an MX needs preference and host")?;
                let preference = preference.parse().map_err(|_| format!("`{preference}` is no preference"))?;
                let exchange = if exchange.trim() == "." { None } else { Some(name(exchange.trim())?) };
                self.mx.entry(owner).or_default().push(Mx { preference, exchange });
            }
            "A" | "AAAA" => {
                let address: IpAddr = value.parse().map_err(|_| format!("`{value}` is no address"))?;
                if address.is_ipv4() != (kind == "A") {
                    return Err(format!("`{value}` does not belong in {kind}"));
                }
                self.ip.entry(owner).or_default().push(address);
            }
            "TXT" => self.txt.entry(owner).or_default().push(value.to_owned()),
            "CNAME" => {
                self.cname.insert(owner, name(value)?);
            }
            "FAIL" => {
                self.failing.insert(owner);
            }
            other => return Err(format!("`{other}` is no type that is known here")),
        }
        Ok(())
    }

    fn find<T: Clone>(&self, owner: &DomainName, table: &HashMap<DomainName, Vec<T>>) -> Answer<T> {
        let mut owner = owner;
        // A chain of aliases is short or a loop.
        for _ in 0..8 {
            match self.cname.get(owner) {
                Some(next) => owner = next,
                None if self.failing.contains(owner) => return Answer::Temporary("server failure".to_owned()),
                None => {
                    return match table.get(owner) {
                        Some(records) => Answer::Found { records: records.clone(), authenticated: self.authenticated },
                        None if self.names.contains(owner) => Answer::NoRecords,
                        None => Answer::NxDomain,
                    };
                }
            }
        }
        Answer::Temporary("too many aliases".to_owned())
    }
}

fn name(text: &str) -> Result<DomainName, String> {
    DomainName::parse(text).map_err(|e| format!("`{text}`: {e}"))
}

#[async_trait]
impl Resolver for StaticResolver {
    async fn mx(&self, domain: &DomainName) -> Answer<Mx> {
        match self.find(domain, &self.mx) {
            Answer::Found { mut records, authenticated } => {
                records.sort_by_key(|mx| mx.preference);
                Answer::Found { records, authenticated }
            }
            other => other,
        }
    }

    async fn ip(&self, host: &DomainName) -> Answer<IpAddr> {
        let Answer::Found { records, authenticated } = self.find(host, &self.ip) else {
            return self.find(host, &self.ip);
        };
        let (four, six): (Vec<_>, Vec<_>) = records.into_iter().partition(IpAddr::is_ipv4);
        let answer = |records: Vec<IpAddr>| match records.is_empty() {
            true => Answer::NoRecords,
            false => Answer::Found { records, authenticated },
        };
        join(answer(four), answer(six))
    }

    async fn txt(&self, name: &DomainName) -> Answer<String> {
        self.find(name, &self.txt)
    }

    async fn ptr(&self, address: IpAddr) -> Answer<DomainName> {
        match self.ptr.get(&address) {
            Some(names) => Answer::Found { records: names.clone(), authenticated: self.authenticated },
            None => Answer::NxDomain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    #[tokio::test]
    async fn answers_from_its_lines() {
        let zone = StaticResolver::parse(
            "# a zone\n\
             example.org MX 20 b.example.org\n\
             example.org MX 10 a.example.org # first\n\
             example.org TXT v=spf1 # not a comment\n\
             a.example.org AAAA ::1\n\
             a.example.org A 127.0.0.1\n\
             127.0.0.1 PTR a.example.org\n\
             alias.example.org CNAME example.org\n\
             null.example MX 0 .\n\
             slow.example FAIL\n\
             loop.example CNAME loop.example\n",
        )
        .unwrap();
        let hosts: Vec<_> = zone.mx(&domain("alias.example.org")).await.records().iter().map(|m| m.preference).collect();
        assert_eq!(hosts, [10, 20]);
        let addresses: Vec<_> = zone.ip(&domain("a.example.org")).await.records().iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["127.0.0.1", "::1"]);
        assert_eq!(zone.txt(&domain("example.org")).await.records(), ["v=spf1 # not a comment"]);
        assert_eq!(zone.ptr("127.0.0.1".parse().unwrap()).await.records(), [domain("a.example.org")]);
        assert_eq!(zone.mx(&domain("null.example")).await.records(), [Mx { preference: 0, exchange: None }]);
        assert_eq!(zone.mx(&domain("a.example.org")).await, Answer::NoRecords);
        assert_eq!(zone.mx(&domain("nowhere.example")).await, Answer::NxDomain);
        assert!(zone.ip(&domain("slow.example")).await.is_temporary());
        assert!(zone.ip(&domain("loop.example")).await.is_temporary());
    }

    #[test]
    fn says_which_line_is_wrong() {
        for bad in ["example.org", "example.org MX mx", "example.org A ::1", "x PTR example.org", "example.org SRV 1", "a..b A 127.0.0.1"] {
            assert_eq!(StaticResolver::parse(&format!("\n{bad}")).unwrap_err().line, 2, "{bad}");
        }
    }
}
