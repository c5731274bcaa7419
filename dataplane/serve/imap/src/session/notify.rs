//! When NOTIFY's events are told (RFC 5465 §3): between commands and during IDLE.

use postern_proto_imap::{
    encode::{self, ListItem},
    types::{Code, Dialect, MailboxAttributes, MailboxName, Reply, StatusItem},
};
use postern_store::mail::Folder;

use super::ImapSession;
use crate::{
    command,
    notify::{Change, Watched},
    refused::Refused,
    selected::{Expunges, Moment},
    words,
};

/// What STATUS tells of a mailbox in which something has happened (RFC 5465 §5.1).
const STATUS: [StatusItem; 4] = [StatusItem::UidValidity, StatusItem::UidNext, StatusItem::Messages, StatusItem::Unseen];

impl ImapSession {
    /// Tells what has happened in the mailboxes watched.
    pub(super) async fn tell_watched(&mut self) {
        let selected = self.watch.as_ref().and_then(|watch| watch.set.selected()).map(|(events, delayed)| (events.messages, delayed));
        if let Some((true, delayed)) = selected {
            // RFC 5465 §6.1, §6.2: SELECTED takes EXPUNGE at any time, SELECTED-DELAYED as ever.
            let expunges = if delayed && !self.server.is_idle() { Expunges::Held } else { Expunges::Told };
            self.tell(Moment { expunges, uid: false, dialect: self.server.dialect() }, false, None).await;
        }
        let (Some(watch), Some(login)) = (&mut self.watch, &self.login) else { return };
        let selected = self.selected.as_ref().map(|selected| (selected.account, selected.folder));
        match watch.changes(&self.shared, login, selected).await {
            Ok(Some(changes)) => {
                for change in &changes {
                    self.write_change(change).await;
                }
            }
            Ok(None) => self.overflow(),
            Err(refused) => tracing::debug!(?refused, "changes of other mailboxes are not told yet"),
        }
    }

    /// It is more than is told one by one: the client must look for itself (RFC 5465 §5.8).
    pub(super) fn overflow(&mut self) {
        self.watch = None;
        let reply = Reply::ok("Too much has changed; NOTIFY is off").with(Code::NotificationOverflow);
        encode::untagged(self.server.output(), &reply);
    }

    async fn write_change(&mut self, change: &Change) {
        match change {
            Change::Messages(watched) => {
                if let Err(refused) = self.write_status(watched).await {
                    tracing::debug!(?refused, "a mailbox's numbers are not told");
                }
            }
            Change::Made(folder) | Change::Subscription(folder) => self.write_list(folder, None),
            Change::Renamed(folder, old) => self.write_list(folder, MailboxName::new(old).ok().as_ref()),
            Change::Deleted(name) => {
                let dialect = self.server.dialect();
                if let Ok(name) = MailboxName::new(name) {
                    let item = ListItem { name: &name, attributes: MailboxAttributes::NON_EXISTENT, ..ListItem::plain(&name) };
                    encode::list(self.server.output(), Some(&item), dialect);
                }
            }
        }
    }

    fn write_list(&mut self, folder: &Folder, old_name: Option<&MailboxName>) {
        let dialect = self.server.dialect();
        let Some(name) = words::name(folder) else { return };
        let special_use: Vec<_> = folder.special_use.map(words::told_use).into_iter().collect();
        let attributes = if folder.subscribed { MailboxAttributes::SUBSCRIBED } else { MailboxAttributes::default() };
        let item = ListItem { attributes, special_use: &special_use, old_name, ..ListItem::plain(&name) };
        encode::list(self.server.output(), Some(&item), dialect);
    }

    /// STATUS of a mailbox as NOTIFY tells it.
    ///
    /// # Errors
    /// As the database says.
    pub(crate) async fn write_status(&mut self, watched: &Watched) -> Result<(), Refused> {
        let Some(name) = words::name(&watched.folder) else { return Ok(()) };
        let dialect @ Dialect { condstore, .. } = self.server.dialect();
        let mut items = STATUS.to_vec();
        items.extend(condstore.then_some(StatusItem::HighestModSeq));
        let values = command::status_values(self, watched.account, &watched.folder, &items).await?;
        encode::status(self.server.output(), &name, &values, dialect);
        Ok(())
    }
}
