//! CREATE (RFC 9051 §6.3.4) with special uses (RFC 6154 §3).

use postern_core::Rights;
use postern_proto_imap::{
    encode::{self, ListItem},
    types::{Code, MailboxName, Reply, SpecialUse},
};

use crate::{
    object_id,
    place::{Place, no_permission},
    refused::{Answer, Refused},
    session::ImapSession,
    words,
};

pub(super) async fn create(session: &mut ImapSession, mailbox: &MailboxName, special_use: &[SpecialUse]) -> Answer {
    if !mailbox.may_be_created() {
        return Err(Refused::no(Code::Cannot, "A mailbox's name has no * and no %"));
    }
    let place = session.place(mailbox).await?;
    let special_use = match special_use {
        [] => None,
        // A use is the owner's to give: no client of the owner's would know why it moved.
        _ if !place.own => return Err(Refused::no(Code::UseAttr, "Only an own mailbox can have a special use")),
        [asked] => Some(words::special_use(*asked).ok_or_else(|| Refused::no(Code::UseAttr, "No mailbox can be for that here"))?),
        _ => return Err(Refused::no(Code::UseAttr, "A mailbox is for one thing at most")),
    };
    may_create(session, &place).await?;
    if session.boxes().folder(place.account, &place.name).await?.is_some() {
        return Err(Refused::no(Code::AlreadyExists, "There is a mailbox of that name"));
    }
    let made = session.boxes().create(place.account, &place.name, special_use).await?;
    tell_normalised(session, mailbox);
    // RFC 8474 §4.1
    Ok(Reply::ok("CREATE completed").with(Code::MailboxId(object_id::mailbox(place.account, made.id))))
}

/// Says what a name has become that was not in Normalization Form C (RFC 9051 §5.1, §6.3.9.7); rev1 has no word for it.
pub(super) fn tell_normalised(session: &mut ImapSession, mailbox: &MailboxName) {
    let dialect = session.server.dialect();
    if let Some(given) = mailbox.as_given().filter(|_| dialect.rev2) {
        let item = ListItem { old_name: Some(&given), ..ListItem::plain(mailbox) };
        encode::list(session.server.output(), Some(&item), dialect);
    }
}

/// RFC 4314 §4: `k` on the nearest mailbox above; without one, only the owner.
///
/// # Errors
/// `NO [NOPERM]`, also where a mailbox of another user is not to be known.
pub(super) async fn may_create(session: &ImapSession, place: &Place) -> Result<(), Refused> {
    if place.own {
        return Ok(());
    }
    let mut above = place.name.rsplit_once('/').map(|(above, _)| above);
    while let Some(name) = above {
        let at = Place { name: name.to_owned(), ..place.clone() };
        match session.found(&at).await? {
            Some(found) if found.rights.contains(Rights::CREATE) => return Ok(()),
            Some(_) => return Err(no_permission()),
            None => above = name.rsplit_once('/').map(|(above, _)| above),
        }
    }
    Err(no_permission())
}
