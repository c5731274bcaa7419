//! The directory as logins see it, and those who share folders.

use std::sync::Arc;

use async_trait::async_trait;
use postern_access::{Accounts, LoginAccount, Unavailable};
use postern_core::{AccountId, Address, Secret};
use postern_proto_sasl::ScramVerifier;
use postern_serve_imap::People;
use postern_store::directory::{AddressTarget, Directory, ScramSecret};

/// Accounts of the directory.
#[derive(Clone, Debug)]
pub struct DirectoryAccounts(pub Directory);

#[async_trait]
impl Accounts for DirectoryAccounts {
    async fn by_login(&self, login: &str) -> Result<Option<Arc<LoginAccount>>, Unavailable> {
        let found = self.0.login(login).await.map_err(|error| Unavailable(error.to_string()))?;
        Ok(found.map(|found| {
            Arc::new(LoginAccount {
                id: found.account,
                address: found.address.clone(),
                tenant: found.tenant.clone(),
                protocols: found.protocols,
                suspended: found.suspended,
                phc: found.phc.clone().map(Secret::new),
                scram: found.scram.as_ref().map(|scram| ScramVerifier {
                    salt: scram.salt.clone(),
                    iterations: scram.iterations,
                    stored_key: scram.stored_key.clone(),
                    server_key: scram.server_key.clone(),
                }),
                subject: found.subject.clone(),
            })
        }))
    }

    async fn gained_scram(&self, account: &LoginAccount, verifier: ScramVerifier) {
        let Some(phc) = &account.phc else { return };
        let scram = ScramSecret {
            salt: verifier.salt.clone(),
            iterations: verifier.iterations,
            stored_key: verifier.stored_key.clone(),
            server_key: verifier.server_key.clone(),
        };
        if let Err(error) = self.0.add_scram(account.id, phc.expose(), &scram).await {
            tracing::debug!(%error, "a SCRAM verifier was not kept");
        }
    }
}

#[async_trait]
impl People for DirectoryAccounts {
    async fn by_address(&self, tenant: &str, address: &str) -> postern_store::Result<Option<AccountId>> {
        let Ok(address) = Address::parse(address) else { return Ok(None) };
        let AddressTarget::Account(account) = self.0.address(&address).await? else { return Ok(None) };
        // The wall between tenants: an address of another's is as good as none.
        Ok((account.record.tenant == tenant).then_some(account.id))
    }

    async fn address(&self, tenant: &str, account: AccountId) -> postern_store::Result<Option<Address>> {
        let account = self.0.account(account).await?;
        Ok(account.filter(|account| account.record.tenant == tenant).map(|account| account.record.address.clone()))
    }
}
