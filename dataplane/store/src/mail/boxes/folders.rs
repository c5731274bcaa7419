//! Folders by name: listed, made, renamed, deleted, subscribed.
//!
//! Each change waits for its turn with the account and is announced; what it does to the rows is written in
//! [`folder`] and [`subscription`], and must not be decided here.

use postern_core::{AccountId, FolderId};

use super::Boxes;
use crate::{
    error::Result,
    mail::{Folder, SpecialUse, folder, subscription},
};

impl Boxes {
    /// All folders, by name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn folders(&self, account: AccountId) -> Result<Vec<Folder>> {
        folder::list(&self.db, account).await
    }

    /// All folders, and the names that are subscribed and do not exist, each by name, of one moment.
    ///
    /// # Errors
    /// As the database says.
    pub async fn folders_with_missing(&self, account: AccountId) -> Result<(Vec<Folder>, Vec<String>)> {
        subscription::list(&self.db, account).await
    }

    /// A folder by its name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn folder(&self, account: AccountId, name: &str) -> Result<Option<Folder>> {
        self.asked.by_name(account, name).await
    }

    /// See [`folder::create`].
    ///
    /// # Errors
    /// As there.
    pub async fn create(&self, account: AccountId, name: &str, special_use: Option<SpecialUse>) -> Result<Folder> {
        let _turn = self.turns.of(account).await;
        let made = folder::create(&self.db, account, name, special_use).await?;
        self.changes.announce([(account, made.modseq)]);
        Ok(made)
    }

    /// See [`folder::delete`].
    ///
    /// # Errors
    /// As there.
    pub async fn delete(&self, account: AccountId, name: &str) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = folder::delete(&self.db, account, name, self.clock.now()).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// See [`folder::rename`].
    ///
    /// # Errors
    /// As there.
    pub async fn rename(&self, account: AccountId, from: &str, to: &str) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = folder::rename(&self.db, account, from, to, self.clock.now()).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// See [`folder::set_special_use`].
    ///
    /// # Errors
    /// As there.
    pub async fn set_special_use(&self, account: AccountId, id: FolderId, special_use: Option<SpecialUse>) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = folder::set_special_use(&self.db, account, id, special_use).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }

    /// See [`subscription::subscribe`].
    ///
    /// # Errors
    /// As there.
    pub async fn set_subscribed(&self, account: AccountId, name: &str, subscribed: bool) -> Result<()> {
        let _turn = self.turns.of(account).await;
        let locked = subscription::subscribe(&self.db, account, name, subscribed).await?;
        self.changes.announce([(account, locked.modseq)]);
        Ok(())
    }
}
