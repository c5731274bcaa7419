//! An MTA-STS policy as we publish it: its text, and the id that DNS shows for it (RFC 8461 §3). Whoever serves the text and
//! whoever writes the record make both here, so that they cannot disagree.

use crate::DomainName;

/// How long others may keep a policy (RFC 8461 §3.2 asks for weeks): a week, so that a mistake heals.
const MAX_AGE_SECS: u32 = 604_800;

/// What others shall do when TLS to us does not check (RFC 8461 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Report, and deliver all the same.
    Testing,
    /// Not deliver.
    Enforce,
}

impl Mode {
    /// By its word in a resource; `none` and what is unknown publish nothing.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "testing" => Some(Self::Testing),
            "enforce" => Some(Self::Enforce),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Testing => "testing",
            Self::Enforce => "enforce",
        }
    }
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    mode: Mode,
    mx: Vec<DomainName>,
}

impl Policy {
    /// For the hosts that MX records name.
    #[must_use]
    pub const fn new(mode: Mode, mx: Vec<DomainName>) -> Self {
        Self { mode, mx }
    }

    /// The body of `mta-sts.txt` (RFC 8461 §3.2).
    #[must_use]
    pub fn text(&self) -> String {
        let hosts = self.mx.iter().map(|host| format!("mx: {host}\r\n")).collect::<String>();
        format!("version: STSv1\r\nmode: {}\r\n{hosts}max_age: {MAX_AGE_SECS}\r\n", self.mode.as_str())
    }

    /// The text of the TXT record at `_mta-sts` (RFC 8461 §3.1). The id changes with the policy, and with nothing else.
    #[must_use]
    pub fn record(&self) -> String {
        // FNV-1a: a difference is to be seen, nobody is kept out.
        let id = self.text().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        format!("v=STSv1; id={id:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_id_change_together() {
        let host = || vec![DomainName::parse("mail.example.org").unwrap()];
        let testing = Policy::new(Mode::Testing, host());
        assert_eq!(testing.text(), "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 604800\r\n");
        let enforced = Policy::new(Mode::Enforce, host());
        assert_ne!(testing.record(), enforced.record());
        assert_eq!(testing.record(), Policy::new(Mode::Testing, host()).record());
        let id = testing.record();
        let id = id.strip_prefix("v=STSv1; id=").unwrap();
        assert!(id.len() <= 32 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "RFC 8461 §3.1: {id}");
    }
}
