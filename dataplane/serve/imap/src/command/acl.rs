//! SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3).
//!
//! An identifier is an address of the same tenant, or `anyone`, which is everybody of the tenant and nobody else. There are
//! no negative rights: a `-` before an identifier names nobody (RFC 4314 §2).

use postern_core::{AccountId, Rights};
use postern_proto_imap::{
    encode,
    types::{Code, MailboxName, ModifyRights, Reply},
};
use postern_store::mail::rights::{EVERYBODY, RightsChange};

use crate::{
    place::Found,
    refused::{Answer, Refused},
    session::ImapSession,
};

/// Everybody, as an identifier (RFC 4314 §2).
const ANYONE: &str = "anyone";

pub(super) async fn set(session: &mut ImapSession, mailbox: &MailboxName, who: &str, change: ModifyRights) -> Answer {
    let change = match change {
        ModifyRights::Replace(rights) => RightsChange::Replace(rights),
        ModifyRights::Add(rights) => RightsChange::Add(rights),
        ModifyRights::Remove(rights) => RightsChange::Remove(rights),
    };
    grant(session, mailbox, who, change).await?;
    Ok(Reply::ok("SETACL completed"))
}

pub(super) async fn delete(session: &mut ImapSession, mailbox: &MailboxName, who: &str) -> Answer {
    grant(session, mailbox, who, RightsChange::Replace(Rights::NONE)).await?;
    Ok(Reply::ok("DELETEACL completed"))
}

pub(super) async fn get(session: &mut ImapSession, mailbox: &MailboxName) -> Answer {
    let Found { account, folder, .. } = session.find(mailbox, Rights::ADMINISTER).await?;
    let mut grants = Vec::new();
    if let Some(owner) = name_of(session, account).await? {
        grants.push((owner, Rights::ALL));
    }
    for (who, rights) in session.boxes().grants(account, folder.id).await? {
        // An account that is gone has nothing any more.
        if let Some(name) = name_of(session, who).await? {
            grants.push((name, rights));
        }
    }
    let dialect = session.server.dialect();
    encode::acl(session.server.output(), mailbox, &grants, dialect);
    Ok(Reply::ok("GETACL completed"))
}

pub(super) async fn list_rights(session: &mut ImapSession, mailbox: &MailboxName, who: &str) -> Answer {
    let found = session.find(mailbox, Rights::ADMINISTER).await?;
    let account = somebody(session, who).await?;
    // RFC 4314 §3.7: what is always there comes first; the owner has all, and cannot lose any.
    let always = if account == found.account { Rights::ALL } else { Rights::NONE };
    let dialect = session.server.dialect();
    encode::list_rights(session.server.output(), mailbox, who, always, dialect);
    Ok(Reply::ok("LISTRIGHTS completed"))
}

pub(super) async fn my_rights(session: &mut ImapSession, mailbox: &MailboxName) -> Answer {
    let found = session.find(mailbox, Rights::NONE).await?;
    let dialect = session.server.dialect();
    encode::my_rights(session.server.output(), mailbox, found.rights, dialect);
    Ok(Reply::ok("MYRIGHTS completed"))
}

async fn grant(session: &mut ImapSession, mailbox: &MailboxName, who: &str, change: RightsChange) -> Result<(), Refused> {
    let found = session.find(mailbox, Rights::ADMINISTER).await?;
    let account = somebody(session, who).await?;
    if account == found.account {
        return Err(Refused::no(Code::Cannot, "The owner of a mailbox always has every right"));
    }
    let tenant = &session.logged_in()?.tenant;
    session.boxes().grant(found.account, found.folder.id, account, tenant, change).await?;
    Ok(())
}

/// The account that an identifier means.
async fn somebody(session: &ImapSession, who: &str) -> Result<AccountId, Refused> {
    if who.eq_ignore_ascii_case(ANYONE) {
        return Ok(EVERYBODY);
    }
    // RFC 4314 §2: a server need not have negative rights; what is not given is not held.
    if who.starts_with('-') {
        return Err(Refused::no(Code::Cannot, "There are no negative rights here; take the right away from who has it"));
    }
    let tenant = &session.logged_in()?.tenant;
    let known = session.shared.people.by_address(tenant, who).await?;
    known.ok_or_else(|| Refused::no(Code::Cannot, "An identifier is an address of this organisation, or anyone"))
}

async fn name_of(session: &ImapSession, who: AccountId) -> Result<Option<String>, Refused> {
    if who == EVERYBODY {
        return Ok(Some(ANYONE.to_owned()));
    }
    let tenant = &session.logged_in()?.tenant;
    Ok(session.shared.people.address(tenant, who).await?.map(|address| address.to_string()))
}
