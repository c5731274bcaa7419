//! `postern index`: searches are exact without an index too; with one they read less.

use postern_core::Address;
use postern_store::{
    Result, Store, StoreError,
    directory::{AddressTarget, Directory},
};

use crate::control::Response;

/// Indexes what is behind in one box.
///
/// # Errors
/// [`StoreError::Refused`] for what is no address of a box; else as the database says.
pub async fn answer(store: &Store, directory: &Directory, address: &str, anew: bool) -> Result<Response> {
    let parsed = Address::parse(address).map_err(|error| StoreError::Refused(format!("`{address}`: {error}")))?;
    let AddressTarget::Account(account) = directory.address(&parsed).await? else {
        return Err(StoreError::Refused(format!("`{address}` is no address of a box; see `postern get mailboxes`")));
    };
    let read = store.boxes.index_now(account.id, anew).await?;
    Ok(Response::Text { text: format!("{address}: {read} messages indexed\n") })
}
