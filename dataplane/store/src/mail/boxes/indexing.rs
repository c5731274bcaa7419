//! The text index of folders: opened for a search, asked for, made at once.
//!
//! It exists so that sessions, the janitor and `postern index` go one way. It must not keep anybody waiting who delivers.

use postern_core::{AccountId, FolderId};

use super::Boxes;
use crate::{
    error::Result,
    mail::index::{
        Index,
        build::{self, Behind},
        compact, renew,
    },
};

impl Boxes {
    /// The text index of a folder as it is now.
    ///
    /// # Errors
    /// As the database says; a search can do without.
    pub async fn index(&self, account: AccountId, folder: FolderId) -> Result<Index> {
        Index::open(&self.db, account, folder).await
    }

    /// Asks whoever is the janitor to index a folder at once, for somebody has just searched it without.
    pub fn want_index(&self, account: AccountId, folder: FolderId) {
        let at = Behind { account, folder };
        // Nobody hears it where no janitor is; another process's does.
        let _ = self.wanted.send(at);
        self.changes.index_wanted(at);
    }

    /// Indexes what is behind the watermarks of an account's folders, all of it, and what an older version has left out; `anew` forgets
    /// first what there is. How many messages were looked at.
    ///
    /// # Errors
    /// As the database or the place of bodies says; what was written stays.
    pub async fn index_now(&self, account: AccountId, anew: bool) -> Result<u64> {
        if anew {
            build::forget(&self.db, account).await?;
        }
        let mut done = 0;
        for behind in build::behind(&self.db, &[account.0], 1).await? {
            loop {
                match build::slice(&self.db, self, behind, self.clock.now()).await? {
                    0 => break,
                    more => done += more,
                }
            }
        }
        for lacking in renew::lacking(&self.db, &[account.0]).await? {
            loop {
                match renew::slice(&self.db, self, lacking, self.clock.now()).await? {
                    0 => break,
                    more => done += more,
                }
            }
        }
        for sparse in compact::sparse(&self.db, &[account.0]).await? {
            while compact::slice(&self.db, sparse, self.clock.now()).await? > 0 {}
        }
        Ok(done)
    }
}
