//! What LIST and LSUB choose from: the account's folders and the subscriptions without one.

use postern_core::AccountId;
use postern_proto_imap::{listing::Known, types::MailboxName};
use postern_store::{
    Result,
    mail::{Folder, boxes::Boxes},
};

use crate::words;

/// Every name that there is or that is subscribed, and the folders themselves.
pub(super) async fn known(boxes: &Boxes, account: AccountId) -> Result<(Vec<Known>, Vec<Folder>)> {
    let folders = boxes.folders(account).await?;
    let missing = boxes.missing_subscriptions(account).await?;
    let there = folders.iter().filter_map(|folder| {
        Some(Known {
            name: words::name(folder)?,
            exists: true,
            subscribed: folder.subscribed,
            special_use: folder.special_use.map(words::told_use).into_iter().collect(),
        })
    });
    let gone = missing.iter().filter_map(|name| {
        let name = MailboxName::new(name).ok()?;
        Some(Known { name, exists: false, subscribed: true, special_use: Vec::new() })
    });
    Ok((there.chain(gone).collect(), folders))
}
