//! What the server's reply to EHLO offers (RFC 5321 §4.1.1.1).

/// Extensions offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// SIZE (RFC 1870); zero is no fixed limit.
    pub size: Option<u64>,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// CHUNKING (RFC 3030).
    pub chunking: bool,
    /// BINARYMIME (RFC 3030).
    pub binary_mime: bool,
    /// DSN (RFC 3461).
    pub dsn: bool,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// AUTH with PLAIN among the mechanisms (RFC 4954).
    pub auth_plain: bool,
    /// REQUIRETLS (RFC 8689).
    pub require_tls: bool,
    /// LIMITS RCPTMAX (RFC 9422): the most recipients of a transaction, for the caller to heed.
    pub max_recipients: Option<u32>,
}

impl Capabilities {
    /// Reads the text of the reply: the first line is a name, each other a keyword with parameters.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.split('\n').skip(1) {
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "PIPELINING" => found.pipelining = true,
                "8BITMIME" => found.eight_bit_mime = true,
                "SIZE" => found.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0)),
                "SMTPUTF8" => found.smtputf8 = true,
                "CHUNKING" => found.chunking = true,
                "BINARYMIME" => found.binary_mime = true,
                "DSN" => found.dsn = true,
                "STARTTLS" => found.starttls = true,
                "AUTH" => found.auth_plain |= words.any(|mechanism| mechanism.eq_ignore_ascii_case("PLAIN")),
                "REQUIRETLS" => found.require_tls = true,
                "LIMITS" => found.max_recipients = rcptmax(line),
                _ => {}
            }
        }
        found
    }
}

fn rcptmax(line: &str) -> Option<u32> {
    line.split(' ').find_map(|word| word.strip_prefix("RCPTMAX=")).and_then(|n| n.parse().ok()).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_in_any_case() {
        let found = Capabilities::parse("mx.example greets\nsize 1000\nPIPELINING\nAUTH=LOGIN plain\nLIMITS MAILMAX=9 RCPTMAX=50\nX-FOO");
        assert_eq!(found.size, Some(1000));
        assert_eq!(found.max_recipients, Some(50));
        assert!(found.pipelining && found.auth_plain && !found.starttls);
        assert_eq!(Capabilities::parse("PIPELINING"), Capabilities::default());
    }
}
