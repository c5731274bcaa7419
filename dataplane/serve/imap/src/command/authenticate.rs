//! AUTHENTICATE (RFC 9051 §6.2.2): PLAIN, LOGIN, SCRAM and tokens, line by line.

use postern_access::{Decision, Refusal, authenticate::ScramCandidate};
use postern_core::Secret;
use postern_proto_imap::types::{Code, Mechanism, Reply};
use postern_proto_sasl::{self as sasl, Exchange, Failure, Step};

use super::login::{attempt, settle};
use crate::{
    refused::{Answer, Refused},
    session::{Flow, ImapSession, Work},
};

/// An exchange between two lines of the client.
pub(crate) struct Authentication {
    exchange: Exchange,
    /// Of SCRAM, once the name is known.
    scram: Option<(String, ScramCandidate)>,
    /// Of a token that was refused, while the client hears why.
    refused: Option<Box<Decision>>,
}

pub(super) async fn authenticate(session: &mut ImapSession, mechanism: &Mechanism, initial: Option<Secret<Vec<u8>>>) -> Flow {
    let Ok(mechanism) = mechanism.as_str().parse::<sasl::Mechanism>() else {
        session.server.complete(Reply::no("Mechanism not offered"));
        return Flow::On;
    };
    let initial = initial.as_ref().map(|response| response.expose().as_slice());
    let (exchange, step) = Exchange::start(mechanism, initial, &session.shared.nonce(), session.channel_binding());
    proceed(session, Authentication { exchange, scram: None, refused: None }, step).await
}

/// The client's next line.
pub(crate) async fn respond(session: &mut ImapSession, response: &Secret<Vec<u8>>) -> Flow {
    let Work::Authenticate(mut under_way) = std::mem::take(&mut session.work) else {
        session.server.complete(Reply::bad("Nothing was asked"));
        return Flow::On;
    };
    let step = under_way.exchange.respond(response.expose());
    proceed(session, *under_way, step).await
}

async fn proceed(session: &mut ImapSession, mut under_way: Authentication, mut step: Step) -> Flow {
    loop {
        step = match step {
            Step::Challenge(challenge) => {
                session.server.challenge(&challenge);
                session.work = Work::Authenticate(Box::new(under_way));
                return Flow::On;
            }
            Step::ScramLookup { username } => match session.shared.authenticator.scram(attempt(session, &username, None)).await {
                Ok(candidate) => {
                    let step = under_way.exchange.verifier(candidate.verifier.clone());
                    under_way.scram = Some((username, candidate));
                    step
                }
                Err(decision) => return end(session, *decision).await,
            },
            Step::Token(bearer) => {
                let user = bearer.user.as_deref();
                let attempt = attempt(session, user.unwrap_or_default(), None);
                let decision = session.shared.authenticator.token(attempt, &bearer.token).await;
                if !matches!(decision.outcome, Err(Refusal::BadToken(_))) {
                    return end(session, decision).await;
                }
                let wanted = session.shared.authenticator.wanted_token(user);
                under_way.refused = Some(Box::new(decision));
                under_way.exchange.refuse_token(&wanted)
            }
            Step::Verify(claim) => {
                let attempt = attempt(session, &claim.authcid, claim.authzid.as_deref());
                let decision = session.shared.authenticator.password(attempt, &claim.password).await;
                return end(session, decision).await;
            }
            Step::Done { authcid, authzid } => {
                let Some((_, candidate)) = under_way.scram else { return answer(session, Err(malformed())) };
                let decision = session.shared.authenticator.scram_done(attempt(session, &authcid, authzid.as_deref()), candidate, true);
                return end(session, decision).await;
            }
            Step::Failed(failure) => return failed(session, under_way, failure).await,
        };
    }
}

async fn failed(session: &mut ImapSession, under_way: Authentication, failure: Failure) -> Flow {
    if let (Failure::Token, Some(decision)) = (failure, under_way.refused) {
        return end(session, *decision).await;
    }
    match (failure, under_way.scram) {
        (Failure::Proof, Some((user, candidate))) => {
            let decision = session.shared.authenticator.scram_done(attempt(session, &user, None), candidate, false);
            end(session, decision).await
        }
        (Failure::Malformed, _) => answer(session, Err(malformed())),
        (failure, _) => {
            tracing::debug!(client = %session.client, %failure, "AUTHENTICATE");
            answer(session, Err(Refused::no(Code::AuthenticationFailed, "Authentication failed")))
        }
    }
}

fn malformed() -> Refused {
    Refused(Reply::bad("Not a message of this mechanism"))
}

async fn end(session: &mut ImapSession, decision: Decision) -> Flow {
    let settled = settle(session, decision).await;
    answer(session, settled)
}

fn answer(session: &mut ImapSession, answer: Answer) -> Flow {
    session.server.complete(answer.unwrap_or_else(|Refused(reply)| reply));
    Flow::On
}
