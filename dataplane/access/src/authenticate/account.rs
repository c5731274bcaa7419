//! What a login needs to know of an account, and where it comes from.

use std::sync::Arc;

use async_trait::async_trait;
use postern_core::{AccountId, Address, Secret, directory::Protocols};
use postern_proto_sasl::ScramVerifier;

/// An account as seen from its door.
#[derive(Clone, Debug)]
pub struct LoginAccount {
    /// Its id.
    pub id: AccountId,
    /// Its primary address.
    pub address: Address,
    /// The tenant.
    pub tenant: String,
    /// Which doors are open.
    pub protocols: Protocols,
    /// Nobody may log in.
    pub suspended: bool,
    /// PHC string; without one no password fits.
    pub phc: Option<Secret<String>>,
    /// SCRAM verifier.
    pub scram: Option<ScramVerifier>,
    /// Who its owner is at an issuer of tokens; with one no other subject opens it.
    pub subject: Option<String>,
}

/// The directory cannot be asked. The reason is for logs and the trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// The directory of accounts.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account that a login name means: an address, in any case; aliases if the directory allows it.
    ///
    /// # Errors
    /// [`Unavailable`]; a name that means none is `Ok(None)`.
    async fn by_login(&self, login: &str) -> Result<Option<Arc<LoginAccount>>, Unavailable>;

    /// A password was proven and the account has no SCRAM verifier yet: keep this one if the credential is still
    /// `account.phc`. Best effort.
    async fn gained_scram(&self, account: &LoginAccount, verifier: ScramVerifier) {
        let _ = (account, verifier);
    }
}
