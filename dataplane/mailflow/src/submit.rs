//! Mail of our own users (RFC 6409): whose name it bears is checked, what is missing is added, and it is signed.
//!
//! From there it goes the way of all mail ([`crate::accept`]): boxes here and the queue in one commit, one body for
//! both. How many recipients a user may have is counted at the door.

use std::sync::Arc;

use postern_core::{Address, EnhancedCode, Outcome, ReversePath, directory::DomainMode};
use postern_message::submit::{self, Author};
use postern_store::{
    Result as StoreResult,
    directory::{AddressTarget, DomainEntry},
};

use crate::accept::{Client, Intake, Parameters, Refused, Sender, Stored, Transaction};

/// X.6.0: other or undefined media error.
const MEDIA: EnhancedCode = EnhancedCode(6, 0);

impl Intake {
    /// Begins a user's transaction at MAIL. `<>` is allowed: read receipts bear it.
    ///
    /// # Errors
    /// [`Refused`] when the sender is not the user's, its domain only receives, or the database is away.
    pub async fn begin_submission(&self, login: &Arc<Sender>, sender: ReversePath, parameters: Parameters) -> Result<Transaction, Refused> {
        self.ready()?;
        if let Some(address) = &sender {
            self.require(login, address, "sender").await?;
        }
        let from = sender.as_ref().unwrap_or(&login.address);
        let domain = self.domain_of(from).await?;
        if domain.is_some_and(|domain| domain.record.mode == DomainMode::ReceiveOnly) {
            return Err(Refused::policy("receives_only", format!("The domain {} sends no mail", from.domain())));
        }
        Ok(Transaction::new(self, Some(login.clone()), sender, parameters))
    }

    /// The domain of an address that a user sends as, for its limits.
    ///
    /// # Errors
    /// [`Refused`] while the directory is away.
    pub async fn domain_of(&self, address: &Address) -> Result<Option<Arc<DomainEntry>>, Refused> {
        self.directory().domain(address.domain()).await.map_err(|e| self.failed(&e))
    }

    /// Takes a user's message, `message` being what came. Durable when this returns.
    ///
    /// # Errors
    /// [`Refused`]: nothing was stored or queued for anybody.
    pub async fn submit(&self, client: &Client, transaction: &mut Transaction, message: &[u8], dialogue: &str) -> Result<Stored, Refused> {
        let Some(login) = transaction.login.clone() else { return Err(Refused::policy("not_authenticated", "Authenticate first")) };
        let authors = match submit::author(message) {
            Author::Claims(addresses) => addresses,
            Author::Missing => return Err(malformed("no_from", "The message has no From")),
            Author::Repeated(_) => return Err(malformed("several_from", "The message has more than one From or Sender field")),
            Author::TooLong => return Err(Refused::header_too_long()),
            Author::Unreadable(_) => return Err(malformed("unreadable_from", "The From of the message is not an address")),
        };
        for author in &authors {
            self.require(&login, author, "From").await?;
        }
        let host = &self.settings().host;
        let message = submit::complete(message, transaction.at, transaction.trace, host);
        let mut body = transaction.received(client, host).into_bytes();
        if let Some(author) = authors.first() {
            let signed = self.signers().sign(self.directory(), author.domain(), &message, transaction.at).await;
            body.extend(signed.map_err(|e| self.failed(&e))?);
        }
        body.extend_from_slice(&message);
        self.commit(client, transaction, &body, dialogue).await
    }

    /// Whether the user may write as this address: one of the box's own, with or without a tag.
    async fn require(&self, login: &Sender, address: &Address, what: &str) -> Result<(), Refused> {
        let owned = self.owns(login, address).await.map_err(|e| self.failed(&e))?;
        if owned {
            return Ok(());
        }
        Err(Refused::policy("not_yours", format!("{} may not use {address} as {what}; use an address of that box", login.address)))
    }

    async fn owns(&self, login: &Sender, address: &Address) -> StoreResult<bool> {
        let its = |target: &AddressTarget| matches!(target, AddressTarget::Account(account) if account.id == login.account);
        match self.directory().address(address).await? {
            AddressTarget::None if address.split_tag().1.is_some() => Ok(its(&self.directory().address(&address.without_tag()).await?)),
            target => Ok(its(&target)),
        }
    }
}

fn malformed(reason: &'static str, text: &'static str) -> Refused {
    Refused::new(reason, Outcome::permanent(550, MEDIA, text))
}
