//! What LIST and LSUB choose from: the own folders, those that others share, and subscriptions without a folder.

use std::collections::{HashMap, HashSet};

use postern_access::Login;
use postern_core::{AccountId, Rights};
use postern_proto_imap::{listing::Known, types::MailboxName};
use postern_store::mail::Folder;

use crate::{place::Found, refused::Refused, service::Shared, session::ImapSession, words};

/// Every name that there is or that is subscribed, and what stands behind those that are there.
pub(super) async fn known(session: &ImapSession) -> Result<(Vec<Known>, HashMap<MailboxName, Found>), Refused> {
    let account = session.account()?;
    let (folders, missing) = session.boxes().folders_with_missing(account).await?;
    let missing: HashSet<String> = missing.into_iter().collect();
    let mut known = Vec::new();
    let mut found = HashMap::new();
    for folder in folders {
        let Some(name) = words::name(&folder) else { continue };
        let special_use = folder.special_use.map(words::told_use).into_iter().collect();
        known.push(Known { name: name.clone(), exists: true, subscribed: folder.subscribed, special_use });
        found.insert(name, Found { account, folder, rights: Rights::ALL, viewer: None });
    }
    for (name, theirs) in of_others(&session.shared, session.logged_in()?).await? {
        // A subscription to another's folder is kept with the own names.
        let subscribed = missing.contains(name.as_str());
        known.push(Known { name: name.clone(), exists: true, subscribed, special_use: Vec::new() });
        found.insert(name, theirs);
    }
    let gone = missing.iter().filter_map(|name| MailboxName::new(name).ok()).filter(|name| !found.contains_key(name));
    known.extend(gone.map(|name| Known { name, exists: false, subscribed: true, special_use: Vec::new() }));
    Ok((known, found))
}

/// Folders of others that this session may look up (RFC 4314 §4, `l`), by the name that they have here.
pub(crate) async fn of_others(shared: &Shared, login: &Login) -> Result<Vec<(MailboxName, Found)>, Refused> {
    let boxes = &shared.store.boxes;
    let mut rights: HashMap<AccountId, HashMap<i64, Rights>> = HashMap::new();
    for grant in boxes.shared_with(login.account, &login.tenant).await? {
        if grant.rights.contains(Rights::LOOKUP) {
            rights.entry(grant.account).or_default().insert(grant.folder.0, grant.rights);
        }
    }
    let mut found = Vec::new();
    for (owner, rights) in rights {
        let Some(address) = shared.people.address(&login.tenant, owner).await? else { continue };
        for folder in boxes.folders(owner).await? {
            let Some(&rights) = rights.get(&folder.id.0) else { continue };
            // An owner whose address has the delimiter in it cannot be named; RFC 5321 allows such an address, nobody has one.
            let name = MailboxName::new(&format!("{}/{address}/{}", MailboxName::OTHER_USERS, folder.name)).ok();
            if let Some(name) = name.filter(|name| name.of_other().is_some_and(|(named, _)| named == address.to_string())) {
                found.push((
                    name,
                    Found { account: owner, folder: Folder { special_use: None, ..folder }, rights, viewer: Some(login.account) },
                ));
            }
        }
    }
    Ok(found)
}
