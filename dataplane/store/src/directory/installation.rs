//! What makes this installation itself: a secret that is made once, rests in its database and moves with its backup.

use postern_core::Secret;

use super::handle::Directory;
use crate::{
    args,
    error::{Result, StoreError},
    transaction,
};

/// Under which `meta` keeps it.
const KEY: &str = "installation";

impl Directory {
    /// The secret by which tokens of ownership are made, so that no other installation and no other namespace can show one that was
    /// given here. The first caller's `made` stays for ever.
    ///
    /// # Errors
    /// As the database says.
    pub async fn installation_key(&self, made: [u8; 32]) -> Result<Secret<Vec<u8>>> {
        let made = made.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let known = "SELECT value FROM meta WHERE key = $1";
        if let Some(row) = self.inner.db.row(known, args![KEY]).await? {
            return Ok(Secret::new(row.text(0)?.into_bytes()));
        }
        transaction!(self.inner.db, |tx| {
            tx.execute("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING", args![KEY, &made]).await
        })?;
        let row = self.inner.db.row(known, args![KEY]).await?;
        Ok(Secret::new(row.ok_or(StoreError::NotFound("the installation's key"))?.text(0)?.into_bytes()))
    }
}
