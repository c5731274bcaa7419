//! The commands, a file each: apply to the store, write the untagged answers, say how it went.
//!
//! Nothing here parses or knows what a state allows: the machine has done both. A command that takes
//! several turns keeps its place in [`crate::session::Work`].

mod acl;
mod append;
mod authenticate;
mod close;
mod context;
mod copy;
mod copy_across;
mod create;
mod delete;
mod expunge;
mod fetch;
mod id;
mod idle;
mod list;
mod login;
mod lsub;
mod mailboxes;
mod metadata;
mod r#move;
mod multisearch;
mod namespace;
mod notify;
mod quota;
mod rename;
mod search;
mod select;
mod sort;
mod special_use;
mod status;
mod store;
mod subscribe;
mod thread;
mod unauthenticate;
mod urlauth;

use postern_proto_imap::{
    server::State,
    types::{Command, Reply, Tag},
};

pub(crate) use self::{
    append::{Append, append_body, append_end, append_message, append_part},
    authenticate::{Authentication, respond},
    fetch::{Fetch, fetch_new, fetch_on},
    idle::idle_done,
    mailboxes::of_others,
    status::values as status_values,
};
use crate::{
    refused::{Answer, Refused},
    selected::Moment,
    session::{Flow, ImapSession},
};

/// Does a command; all that one line of the client can ask for.
pub(crate) async fn run(session: &mut ImapSession, tag: Tag, command: Command) -> Flow {
    session.shared.observer.command(command.name());
    let moment = session.moment(&command);
    if !matches!(command, Command::Logout | Command::Select { .. } | Command::Close | Command::Unselect) {
        session.arrive().await;
    }
    let answer = match command {
        Command::Noop | Command::Check => {
            // RFC 9051 §6.1.2: the client asks whether there is news.
            session.tell(moment, true, None).await;
            Ok(Reply::ok("Done"))
        }
        Command::Id(client) => id::id(session, &client),
        Command::Login { user, password } => login::login(session, &user, &password).await,
        Command::Authenticate { mechanism, initial } => return authenticate::authenticate(session, &mechanism, initial).await,
        Command::StartTls => {
            session.server.complete(Reply::ok("Begin TLS"));
            return Flow::StartTls;
        }
        Command::Compress => {
            session.server.complete(Reply::ok("DEFLATE active"));
            return Flow::Deflate;
        }
        Command::Logout => Ok(Reply::ok("Done")),
        // The machine has answered it already.
        Command::Capability | Command::Enable(_) => Ok(Reply::ok("Done")),
        Command::Unauthenticate => unauthenticate::unauthenticate(session),
        Command::Select { mailbox, read_only, params } => return select::select(session, &mailbox, read_only, params, moment).await,
        Command::Create { mailbox, special_use } => create::create(session, &mailbox, &special_use).await,
        Command::Delete(mailbox) => delete::delete(session, &mailbox).await,
        Command::Rename { from, to } => rename::rename(session, &from, &to).await,
        Command::Subscribe(mailbox) => subscribe::subscribe(session, &mailbox, true).await,
        Command::Unsubscribe(mailbox) => subscribe::subscribe(session, &mailbox, false).await,
        Command::List(args) => list::list(session, &args).await,
        Command::Lsub(pattern) => lsub::lsub(session, &pattern).await,
        Command::Namespace => namespace::namespace(session),
        Command::Status { mailbox, items } => status::status(session, &mailbox, &items).await,
        Command::GetQuota(root) => quota::get_quota(session, &root).await,
        Command::GetQuotaRoot(mailbox) => quota::get_quota_root(session, &mailbox).await,
        Command::GetMetadata { mailbox, query } => metadata::get(session, mailbox.as_ref(), &query).await,
        Command::SetMetadata { mailbox, values } => metadata::set(session, mailbox.as_ref(), values).await,
        Command::SetAcl { mailbox, who, change } => acl::set(session, &mailbox, &who, change).await,
        Command::DeleteAcl { mailbox, who } => acl::delete(session, &mailbox, &who).await,
        Command::GetAcl(mailbox) => acl::get(session, &mailbox).await,
        Command::ListRights { mailbox, who } => acl::list_rights(session, &mailbox, &who).await,
        Command::MyRights(mailbox) => acl::my_rights(session, &mailbox).await,
        Command::GenUrlAuth(rumps) => urlauth::generate(session, &rumps).await,
        Command::UrlFetch(urls) => urlauth::fetch(session, &urls).await,
        Command::ResetKey { mailbox, mechanisms } => urlauth::reset(session, mailbox.as_ref(), &mechanisms).await,
        Command::Notify(wanted) => notify::notify(session, wanted).await,
        Command::Idle => return idle::idle(session).await,
        Command::Close => close::close(session).await,
        Command::Unselect => close::unselect(session),
        Command::Expunge(set) => expunge::expunge(session, set.as_ref(), moment).await,
        Command::Search(args) => search::search(session, &tag, &args).await,
        Command::Sort(args) => sort::sort(session, &tag, &args).await,
        Command::Thread(args) => thread::thread(session, &tag, &args).await,
        Command::MultiSearch(args) => multisearch::esearch(session, &tag, &args).await,
        Command::CancelUpdate(tags) => context::cancel(session, &tags),
        Command::Fetch { uid, set, items, modifiers } => return fetch::fetch(session, uid, &set, items, &modifiers, moment).await,
        Command::Store { uid, set, unchanged_since, op } => store::store(session, uid, &set, unchanged_since, &op, moment).await,
        Command::Copy { uid, set, to } => copy::copy(session, uid, &set, &to).await,
        Command::Move { uid, set, to } => r#move::r#move(session, uid, &set, &to, moment).await,
    };
    finish(session, moment, answer).await
}

/// Tells what has changed meanwhile, then answers.
async fn finish(session: &mut ImapSession, moment: Moment, answer: Answer) -> Flow {
    if session.server.state() == State::Selected {
        session.tell(moment, false, None).await;
        session.warn_of_held_back(moment);
    }
    let reply = match answer {
        Ok(reply) => session.with_limit(reply),
        Err(Refused(reply)) => {
            session.limited = None;
            reply
        }
    };
    session.server.complete(reply);
    Flow::On
}
