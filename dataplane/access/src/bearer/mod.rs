//! What a token of an issuer is worth (OAUTHBEARER, RFC 7628): who stands behind it, and whether that issuer may say so.
//!
//! ```text
//!  token ─► whose? (its `iss`, or the domain of the name claimed) ─┬─► JWT: signature by the issuer's keys (JWKS) ─┐
//!                                                                   └─► introspection: the issuer is asked ─────────┤
//!                         Proven ◄── domain trusted to this issuer? ◄── mailbox claim ◄── audience, time, scope ◄──┘
//! ```
//!
//! An issuer speaks for the domains that it is configured for and for no other: that is the wall between tenants. What the
//! issuer did is told apart from what the token is: an issuer that is away is nobody's wrong password.
//! HTTP comes in through the trait [`Web`]; a token is never logged and never part of an error.

mod claims;
mod introspection;
mod jwks;
mod jws;
mod known;
mod metadata;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
pub use claims::Fault;
use postern_core::{Address, Clock, DomainName, Secret};
use tokio::{sync::Semaphore, time::timeout};

use self::{claims::Claims, jws::Token, known::Known};

/// Longest token that is looked at, in octets.
const LONGEST: usize = 12 * 1024;
/// Issuers asked at the same time.
const PARALLEL: usize = 16;
/// How long a login waits for its turn to ask one.
const PATIENCE: Duration = Duration::from_secs(10);

/// What our side is to the issuer when it is asked about tokens (RFC 7662 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's id.
    pub id: String,
    /// Its secret.
    pub secret: Secret<String>,
}

/// Somebody who says who people are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its identifier, an URL, exactly as it stands in tokens (`iss`).
    pub url: String,
    /// The domains that it speaks for.
    pub domains: BTreeSet<DomainName>,
    /// With one the issuer is asked about every token (RFC 7662); without, its JWTs are verified here.
    pub client: Option<Client>,
}

/// How tokens are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who is trusted.
    pub issuers: Vec<Issuer>,
    /// What a token must be meant for, one of them (`aud`).
    pub audiences: Vec<String>,
    /// Which claim names the mailbox.
    pub claim: String,
    /// What a token must allow, if anything (`scope`, RFC 6749 §3.3).
    pub scope: Option<String>,
    /// How far clocks may differ.
    pub skew: Duration,
}

/// Something that cannot be reached, or does not answer as it should. The reason is for logs and the trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// HTTP, bounded in time and size; redirects are not followed. Bodies are those of `200`, anything else is [`Unreachable`].
#[async_trait]
pub trait Web: Send + Sync {
    /// GET.
    ///
    /// # Errors
    /// [`Unreachable`].
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable>;

    /// POST of a form, as a client with a password (RFC 6749 §2.3.1).
    ///
    /// # Errors
    /// [`Unreachable`].
    async fn post(&self, url: &str, client: &Client, form: &[(&str, &str)]) -> Result<Vec<u8>, Unreachable>;
}

/// Somebody whom an issuer has vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The mailbox that the token names.
    pub mailbox: Address,
    /// Who it is at the issuer, for ever (`sub`).
    pub subject: Option<String>,
    /// The issuer's place among the settings.
    issuer: usize,
}

/// Why there is nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The token will not do.
    Refused(Fault),
    /// The issuer cannot be asked now. The reason is private.
    Away(String),
}

/// The issuers of a process.
pub struct Issuers {
    settings: Settings,
    known: Vec<Known>,
    web: Arc<dyn Web>,
    clock: Arc<dyn Clock>,
    turns: Semaphore,
}

impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuers").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Issuers {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(settings: Settings, web: Arc<dyn Web>, clock: Arc<dyn Clock>) -> Self {
        let known = settings.issuers.iter().map(|issuer| Known::new(&issuer.url)).collect();
        Self { settings, known, web, clock, turns: Semaphore::new(PARALLEL) }
    }

    /// The issuer's description that a client without a good token is pointed to: that of the name's domain, or the only one.
    #[must_use]
    pub fn configuration(&self, user: Option<&str>) -> Option<String> {
        self.of_user(user).map(|at| metadata::address(&at.issuer.url))
    }

    /// What a token needs.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.settings.scope.as_deref()
    }

    /// Whom a token proves. `user` is who the client says it is; it finds the issuer of a token that does not name its own.
    ///
    /// # Errors
    /// [`Unproven`].
    pub async fn check(&self, user: Option<&str>, token: &Secret<String>) -> Result<Proven, Unproven> {
        if token.expose().len() > LONGEST {
            return Err(Unproven::Refused(Fault::Malformed));
        }
        let parsed = Token::parse(token.expose());
        let named = parsed.as_ref().ok().and_then(|token| token.claims.text("iss"));
        let at = match named {
            Some(named) => self.place(|issuer| issuer.url == named),
            None => self.of_user(user),
        };
        let at = at.ok_or(Unproven::Refused(Fault::UnknownIssuer))?;
        let claims = match &at.issuer.client {
            Some(client) => self.introspect(at, client, token).await?,
            None => self.verify(at, parsed.map_err(Unproven::Refused)?).await?,
        };
        self.judge(at, &claims).map_err(Unproven::Refused)
    }

    /// Whether the issuer that has vouched for somebody may speak for addresses of `domain`.
    #[must_use]
    pub fn speaks_for(&self, proven: &Proven, domain: &DomainName) -> bool {
        self.settings.issuers.get(proven.issuer).is_some_and(|issuer| issuer.domains.contains(domain))
    }

    async fn introspect(&self, at: Place<'_>, client: &Client, token: &Secret<String>) -> Result<Claims, Unproven> {
        let _turn = self.turn().await?;
        let metadata = at.known.metadata(&*self.web, self.clock.now()).await.map_err(away)?;
        introspection::ask(&*self.web, &metadata, client, token).await
    }

    async fn verify(&self, at: Place<'_>, token: Token<'_>) -> Result<Claims, Unproven> {
        let keys = {
            let _turn = self.turn().await?;
            at.known.keys(&*self.web, self.clock.now(), |keys| keys.has(&token)).await.map_err(away)?
        };
        match keys.verify(&token) {
            // A token without an end could never be taken back.
            Ok(()) if token.claims.ends() && token.claims.text("iss").is_some() => Ok(token.claims),
            Ok(()) => Err(Unproven::Refused(Fault::Malformed)),
            Err(fault) => Err(Unproven::Refused(fault)),
        }
    }

    fn judge(&self, at: Place<'_>, claims: &Claims) -> Result<Proven, Fault> {
        let issuer = at.issuer;
        if claims.text("iss").is_some_and(|named| named != issuer.url) {
            return Err(Fault::UnknownIssuer);
        }
        claims.in_time(self.clock.now(), self.settings.skew)?;
        claims.meant_for(&self.settings.audiences)?;
        if let Some(scope) = &self.settings.scope {
            claims.allows(scope)?;
        }
        let mailbox = claims.mailbox(&self.settings.claim)?;
        if !issuer.domains.contains(mailbox.domain()) {
            return Err(Fault::OtherDomain);
        }
        Ok(Proven { mailbox, subject: claims.text("sub").map(str::to_owned), issuer: at.index })
    }

    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Unproven> {
        match timeout(PATIENCE, self.turns.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Unproven::Away("too many tokens are waiting for their issuers".to_owned())),
        }
    }

    fn of_user(&self, user: Option<&str>) -> Option<Place<'_>> {
        match user.and_then(|user| Address::parse(user).ok()) {
            Some(user) => self.place(|issuer| issuer.domains.contains(user.domain())),
            None => self.place(|_| true).filter(|_| self.known.len() == 1),
        }
    }

    fn place(&self, is: impl Fn(&Issuer) -> bool) -> Option<Place<'_>> {
        let mut all = self.settings.issuers.iter().zip(&self.known).enumerate();
        all.find(|(_, (issuer, _))| is(issuer)).map(|(index, (issuer, known))| Place { index, issuer, known })
    }
}

/// An issuer and what is known of it.
#[derive(Clone, Copy)]
struct Place<'i> {
    index: usize,
    issuer: &'i Issuer,
    known: &'i Known,
}

fn away(error: Unreachable) -> Unproven {
    Unproven::Away(error.0)
}

#[cfg(test)]
mod tests;
