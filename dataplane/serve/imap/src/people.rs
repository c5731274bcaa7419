//! Who else there is: what sharing a folder needs to know of other accounts. The directory answers; a test brings a list.

use async_trait::async_trait;
use postern_core::{AccountId, Address};
use postern_store::Result;

/// The accounts of a tenant. Nobody learns of another tenant's.
#[async_trait]
pub trait People: Send + Sync {
    /// The account that has an address.
    ///
    /// # Errors
    /// As the store says.
    async fn by_address(&self, tenant: &str, address: &str) -> Result<Option<AccountId>>;

    /// An account's own address.
    ///
    /// # Errors
    /// As the store says.
    async fn address(&self, tenant: &str, account: AccountId) -> Result<Option<Address>>;
}
