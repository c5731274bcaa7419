//! The DNS record of a key (RFC 6376 §3.6.1, RFC 8463 §4).

use base64::{Engine, engine::general_purpose::STANDARD};
use postern_core::{DomainName, directory::DkimAlgorithm};

/// The name of the TXT record: `selector._domainkey.domain`.
#[must_use]
pub fn record_name(selector: &str, domain: &DomainName) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// Its text. A string of a TXT record has at most 255 octets: whoever publishes it cuts it into several.
#[must_use]
pub fn record_text(algorithm: DkimAlgorithm, public: &[u8]) -> String {
    let kind = match algorithm {
        DkimAlgorithm::Rsa2048 => "rsa",
        DkimAlgorithm::Ed25519 => "ed25519",
    };
    format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8463 appendix A.2.
    #[test]
    fn an_ed25519_record_is_that_of_the_rfc() {
        let public = [
            0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda,
            0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
        ];
        assert_eq!(record_text(DkimAlgorithm::Ed25519, &public), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        assert_eq!(record_name("brisbane", &"football.example.com".parse().unwrap()), "brisbane._domainkey.football.example.com");
    }
}
