//! ESEARCH: one search of several mailboxes (RFC 7377).

use postern_core::{AccountId, FolderId, Rights};
use postern_proto_imap::{
    encode::SearchedMailbox,
    listing::Known,
    types::{DELIMITER, MailboxName, MultiSearchArgs, Reply, SearchSource, Tag, UidSet},
};
use postern_store::{
    StoreError,
    mail::{INBOX, SpecialUse},
};

use super::{
    context, mailboxes,
    search::{self, Asked},
};
use crate::{
    context::Context,
    filters,
    place::Found,
    refused::{Answer, Refused},
    selected::View,
    session::ImapSession,
};

pub(super) async fn esearch(session: &mut ImapSession, tag: &Tag, args: &MultiSearchArgs) -> Answer {
    let Some(result) = args.search.result else { return Err(Refused(Reply::bad("ESEARCH answers with ESEARCH"))) };
    let key = filters::resolve(session, &args.search.key).await?;
    if result.save {
        session.selected()?.saved = UidSet::new();
    }
    context::refuse_known_tag(session, tag, Some(result))?;
    let dialect = session.server.dialect();
    for (name, account, folder) in sources(session, args).await? {
        let Some(view) = view(session, account, folder).await? else { continue };
        let found = search::find_in(session, &view, &key).await?;
        if result.update {
            let (tag, key, found) = (tag.clone(), key.clone().into_owned(), view.uids(&found));
            context::keep(session, Context { tag, uid: true, key, order: None, found })?;
        }
        // RFC 7377 §2.1: nothing is said of a mailbox in which nothing was found.
        if !found.is_empty() {
            let mailbox = Some(SearchedMailbox { name: &name, uid_validity: view.told.folder.uid_validity, dialect });
            let modseq = search::highest_modseq(&view, &key, &found, Some(result));
            search::extended(session, &view, &found, Asked { tag, uid: true, result, modseq, mailbox })?;
        }
        tokio::task::yield_now().await;
    }
    Ok(Reply::ok("ESEARCH completed"))
}

/// The mailboxes to search, each once, in order of name.
async fn sources(session: &ImapSession, args: &MultiSearchArgs) -> Result<Vec<(MailboxName, AccountId, FolderId)>, Refused> {
    let me = session.account()?;
    let selected = session.selected.as_deref().map(|selected| (selected.account, selected.folder));
    let (known, found) = mailboxes::known(session).await?;
    let mut chosen = Vec::new();
    for each in known.into_iter().filter(|each| each.exists) {
        let Some(at) = found.get(&each.name) else { continue };
        let is_selected = selected == Some((at.account, at.folder.id));
        // RFC 7377 §2.2: what may not be read is passed over; what may not be looked up is not known at all.
        let readable = is_selected || at.rights.contains(Rights::READ);
        if readable && args.sources.iter().any(|source| holds(source, &each, at, is_selected, me)) {
            chosen.push((each.name, at.account, at.folder.id));
        }
    }
    chosen.sort_by(|(a, ..), (b, ..): &(MailboxName, _, _)| a.as_str().cmp(b.as_str()));
    Ok(chosen)
}

fn holds(source: &SearchSource, each: &Known, at: &Found, is_selected: bool, me: AccountId) -> bool {
    let below = |name: &MailboxName| each.name.as_str().strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix(DELIMITER));
    match source {
        SearchSource::Selected => is_selected,
        // RFC 5465 §6.3: where delivery puts mail of itself.
        SearchSource::Inboxes => at.account == me && (at.folder.id == INBOX || at.folder.special_use == Some(SpecialUse::Junk)),
        SearchSource::Personal => at.account == me,
        SearchSource::Subscribed => each.subscribed,
        SearchSource::Subtree(names) => names.iter().any(|name| each.name == *name || below(name).is_some()),
        SearchSource::SubtreeOne(names) => {
            names.iter().any(|name| each.name == *name || below(name).is_some_and(|rest| !rest.contains(DELIMITER)))
        }
        SearchSource::Mailboxes(names) => names.contains(&each.name),
    }
}

/// A mailbox as it is now, or as the client knows the one selected; `None` when it has gone meanwhile.
async fn view(session: &ImapSession, account: AccountId, folder: FolderId) -> Result<Option<View>, Refused> {
    if let Some(selected) = session.selected.as_deref().filter(|selected| (selected.account, selected.folder) == (account, folder)) {
        return Ok(Some(selected.view()));
    }
    let me = session.account()?;
    let cell = session.boxes().cell_for(account, folder, (account != me).then_some(me));
    match session.boxes().snapshot(&cell).await {
        Ok(told) => Ok(Some(View::of(account, folder, told))),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
