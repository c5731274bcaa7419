//! LOGIN (RFC 9051 §6.2.3), and what becomes of any decision about a login.

use postern_access::{Attempt, Decision, Door, Refusal};
use postern_core::Secret;
use postern_proto_imap::types::Reply;
use postern_proto_sasl::prep;

use crate::{
    login_event,
    refused::{self, Answer, Refused},
    session::ImapSession,
};

pub(super) async fn login(session: &mut ImapSession, user: &str, password: &Secret<String>) -> Answer {
    // As SASL prepares a name (RFC 4013); one that it forbids is nobody's, as it stands.
    let user = prep::name(user).unwrap_or_else(|_| user.to_owned());
    let attempt = attempt(session, &user, None);
    let decision = session.shared.authenticator.password(attempt, password).await;
    settle(session, decision).await
}

/// A try at IMAP's door.
pub(super) fn attempt<'a>(session: &ImapSession, login: &'a str, authzid: Option<&'a str>) -> Attempt<'a> {
    Attempt { login, authzid, client: session.client, door: Door::Imap }
}

/// Lets the client in, or answers why not; a guess is answered late.
pub(super) async fn settle(session: &mut ImapSession, decision: Decision) -> Answer {
    login_event::note(&session.shared.store, &session.shared.trail, &decision);
    match decision.outcome {
        Ok(login) => {
            session.login = Some(Box::new(login));
            Ok(Reply::ok("Logged in"))
        }
        Err(refusal) => {
            if matches!(refusal, Refusal::BadCredentials | Refusal::BadToken(_)) {
                tokio::time::sleep(session.shared.config.failed_login_delay).await;
            }
            Err(Refused(refused::login(&refusal)))
        }
    }
}
