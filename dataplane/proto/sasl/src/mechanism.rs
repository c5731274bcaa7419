//! The mechanisms that Postern speaks, by their registered names.

use std::{fmt, str::FromStr};

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// RFC 4616: identity and password in one message; only under TLS.
    Plain,
    /// Two prompts, never standardised, still what old clients ask for; only under TLS.
    Login,
    /// RFC 7677: the password never crosses the wire.
    ScramSha256,
    /// RFC 7677 bound to the TLS channel (RFC 5802 §6).
    ScramSha256Plus,
    /// RFC 7628: a token of an issuer; only under TLS.
    OAuthBearer,
    /// The same as mail clients spoke it before the RFC, never standardised; only under TLS.
    XOAuth2,
}

impl Mechanism {
    /// Every mechanism, strongest first: the order in which they are offered.
    pub const ALL: [Self; 6] = [Self::ScramSha256Plus, Self::ScramSha256, Self::OAuthBearer, Self::XOAuth2, Self::Plain, Self::Login];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
        }
    }

    /// Whether the client shows the server its password or a token, so that it needs an encrypted channel.
    #[must_use]
    pub const fn reveals_password(self) -> bool {
        matches!(self, Self::Plain | Self::Login | Self::OAuthBearer | Self::XOAuth2)
    }

    /// Whether the server must know an issuer of tokens.
    #[must_use]
    pub const fn needs_issuer(self) -> bool {
        matches!(self, Self::OAuthBearer | Self::XOAuth2)
    }

    /// Whether it is bound to the channel, so that it can be offered only where there is something to bind it to.
    #[must_use]
    pub const fn binds_channel(self) -> bool {
        matches!(self, Self::ScramSha256Plus)
    }

    /// Whether the server must hold a [`crate::ScramVerifier`] for the account.
    #[must_use]
    pub const fn needs_verifier(self) -> bool {
        matches!(self, Self::ScramSha256 | Self::ScramSha256Plus)
    }
}

/// A mechanism name that Postern does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMechanism;

impl fmt::Display for UnknownMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown SASL mechanism")
    }
}

impl std::error::Error for UnknownMechanism {}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Case does not matter: SMTP and IMAP both send the name in any case.
impl FromStr for Mechanism {
    type Err = UnknownMechanism;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|m| m.as_str().eq_ignore_ascii_case(name)).ok_or(UnknownMechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_any_case() {
        for mechanism in Mechanism::ALL {
            assert_eq!(mechanism.as_str().to_lowercase().parse(), Ok(mechanism));
        }
        assert_eq!("CRAM-MD5".parse::<Mechanism>(), Err(UnknownMechanism));
    }
}
