//! AUTH (RFC 4954): a SASL exchange between the client and the access crate.
//!
//! All failures of a guesser read the same; the trail knows them apart.

use std::sync::{Arc, PoisonError};

use postern_access::{Attempt, Decision, Door, Refusal, authenticate::ScramCandidate};
use postern_core::Secret;
use postern_mailflow::accept::Sender;
use postern_proto_sasl::{Bearer, ChannelBinding, Credentials, Exchange as Sasl, Mechanism, Step, encoding};
use postern_proto_smtp::reply::standard;
use rand::Rng;

use crate::Session;

/// An exchange under way.
#[derive(Debug)]
pub(crate) struct Exchange {
    sasl: Sasl,
    /// With SCRAM, once the client has said who it is.
    candidate: Option<(String, ScramCandidate)>,
    /// Of a token that was refused, while the client hears why.
    refused: Option<Decision>,
}

impl Session {
    pub(crate) async fn auth(&mut self, mechanism: &'static str, initial: Option<Secret<Vec<u8>>>) {
        let Ok(mechanism) = mechanism.parse::<Mechanism>() else { return self.machine.refuse(standard::UNKNOWN_MECHANISM) };
        let nonce = if mechanism.needs_verifier() { self.nonce() } else { String::new() };
        let initial = initial.as_ref().map(|i| i.expose().as_slice());
        let (sasl, step) = Sasl::start(mechanism, initial, &nonce, self.channel_binding());
        self.exchange = Some(Box::new(Exchange { sasl, candidate: None, refused: None }));
        self.step(step).await;
    }

    pub(crate) async fn auth_response(&mut self, response: Secret<Vec<u8>>) {
        let Some(exchange) = &mut self.exchange else { return self.machine.refuse(standard::BAD_CREDENTIALS) };
        let step = exchange.sasl.respond(response.expose());
        self.step(step).await;
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Challenge(challenge) => self.machine.challenge(&challenge),
            Step::Verify(credentials) => self.verify(credentials).await,
            Step::Token(bearer) => self.token(bearer).await,
            Step::ScramLookup { username } => self.look_up(username).await,
            Step::Done { authcid, authzid } => self.proven(&authcid, authzid.as_deref()),
            Step::Failed(failure) => {
                if let Some(decision) = self.exchange.as_mut().and_then(|exchange| exchange.refused.take()) {
                    return self.decided(decision);
                }
                let login = self.scram_failed();
                self.failed(&login, "bad_credentials");
                tracing::debug!(client = %self.client.ip, %failure, "authentication failed");
                self.machine.refuse(standard::BAD_CREDENTIALS);
            }
        }
    }

    async fn verify(&mut self, credentials: Credentials) {
        let Some(authenticator) = self.service.access.as_ref().map(|a| a.authenticator.clone()) else {
            return self.machine.refuse(standard::AUTH_UNAVAILABLE);
        };
        let Credentials { authzid, authcid, password } = credentials;
        let attempt = self.attempt(&authcid, authzid.as_deref());
        let decision = authenticator.password(attempt, &password).await;
        self.decided(decision);
    }

    /// RFC 7628 §3.2.2: who brings a token that will not do hears what to bring, and fails with its next answer.
    async fn token(&mut self, Bearer { user, token }: Bearer) {
        let Some(authenticator) = self.service.access.as_ref().map(|a| a.authenticator.clone()) else {
            return self.machine.refuse(standard::AUTH_UNAVAILABLE);
        };
        let attempt = self.attempt(user.as_deref().unwrap_or_default(), None);
        let decision = authenticator.token(attempt, &token).await;
        match (&decision.outcome, &mut self.exchange) {
            (Err(Refusal::BadToken(_)), Some(exchange)) => {
                if let Step::Challenge(challenge) = exchange.sasl.refuse_token(&authenticator.wanted_token(user.as_deref())) {
                    exchange.refused = Some(decision);
                    return self.machine.challenge(&challenge);
                }
                self.decided(decision);
            }
            _ => self.decided(decision),
        }
    }

    async fn look_up(&mut self, username: String) {
        let Some(authenticator) = self.service.access.as_ref().map(|a| a.authenticator.clone()) else {
            return self.machine.refuse(standard::AUTH_UNAVAILABLE);
        };
        let found = authenticator.scram(self.attempt(&username, None)).await;
        match (found, &mut self.exchange) {
            (Ok(candidate), Some(exchange)) => {
                let step = exchange.sasl.verifier(candidate.verifier.clone());
                exchange.candidate = Some((username, candidate));
                match step {
                    Step::Challenge(challenge) => self.machine.challenge(&challenge),
                    _ => self.machine.refuse(standard::BAD_CREDENTIALS),
                }
            }
            (Err(decision), _) => self.decided(*decision),
            (Ok(_), None) => self.machine.refuse(standard::BAD_CREDENTIALS),
        }
    }

    fn proven(&mut self, authcid: &str, authzid: Option<&str>) {
        let candidate = self.exchange.take().and_then(|exchange| exchange.candidate);
        match (candidate, &self.service.access) {
            (Some((_, candidate)), Some(access)) => {
                let decision = access.authenticator.scram_done(self.attempt(authcid, authzid), candidate, true);
                self.decided(decision);
            }
            _ => self.machine.refuse(standard::BAD_CREDENTIALS),
        }
    }

    /// A SCRAM proof that does not fit counts like a wrong password. Who it was meant to be.
    fn scram_failed(&mut self) -> String {
        let candidate = self.exchange.take().and_then(|exchange| exchange.candidate);
        let (Some((username, candidate)), Some(access)) = (candidate, &self.service.access) else { return String::new() };
        let _ = access.authenticator.scram_done(self.attempt(&username, None), candidate, false);
        username
    }

    fn decided(&mut self, decision: Decision) {
        self.exchange = None;
        match decision.outcome {
            Ok(login) => {
                self.login = Some(Arc::new(Sender { account: login.account, address: login.address, tenant: login.tenant }));
                self.machine.accept();
            }
            Err(refusal) => {
                self.failed(&decision.login, refusal.as_str());
                if let Refusal::Unavailable(cause) = &refusal {
                    tracing::warn!(client = %self.client.ip, cause, "a login could not be decided");
                }
                self.machine.refuse(refusal.outcome());
            }
        }
    }

    fn failed(&self, login: &str, reason: &'static str) {
        self.service.intake.note_login_failure(&self.client, login, reason);
    }

    fn attempt<'a>(&self, login: &'a str, authzid: Option<&'a str>) -> Attempt<'a> {
        Attempt { login, authzid, client: self.client.ip, door: Door::Submission }
    }

    /// What SCRAM is bound to; only where `-PLUS` was on offer, so that a client which was kept from it is noticed (RFC 5802 §6).
    fn channel_binding(&self) -> ChannelBinding {
        match self.binding.as_ref().filter(|_| self.scram) {
            Some(exporter) => ChannelBinding::TlsExporter(Secret::new(exporter.to_vec())),
            None => ChannelBinding::Unavailable,
        }
    }

    /// 18 random octets in base64 (RFC 5802 §5.1).
    fn nonce(&self) -> String {
        let mut octets = [0; 18];
        if let Some(access) = &self.service.access {
            access.nonces.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut octets);
        }
        encoding::encode(octets)
    }
}
