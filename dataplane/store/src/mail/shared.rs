//! What [`Boxes`] knows of sharing: grants, annotations, keys of URLs, and how much a deleted message would free.

use postern_core::{AccountId, FolderId, Rights, Secret};

use super::{
    Flags,
    annotation::{self, Annotation},
    boxes::Boxes,
    rights::{self, RightsChange, Shared},
    url_key, viewer,
};
use crate::{args, error::Result};

impl Boxes {
    /// See [`rights::of`].
    ///
    /// # Errors
    /// As there.
    pub async fn rights(&self, account: AccountId, folder: FolderId, who: AccountId, tenant: &str) -> Result<Rights> {
        rights::of(&self.db, account, folder, who, tenant).await
    }

    /// See [`rights::list`].
    ///
    /// # Errors
    /// As there.
    pub async fn grants(&self, account: AccountId, folder: FolderId) -> Result<Vec<(AccountId, Rights)>> {
        rights::list(&self.db, account, folder).await
    }

    /// See [`rights::set`].
    ///
    /// # Errors
    /// As there.
    pub async fn grant(&self, account: AccountId, folder: FolderId, who: AccountId, tenant: &str, change: RightsChange) -> Result<()> {
        rights::set(&self.db, account, folder, who, tenant, change).await
    }

    /// See [`rights::shared_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn shared_with(&self, who: AccountId, tenant: &str) -> Result<Vec<Shared>> {
        rights::shared_with(&self.db, who, tenant).await
    }

    /// See [`annotation::list`].
    ///
    /// # Errors
    /// As there.
    pub async fn annotations(&self, account: AccountId, folder: FolderId, viewer: AccountId) -> Result<Vec<Annotation>> {
        annotation::list(&self.db, account, folder, viewer).await
    }

    /// See [`annotation::set`].
    ///
    /// # Errors
    /// As there.
    pub async fn annotate(&self, account: AccountId, folder: FolderId, changes: &[(AccountId, String, Option<Vec<u8>>)]) -> Result<()> {
        annotation::set(&self.db, account, folder, changes).await
    }

    /// See [`url_key::find`].
    ///
    /// # Errors
    /// As there.
    pub async fn url_key(&self, account: AccountId, folder: FolderId, viewer: AccountId) -> Result<Option<Secret<[u8; url_key::KEY]>>> {
        url_key::find(&self.db, account, folder, viewer).await
    }

    /// See [`url_key::find_or_make`].
    ///
    /// # Errors
    /// As there.
    pub async fn make_url_key(
        &self,
        account: AccountId,
        folder: FolderId,
        viewer: AccountId,
        fresh: &Secret<[u8; url_key::KEY]>,
    ) -> Result<Secret<[u8; url_key::KEY]>> {
        url_key::find_or_make(&self.db, account, folder, viewer, fresh).await
    }

    /// See [`url_key::reset`].
    ///
    /// # Errors
    /// As there.
    pub async fn reset_url_keys(&self, viewer: AccountId, of: Option<(AccountId, FolderId)>) -> Result<()> {
        url_key::reset(&self.db, viewer, of).await
    }

    /// How many messages of a folder a viewer has seen, if it is not the owner's own counter that is asked for.
    ///
    /// # Errors
    /// As the database says.
    pub async fn seen_by(&self, account: AccountId, folder: FolderId, viewer: AccountId) -> Result<u32> {
        viewer::seen(&self.db, account, folder, viewer).await
    }

    /// Octets of a folder's `\Deleted` messages: what EXPUNGE would free (RFC 9208 §4.1.4).
    ///
    /// # Errors
    /// As the database says.
    pub async fn deleted_size(&self, account: AccountId, folder: FolderId) -> Result<i64> {
        let sql = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM placement WHERE account = $1 AND folder = $2 AND (flags & $3) <> 0";
        let row = self.db.row(sql, args![account, folder, i64::from(Flags::DELETED.0)]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }
}
