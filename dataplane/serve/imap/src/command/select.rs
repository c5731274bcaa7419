//! SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3; RFC 3501 §6.3.1 for clients of rev1).

use postern_proto_imap::{
    encode::{self, ListItem},
    types::{Code, Flags, MailboxAttributes, MailboxName, Reply, SystemFlags},
};

use crate::{
    refused::{Answer, Refused},
    selected::{Selected, number},
    session::ImapSession,
    words,
};

pub(super) async fn select(session: &mut ImapSession, mailbox: &MailboxName, read_only: bool) -> Answer {
    if session.selected.take().is_some() {
        // RFC 9051 §7.1: what follows is of the new mailbox, and so it is when there will be none.
        encode::untagged(session.server.output(), &Reply::ok("The mailbox before is closed").with(Code::Closed));
    }
    let account = session.account()?;
    let folder = session.boxes().folder(account, mailbox.as_str()).await?.ok_or_else(Refused::no_such_mailbox)?;
    let selected = Selected::open(session.boxes(), account, folder.id, read_only).await?;
    announce(session, mailbox, &selected);
    session.selected = Some(Box::new(selected));
    Ok(if read_only { Reply::ok("EXAMINE completed").with(Code::ReadOnly) } else { Reply::ok("SELECT completed").with(Code::ReadWrite) })
}

fn announce(session: &mut ImapSession, mailbox: &MailboxName, selected: &Selected) {
    let dialect = session.server.dialect();
    let out = session.server.output();
    let flags = Flags { system: SystemFlags::ALL, keywords: selected.keywords().to_vec() };
    encode::flags(out, &flags);
    let permanent = if selected.read_only {
        Code::PermanentFlags { flags: Flags::default(), new_keywords: false }
    } else {
        Code::PermanentFlags { flags, new_keywords: true }
    };
    encode::untagged(out, &Reply::ok("What may be changed for good").with(permanent));
    encode::exists(out, number(selected.told.len()));
    if dialect.rev2 {
        let item = ListItem { name: mailbox, attributes: MailboxAttributes::default(), special_use: &[], child_subscribed: false };
        encode::list(out, Some(&item), dialect);
    } else {
        encode::recent(out);
        if let Some(first) = first_unseen(selected) {
            encode::untagged(out, &Reply::ok("First message not seen").with(Code::Unseen(first)));
        }
    }
    let folder = &selected.told.folder;
    encode::untagged(out, &Reply::ok("UIDs are valid").with(Code::UidValidity(folder.uid_validity)));
    encode::untagged(out, &Reply::ok("The next UID").with(Code::UidNext(selected.uid_next())));
}

/// UNSEEN, of rev1 (RFC 3501 §7.1).
fn first_unseen(selected: &Selected) -> Option<u32> {
    if selected.told.folder.unseen == 0 {
        return None;
    }
    selected.told.iter().position(|entry| !words::system(entry.flags).contains(SystemFlags::SEEN)).map(|index| number(index + 1))
}
