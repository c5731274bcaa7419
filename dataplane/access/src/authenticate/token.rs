//! A login by the token of an issuer (RFC 7628): whom it proves, whether that issuer may, and which account it is.
//!
//! A token cannot be guessed, so one that fails counts against the network that brought it and never against the account,
//! whose owner could else be locked out by anybody; one that is merely too old counts against nobody. An issuer that is away
//! is a temporary failure.

use std::sync::Arc;

use postern_core::Secret;
use postern_proto_sasl::TokenRefused;

use super::{Attempt, Authenticator, Decision, LoginAccount, Refusal};
use crate::{
    bearer::{Fault, Issuers, Proven, Unproven},
    throttle::Key,
};

impl Authenticator {
    /// The same, trusting these issuers of tokens.
    #[must_use]
    pub fn trusting(self, issuers: Arc<Issuers>) -> Self {
        Self { issuers: Some(issuers), ..self }
    }

    /// Whether anybody's tokens are taken, so that OAUTHBEARER and XOAUTH2 may be offered.
    #[must_use]
    pub const fn offers_tokens(&self) -> bool {
        self.issuers.is_some()
    }

    /// What the client of a refused token is told: what it should bring, and where it gets it.
    #[must_use]
    pub fn wanted_token(&self, user: Option<&str>) -> TokenRefused {
        let issuers = self.issuers.as_ref();
        let scope = issuers.and_then(|issuers| issuers.scope()).map(str::to_owned);
        TokenRefused { scope, configuration: issuers.and_then(|issuers| issuers.configuration(user)) }
    }

    /// Checks a token. The attempt's login is whom the client says it is, if it does, and empty else; it may be any address
    /// of the account that the token proves.
    pub async fn token(&self, attempt: Attempt<'_>, token: &Secret<String>) -> Decision {
        let network = Key::Network(self.throttle.network(attempt.client));
        let found = match self.throttle.check(network) {
            Ok(()) => self.vouched(attempt, token).await,
            Err(until) => Err(Refusal::Throttled { until }),
        };
        match found {
            Ok((proven, account)) => {
                let login = proven.mailbox.to_string();
                self.decide(Attempt { login: &login, authzid: None, ..attempt }, Some(account), Ok(()))
            }
            Err(refusal) => {
                if matches!(refusal, Refusal::BadToken(fault) if !matches!(fault, Fault::Expired | Fault::NotYet)) {
                    self.throttle.failed(network);
                }
                self.decide(attempt, None, Err(refusal))
            }
        }
    }

    async fn vouched(&self, attempt: Attempt<'_>, token: &Secret<String>) -> Result<(Proven, Arc<LoginAccount>), Refusal> {
        let Some(issuers) = &self.issuers else { return Err(Refusal::BadToken(Fault::UnknownIssuer)) };
        let user = Some(attempt.login).filter(|user| !user.is_empty());
        let proven = issuers.check(user, token).await.map_err(|unproven| match unproven {
            Unproven::Refused(fault) => Refusal::BadToken(fault),
            Unproven::Away(cause) => Refusal::Unavailable(cause),
        })?;
        let account = self.account(&proven.mailbox.to_string()).await?.ok_or(Refusal::BadToken(Fault::NoMailbox))?;
        // An address may lead to a box of another domain of the tenant's, for which another issuer speaks.
        if !issuers.speaks_for(&proven, account.address.domain()) {
            return Err(Refusal::BadToken(Fault::OtherDomain));
        }
        if account.subject.is_some() && account.subject != proven.subject {
            return Err(Refusal::BadToken(Fault::OtherSubject));
        }
        if let Some(user) = user
            && self.account(user).await?.is_none_or(|named| named.id != account.id)
        {
            return Err(Refusal::NotYourself);
        }
        Ok((proven, account))
    }

    async fn account(&self, login: &str) -> Result<Option<Arc<LoginAccount>>, Refusal> {
        self.accounts.by_login(login).await.map_err(|error| Refusal::Unavailable(error.0))
    }
}
