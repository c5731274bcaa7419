//! GETQUOTA and GETQUOTAROOT (RFC 9208): a box is one quota root, named after nothing.

use postern_core::{AccountId, Rights};
use postern_proto_imap::{
    encode,
    types::{Code, MailboxName, Quota, QuotaResource, Reply},
};

use crate::{
    refused::{Answer, Refused},
    session::ImapSession,
};

/// Octets in a unit of STORAGE (RFC 9208 §5.1).
const UNIT: u64 = 1024;

pub(super) async fn get_quota(session: &mut ImapSession, root: &str) -> Answer {
    if !root.is_empty() {
        return Err(Refused::no(Code::NonExistent, "No such quota root"));
    }
    let account = session.account()?;
    tell(session, account, "").await?;
    Ok(Reply::ok("GETQUOTA completed"))
}

pub(super) async fn get_quota_root(session: &mut ImapSession, mailbox: &MailboxName) -> Answer {
    // RFC 9208 §4.1.2, RFC 4314 §4: whoever may read a mailbox may know its quota.
    let found = session.find(mailbox, Rights::READ).await?;
    let own = found.account == session.account()?;
    // Another's root is told by the owner's name, so that it cannot be taken for the own.
    let root = if own { "" } else { mailbox.of_other().map_or("", |(owner, _)| owner) };
    let dialect = session.server.dialect();
    encode::quota_root(session.server.output(), mailbox, root, dialect);
    tell(session, found.account, root).await?;
    Ok(Reply::ok("GETQUOTAROOT completed"))
}

async fn tell(session: &mut ImapSession, account: AccountId, root: &str) -> Result<(), Refused> {
    let usage = session.boxes().usage(account).await?;
    let octets = |n: i64| u64::try_from(n).unwrap_or(0);
    // RFC 9208 §4.2.1: what has no limit is not listed.
    let limits: Vec<Quota> = usage
        .quota
        .map(|limit| Quota { resource: QuotaResource::Storage, used: octets(usage.used).div_ceil(UNIT), limit: octets(limit) / UNIT })
        .into_iter()
        .collect();
    let dialect = session.server.dialect();
    encode::quota(session.server.output(), root, &limits, dialect);
    Ok(())
}
