//! Whose folder a name means, and what this session may do with it (RFC 4314 §4).
//!
//! ```text
//! Work/Bills                           the own box
//! Other Users/bob@example.org/Work     bob's folder Work, as far as bob has given rights
//! ```
//! A folder that may not even be looked up is answered exactly as one that is not there.

use postern_core::{AccountId, Rights};
use postern_proto_imap::types::{Code, MailboxName, SystemFlags};
use postern_store::mail::{FlagChange, Flags, Folder};

use crate::{refused::Refused, session::ImapSession, words};

/// Whose box a name lies in, and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The owner.
    pub account: AccountId,
    /// As the owner names it.
    pub name: String,
    /// It is the own one of whoever says the name.
    pub own: bool,
}

/// A folder that is there, and may be used as was asked.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The owner.
    pub account: AccountId,
    /// The folder.
    pub folder: Folder,
    /// All that this session may do with it.
    pub rights: Rights,
    /// Who looks, if it is not the owner: what they have seen is theirs alone.
    pub viewer: Option<AccountId>,
}

impl ImapSession {
    /// Whose box a name lies in; whether there is such a folder is not looked at.
    ///
    /// # Errors
    /// `NO [NONEXISTENT]` for another's name that means nobody; as the store says.
    pub(crate) async fn place(&self, mailbox: &MailboxName) -> Result<Place, Refused> {
        self.place_of(self.account()?, mailbox).await
    }

    /// Whose box a name lies in when `user`, of the same tenant, says it.
    ///
    /// # Errors
    /// As [`ImapSession::place`].
    pub(crate) async fn place_of(&self, user: AccountId, mailbox: &MailboxName) -> Result<Place, Refused> {
        if !mailbox.is_of_others() {
            return Ok(Place { account: user, name: mailbox.as_str().to_owned(), own: true });
        }
        let login = self.logged_in()?;
        let (owner, name) = mailbox.of_other().ok_or_else(Refused::no_such_mailbox)?;
        let account = self.shared.people.by_address(&login.tenant, owner).await?.ok_or_else(Refused::no_such_mailbox)?;
        // INBOX in any case, as in the own box (RFC 9051 §5.1).
        let name = MailboxName::new(name).map_err(|_| Refused::no_such_mailbox())?.as_str().to_owned();
        Ok(Place { account, name, own: account == user })
    }

    /// A folder by its name, for something that needs these rights.
    ///
    /// # Errors
    /// `NO [NONEXISTENT]` when there is none that this session may know of, `NO [NOPERM]` when a right is missing.
    pub(crate) async fn find(&self, mailbox: &MailboxName, needed: Rights) -> Result<Found, Refused> {
        let place = self.place(mailbox).await?;
        self.found(&place).await?.ok_or_else(Refused::no_such_mailbox)?.with(needed)
    }

    /// The target of APPEND, COPY or MOVE: one that is missing may be made first, if it would be the own (RFC 9051 §6.3.12).
    ///
    /// # Errors
    /// `NO [TRYCREATE]`, `NO [NOPERM]`; as the store says.
    pub(crate) async fn target(&self, mailbox: &MailboxName) -> Result<Found, Refused> {
        let place = self.place(mailbox).await?;
        let missing = || if place.own { Refused::try_create() } else { Refused::no_such_mailbox() };
        self.found(&place).await?.ok_or_else(missing)?.with(Rights::INSERT)
    }

    /// The folder at a place, if this session may know of it.
    pub(crate) async fn found(&self, place: &Place) -> Result<Option<Found>, Refused> {
        self.found_by(self.account()?, place).await
    }

    /// The folder at a place, if `user`, of the same tenant, may know of it.
    pub(crate) async fn found_by(&self, user: AccountId, place: &Place) -> Result<Option<Found>, Refused> {
        let login = self.logged_in()?;
        let Some(folder) = self.boxes().folder(place.account, &place.name).await? else { return Ok(None) };
        let rights = self.boxes().rights(place.account, folder.id, user, &login.tenant).await?;
        let known = rights.contains(Rights::LOOKUP);
        let viewer = (place.account != login.account).then_some(login.account);
        Ok(known.then_some(Found { account: place.account, folder, rights, viewer }))
    }
}

/// `\Seen` of those who read somebody else's folder is their own (RFC 4314 §4): it stands beside the message.
impl ImapSession {
    /// UNSEEN of somebody else's folder.
    ///
    /// # Errors
    /// As the database says.
    pub(crate) async fn unseen(&self, account: AccountId, folder: &Folder) -> Result<u32, Refused> {
        let seen = self.boxes().seen_by(account, folder.id, self.account()?).await?;
        Ok(folder.messages.saturating_sub(seen))
    }

    /// Marks messages that were just put there as seen by this session. They are stored, whatever becomes of this.
    pub(crate) async fn see(&self, target: &Found, uids: &[i64]) {
        if target.viewer.is_none() || uids.is_empty() {
            return;
        }
        let change = FlagChange::Add(Flags::SEEN, Vec::new());
        let stored = self.boxes().store_for(target.account, target.folder.id, target.viewer, uids, &change, None).await;
        if let Err(error) = stored {
            tracing::debug!(%error, "messages put into another's folder are not seen yet");
        }
    }
}

impl Found {
    /// The flags that a message is put there with, and whether this session has seen it apart from them ([`ImapSession::see`]).
    pub(crate) fn new_flags(&self, asked: SystemFlags) -> (Flags, bool) {
        let flags = words::stored(words::permitted(asked, self.rights));
        match self.viewer {
            None => (flags, false),
            Some(_) => (flags.without(Flags::SEEN), flags.has(Flags::SEEN)),
        }
    }

    /// This, if all of `needed` are held.
    ///
    /// # Errors
    /// `NO [NOPERM]`.
    pub(crate) fn with(self, needed: Rights) -> Result<Self, Refused> {
        if self.rights.contains(needed) { Ok(self) } else { Err(no_permission()) }
    }
}

/// A right is missing (RFC 5530 §3).
pub(crate) fn no_permission() -> Refused {
    Refused::no(Code::NoPerm, "The owner of that mailbox has not given you the right to do this")
}
