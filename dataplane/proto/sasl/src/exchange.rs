//! One authentication from the chosen mechanism to its end.
//!
//! The caller sends what [`Step::Challenge`] holds and brings the client's answer to [`Exchange::respond`]; it answers
//! [`Step::ScramLookup`] with [`Exchange::verifier`], and a token that will not do with [`Exchange::refuse_token`]. The other
//! steps end the exchange. A client that cancels (`*` in
//! SMTP and IMAP) is the caller's business: it drops the exchange.

use std::fmt;

use postern_core::Secret;

use crate::{
    Bearer, ChannelBinding, Mechanism, ScramVerifier, TokenRefused,
    bearer::Flavour,
    login, plain,
    scram::server::{AwaitFinal, AwaitVerifier, Proven},
};

/// What the client claims, for the caller to check.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whom it wants to act as, when it says so.
    pub authzid: Option<String>,
    /// Who it is.
    pub authcid: String,
    /// Its password, as sent.
    pub password: Secret<String>,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// Send these bytes and pass the answer to [`Exchange::respond`]. SCRAM's server-final message comes this way too,
    /// and its answer is empty (RFC 5802 §5, protocols without data on success).
    Challenge(Vec<u8>),
    /// Check these; the exchange is over and the caller decides.
    Verify(Credentials),
    /// Ask what this token is worth; if nothing, call [`Exchange::refuse_token`], else the exchange is over.
    Token(Bearer),
    /// Find this user's verifier and call [`Exchange::verifier`]; for an unknown user use [`ScramVerifier::decoy`].
    ScramLookup {
        /// The authentication identity, unescaped.
        username: String,
    },
    /// Proven.
    Done {
        /// Who it is.
        authcid: String,
        /// Whom it wants to act as, when it says so. Whether it may is the caller's to decide.
        authzid: Option<String>,
    },
    /// Over, without success.
    Failed(Failure),
}

/// Why an exchange failed. The client is told no more than "authentication failed"; this is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The message breaks the mechanism's grammar.
    Malformed,
    /// A SCRAM nonce, mandatory extension or GS2 flag that may not be.
    Protocol,
    /// The client's channel is not our channel, or a downgrade of the offer was seen (RFC 5802 §6).
    ChannelBinding,
    /// The proof does not match: wrong password or unknown user.
    Proof,
    /// The token was refused, and the client has heard why.
    Token,
    /// A method was called that the exchange did not ask for.
    OutOfOrder,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed message",
            Self::Protocol => "protocol violation",
            Self::ChannelBinding => "channel binding does not match",
            Self::Proof => "wrong password or unknown user",
            Self::Token => "the token was refused",
            Self::OutOfOrder => "answer without a question",
        })
    }
}

impl std::error::Error for Failure {}

/// An authentication in progress.
#[derive(Debug)]
pub struct Exchange {
    state: State,
    /// What the server contributes to SCRAM.
    nonce: String,
    binding: ChannelBinding,
}

#[derive(Debug)]
enum State {
    First(Mechanism),
    LoginName,
    LoginPassword(String),
    ScramVerifier(Box<AwaitVerifier>),
    ScramFinal(Box<AwaitFinal>),
    ScramAcknowledge(Proven),
    /// The caller is asking.
    TokenShown(Flavour),
    /// The client has been told why not, and says its dummy.
    TokenRefused,
    Over,
}

impl Exchange {
    /// Begins. `nonce` is fresh printable ASCII without commas, at least 18 random octets in base64 for SCRAM; `binding`
    /// is the TLS exporter's value exactly when the `-PLUS` mechanism was offered.
    #[must_use]
    pub fn start(mechanism: Mechanism, initial: Option<&[u8]>, nonce: &str, binding: ChannelBinding) -> (Self, Step) {
        let mut exchange = Self { state: State::First(mechanism), nonce: nonce.to_owned(), binding };
        let step = match (mechanism, initial) {
            (_, Some(initial)) => exchange.respond(initial),
            (Mechanism::Login, None) => exchange.ask(State::LoginName, login::ASK_NAME.to_vec()),
            // RFC 4422 §3: a client-first mechanism without initial response is asked with an empty challenge.
            (_, None) => Step::Challenge(Vec::new()),
        };
        (exchange, step)
    }

    /// Takes the client's (decoded) answer to a challenge.
    pub fn respond(&mut self, response: &[u8]) -> Step {
        let step = match std::mem::replace(&mut self.state, State::Over) {
            State::First(Mechanism::Plain) => plain::parse(response).map(Step::Verify),
            State::First(Mechanism::Login) | State::LoginName => {
                login::name(response).map(|name| self.ask(State::LoginPassword(name), login::ASK_PASSWORD.to_vec()))
            }
            State::LoginPassword(name) => login::credentials(name, response).map(Step::Verify),
            State::First(mechanism @ (Mechanism::ScramSha256 | Mechanism::ScramSha256Plus)) => {
                AwaitVerifier::read(response, mechanism == Mechanism::ScramSha256Plus, &self.nonce, &self.binding).map(|next| {
                    let username = next.username().to_owned();
                    self.state = State::ScramVerifier(Box::new(next));
                    Step::ScramLookup { username }
                })
            }
            State::First(Mechanism::OAuthBearer) => self.token(Flavour::Rfc7628, response),
            State::First(Mechanism::XOAuth2) => self.token(Flavour::XOAuth2, response),
            // RFC 7628 §3.2.3: ^A under OAUTHBEARER, nothing under XOAUTH2; there is nothing to learn from it.
            State::TokenRefused => Err(Failure::Token),
            State::ScramFinal(last) => {
                last.check(response, &self.binding).map(|(proven, message)| self.ask(State::ScramAcknowledge(proven), message))
            }
            State::ScramAcknowledge(proven) if response.is_empty() => Ok(Step::Done { authcid: proven.authcid, authzid: proven.authzid }),
            State::ScramAcknowledge(_) => Err(Failure::Malformed),
            State::ScramVerifier(_) | State::TokenShown(_) | State::Over => Err(Failure::OutOfOrder),
        };
        step.unwrap_or_else(Step::Failed)
    }

    /// Answers [`Step::ScramLookup`].
    pub fn verifier(&mut self, verifier: ScramVerifier) -> Step {
        match std::mem::replace(&mut self.state, State::Over) {
            State::ScramVerifier(waiting) => {
                let (next, message) = waiting.challenge(verifier);
                self.ask(State::ScramFinal(Box::new(next)), message)
            }
            _ => Step::Failed(Failure::OutOfOrder),
        }
    }

    /// Answers [`Step::Token`] when it will not do: the client is told, and fails with its next answer.
    pub fn refuse_token(&mut self, refused: &TokenRefused) -> Step {
        match std::mem::replace(&mut self.state, State::Over) {
            State::TokenShown(flavour) => self.ask(State::TokenRefused, flavour.refusal(refused)),
            _ => Step::Failed(Failure::OutOfOrder),
        }
    }

    fn token(&mut self, flavour: Flavour, response: &[u8]) -> Result<Step, Failure> {
        let bearer = flavour.parse(response)?;
        self.state = State::TokenShown(flavour);
        Ok(Step::Token(bearer))
    }

    fn ask(&mut self, state: State, challenge: Vec<u8>) -> Step {
        self.state = state;
        Step::Challenge(challenge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_asks_twice_or_takes_the_name_at_once() {
        let (mut exchange, step) = Exchange::start(Mechanism::Login, None, "", ChannelBinding::Unavailable);
        assert!(matches!(step, Step::Challenge(c) if c == b"Username:"));
        assert!(matches!(exchange.respond(b"tim"), Step::Challenge(c) if c == b"Password:"));
        assert!(matches!(exchange.respond(b"pw"), Step::Verify(c) if c.authcid == "tim" && c.password.expose() == "pw"));
        assert!(matches!(exchange.respond(b"pw"), Step::Failed(Failure::OutOfOrder)));

        let (_, step) = Exchange::start(Mechanism::Login, Some(b"tim"), "", ChannelBinding::Unavailable);
        assert!(matches!(step, Step::Challenge(c) if c == b"Password:"));
    }

    #[test]
    fn a_refused_token_fails_once_the_client_has_heard_why() {
        let message = b"n,a=tim@example.org,\x01auth=Bearer abc\x01\x01";
        let (mut exchange, step) = Exchange::start(Mechanism::OAuthBearer, Some(message), "", ChannelBinding::Unavailable);
        assert!(matches!(step, Step::Token(b) if b.user.as_deref() == Some("tim@example.org") && b.token.expose() == "abc"));
        assert!(matches!(exchange.refuse_token(&TokenRefused::default()), Step::Challenge(c) if c == br#"{"status":"invalid_token"}"#));
        assert!(matches!(exchange.respond(b"\x01"), Step::Failed(Failure::Token)));
        assert!(matches!(exchange.refuse_token(&TokenRefused::default()), Step::Failed(Failure::OutOfOrder)));
    }

    #[test]
    fn plain_without_initial_response_is_asked_with_an_empty_challenge() {
        let (mut exchange, step) = Exchange::start(Mechanism::Plain, None, "", ChannelBinding::Unavailable);
        assert!(matches!(step, Step::Challenge(c) if c.is_empty()));
        assert!(matches!(exchange.respond(b"\0tim\0pw"), Step::Verify(_)));
    }
}
