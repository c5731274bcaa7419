//! Who may serve a name: whoever can write into its DNS what only this installation knows for one namespace.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use postern_core::{DomainName, Secret};
use postern_crds::domain::Verification;
use sha2::Sha256;

/// The label at which the token is looked for.
pub const CHALLENGE: &str = "_postern-challenge";
/// How a token begins.
const BEGIN: &str = "postern-verify=";
/// Octets of the hash that are shown: as many as nobody guesses.
const OCTETS: usize = 16;

/// The token of one namespace for one name, at one installation. Another namespace has another: to see it in DNS is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    name: DomainName,
    value: String,
}

impl Token {
    /// The token that `namespace` shall show for `name`. `installation` is known to this installation alone and never changes.
    #[must_use]
    pub fn new(installation: &Secret<Vec<u8>>, namespace: &str, name: &DomainName) -> Self {
        // HMAC takes a key of any length (RFC 2104 §3), so this cannot fail.
        let digest = Hmac::<Sha256>::new_from_slice(installation.expose())
            .map(|mac| mac.chain_update(namespace).chain_update([0]).chain_update(name.as_str()).finalize().into_bytes());
        let hex = digest.map(|digest| digest.iter().take(OCTETS).map(|b| format!("{b:02x}")).collect::<String>()).unwrap_or_default();
        Self { name: name.clone(), value: format!("{BEGIN}{hex}") }
    }

    /// Where it is looked for; `None` when the name leaves no room for a label.
    #[must_use]
    pub fn place(&self) -> Option<DomainName> {
        DomainName::parse(&format!("{CHALLENGE}.{}", self.name)).ok()
    }

    /// Whether it is among a place's TXT records.
    #[must_use]
    pub fn is_in(&self, records: &[String]) -> bool {
        records.iter().any(|record| record.trim() == self.value)
    }

    /// For `status.dns.verification`.
    #[must_use]
    pub fn verification(&self) -> Verification {
        Verification { name: format!("{CHALLENGE}.{}", self.name), type_: "TXT".to_owned(), value: self.value.clone() }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}
