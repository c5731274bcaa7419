//! What `postern serve --welcome FILE` says once it serves: where to point a client, then the file's own words.
//!
//! Passwords are never ours to print; those of the sample tenant stand in its file, where everybody reads them anyhow.

use std::{collections::BTreeMap, fmt::Write, net::SocketAddr, path::Path};

use crate::{config::Name, table::Table};

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'a> {
    /// The sockets that are open.
    pub addresses: &'a BTreeMap<Name, SocketAddr>,
    /// The local authority's certificate, where that made ours.
    pub authority: Option<&'a Path>,
    /// How this program was called.
    pub program: &'a Path,
    /// Its data folder.
    pub data: &'a Path,
}

impl Welcome<'_> {
    /// The listeners, the authority, and `words`. In them the name of a listener in braces, as `{imaps}`, is its address;
    /// `{ca}` the authority's certificate, `{postern}` this program and `{data}` its data folder.
    #[must_use]
    pub fn say(&self, words: &str) -> String {
        let mut said = String::from("\nPostern serves. Point a client at\n\n");
        let mut table = Table::new(["", "LISTENER", "ADDRESS", "TLS", "FOR"]);
        for (name, address) in self.addresses {
            let (tls, what) = about(*name);
            table.row(["", name.spec().name, &address.to_string(), tls, what]);
        }
        let _ = writeln!(said, "{table}");
        if let Some(authority) = self.authority {
            let _ = writeln!(said, "Its certificate is by a local authority; clients trust it by {}\n", authority.display());
        }
        said + &self.filled(words)
    }

    fn filled(&self, words: &str) -> String {
        let authority = self.authority.unwrap_or(Path::new("/etc/ssl/certs/ca-certificates.crt"));
        let paths = [("postern", self.program), ("data", self.data), ("ca", authority)];
        let filled =
            paths.iter().fold(words.to_owned(), |text, (name, path)| text.replace(&format!("{{{name}}}"), &path.to_string_lossy()));
        self.addresses.iter().fold(filled, |text, (name, address)| text.replace(&format!("{{{name}}}"), &address.to_string()))
    }
}

/// Whether a listener speaks TLS, and who comes there.
const fn about(name: Name) -> (&'static str, &'static str) {
    match name {
        Name::Mx => ("STARTTLS", "mail from other servers"),
        Name::Submission => ("STARTTLS", "mail that users send"),
        Name::Submissions => ("yes", "mail that users send"),
        Name::Imap => ("STARTTLS", "reading mail"),
        Name::Imaps => ("yes", "reading mail"),
        Name::Pop3 => ("STLS", "fetching mail"),
        Name::Pop3s => ("yes", "fetching mail"),
        Name::Managesieve => ("STARTTLS", "filters"),
        Name::Web => ("no", "browsers"),
        Name::Webs => ("yes", "browsers"),
        Name::Health => ("no", "/healthz, /readyz, /metrics"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_are_open() {
        let addresses = BTreeMap::from([(Name::Imaps, "127.0.0.1:4711".parse().unwrap())]);
        let welcome = Welcome {
            addresses: &addresses,
            authority: Some(Path::new("d/tls/ca.pem")),
            program: Path::new("./postern"),
            data: Path::new("d"),
        };
        let said = welcome.say("curl --cacert {ca} imaps://{imaps}/ # {smtp}\n{postern} trace --data {data} x\n");
        assert!(said.contains("   imaps      127.0.0.1:4711   yes   reading mail\n"), "{said}");
        assert!(said.contains("clients trust it by d/tls/ca.pem\n"), "{said}");
        assert!(said.ends_with("\ncurl --cacert d/tls/ca.pem imaps://127.0.0.1:4711/ # {smtp}\n./postern trace --data d x\n"), "{said}");
    }
}
