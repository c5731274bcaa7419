//! What routing asks: two questions, both answered from memory in the usual case.

use std::{future::Future, sync::Arc};

use postern_core::{Address, DomainName};
use postern_store::{
    Result,
    directory::{AddressTarget, Directory, DomainEntry},
};

/// The directory, as routing sees it.
pub trait Lookups: Sync {
    /// A domain that is served here, by its name or an alias domain's.
    ///
    /// # Errors
    /// As the directory says.
    fn domain(&self, name: &DomainName) -> impl Future<Output = Result<Option<Arc<DomainEntry>>>> + Send;

    /// What an address stands for, alias domains followed, tags not.
    ///
    /// # Errors
    /// As the directory says.
    fn address(&self, address: &Address) -> impl Future<Output = Result<AddressTarget>> + Send;
}

impl Lookups for Directory {
    fn domain(&self, name: &DomainName) -> impl Future<Output = Result<Option<Arc<DomainEntry>>>> + Send {
        Self::domain(self, name)
    }

    fn address(&self, address: &Address) -> impl Future<Output = Result<AddressTarget>> + Send {
        Self::address(self, address)
    }
}
