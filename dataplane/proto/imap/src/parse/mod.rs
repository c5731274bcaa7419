//! A complete framed command into a [`Command`].
//!
//! Recursive descent over bytes that [`crate::fragment`] has bounded and completed: literals lie in
//! the text where the client put them, so a value is a slice until a type of [`crate::types`] owns it.
//! One file a family of commands; each function's doc is its ABNF production. Nothing here reads
//! input, keeps state or answers.

mod acl;
mod append;
mod condstore;
mod context;
mod date;
mod fetch;
mod flag;
mod folder;
mod list;
mod metadata;
mod multisearch;
mod notify;
mod quota;
mod search;
mod sequence;
mod session;
mod sort;
mod store;
mod token;
mod urlauth;

pub(crate) use append::{AppendLine, AppendPlace, AppendStart, AppendStep, append_goes_on, append_starts};
pub(crate) use fetch::section_of_url;
pub(crate) use session::response;
pub(crate) use token::{is_astring_char, is_atom_char};

use token::Parser;

use crate::types::{Code, Command, Condition, Dialect, Reply, SearchKey, Tag};

/// Why a command was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The bytes break the grammar: BAD.
    #[error("{0}")]
    Syntax(&'static str),
    /// SEARCH in a charset we do not read: `NO [BADCHARSET]` (RFC 9051 §6.4.4).
    #[error("Charset not supported")]
    BadCharset,
    /// FILTER in a charset other than UTF-8: `BAD [BADCHARSET]` (RFC 5466 §3.1).
    #[error("A filter is UTF-8")]
    FilterCharset,
    /// A mailbox name that can never exist: `NO [CANNOT]` (RFC 5530).
    #[error("{0}")]
    Cannot(&'static str),
    /// NOTIFY of an event that is not offered: `NO [BADEVENT …]` (RFC 5465 §5).
    #[error("That event is not told here")]
    BadEvent,
    /// CREATE with a use we do not know: `NO [USEATTR]` (RFC 6154 §3).
    #[error("No such special use")]
    UseAttr,
}

impl ParseError {
    /// The answer that says so.
    #[must_use]
    pub fn reply(self) -> Reply {
        match self {
            Self::Syntax(text) => Reply::bad(text),
            Self::BadCharset => Reply::no("Charset not supported").with(Code::BadCharset),
            Self::FilterCharset => Reply::bad("A filter is UTF-8").with(Code::BadCharset),
            Self::Cannot(text) => Reply::no(text).with(Code::Cannot),
            Self::BadEvent => Reply::no("That event is not told here").with(Code::BadEvent),
            Self::UseAttr => Reply::no("No such special use").with(Code::UseAttr),
        }
    }

    /// Whether it counts against the client's patience.
    #[must_use]
    pub fn is_bad(self) -> bool {
        self.reply().condition == Condition::Bad
    }
}

/// A command that could not be read, with its tag when that much was clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The tag to answer; `None` is answered with `*` (RFC 9051 §7.1.3).
    pub tag: Option<Tag>,
    /// What is wrong.
    pub error: ParseError,
}

/// Reads one command: `command = tag SP (…)` (RFC 9051 §9), its literals in place, without the last CRLF.
///
/// APPEND and REPLACE are none of these: [`crate::server`] reads them message by message.
///
/// # Errors
/// [`Rejection`] says what to answer and to which tag.
pub fn command(frame: &[u8], dialect: Dialect) -> Result<(Tag, Command), Rejection> {
    let mut p = Parser::new(frame, dialect);
    let tag = p.tag().map_err(|error| Rejection { tag: None, error })?;
    match body(&mut p).and_then(|command| p.end().map(|()| command)) {
        Ok(command) => Ok((tag, command)),
        Err(error) => Err(Rejection { tag: Some(tag), error }),
    }
}

/// Reads what a filter holds: a search program in UTF-8, as SEARCH would take it (RFC 5466 §3.2).
///
/// # Errors
/// What breaks the grammar.
pub fn filter(value: &[u8], dialect: Dialect) -> Result<SearchKey, ParseError> {
    let mut p = Parser::new(value, dialect);
    let key = search::search_program(&mut p)?;
    p.end()?;
    Ok(key)
}

/// Everything behind the tag.
fn body(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    let mut name = p.command_name()?;
    let uid = name == "UID";
    if uid {
        p.space()?;
        name = p.command_name()?;
        if !matches!(name.as_str(), "FETCH" | "STORE" | "COPY" | "MOVE" | "SEARCH" | "SORT" | "THREAD" | "EXPUNGE" | "REPLACE") {
            return Err(ParseError::Syntax("UID goes before FETCH, STORE, COPY, MOVE, SEARCH, SORT, THREAD, EXPUNGE or REPLACE"));
        }
    }
    match name.as_str() {
        "CAPABILITY" => Ok(Command::Capability),
        "NOOP" => Ok(Command::Noop),
        "LOGOUT" => Ok(Command::Logout),
        "ID" => session::id(p),
        "STARTTLS" => Ok(Command::StartTls),
        "LOGIN" => session::login(p),
        "AUTHENTICATE" => session::authenticate(p),
        "UNAUTHENTICATE" => Ok(Command::Unauthenticate),
        "ENABLE" => session::enable(p),
        "SELECT" => folder::select(p, false),
        "EXAMINE" => folder::select(p, true),
        "CREATE" => folder::create(p),
        "DELETE" => folder::one(p).map(Command::Delete),
        "RENAME" => folder::rename(p),
        "SUBSCRIBE" => folder::one(p).map(Command::Subscribe),
        "UNSUBSCRIBE" => folder::one(p).map(Command::Unsubscribe),
        "STATUS" => folder::status(p),
        "LIST" => list::list(p),
        "LSUB" => list::lsub(p),
        "GETQUOTA" => quota::get_quota(p),
        "GETQUOTAROOT" => quota::get_quota_root(p),
        "GETMETADATA" => metadata::get_metadata(p),
        "SETMETADATA" => metadata::set_metadata(p),
        "SETACL" => acl::set_acl(p),
        "DELETEACL" => acl::delete_acl(p),
        "GETACL" => folder::one(p).map(Command::GetAcl),
        "LISTRIGHTS" => acl::list_rights(p),
        "MYRIGHTS" => folder::one(p).map(Command::MyRights),
        "GENURLAUTH" => urlauth::gen_url_auth(p),
        "URLFETCH" => urlauth::url_fetch(p),
        "RESETKEY" => urlauth::reset_key(p),
        "NAMESPACE" => Ok(Command::Namespace),
        "NOTIFY" => notify::notify(p),
        "IDLE" => Ok(Command::Idle),
        "COMPRESS" => session::compress(p),
        "CANCELUPDATE" => context::cancel_update(p),
        "CHECK" => Ok(Command::Check),
        "CLOSE" => Ok(Command::Close),
        "UNSELECT" => Ok(Command::Unselect),
        "EXPUNGE" => store::expunge(p, uid),
        "SEARCH" => search::search(p, uid),
        "ESEARCH" => multisearch::esearch(p),
        "SORT" => sort::sort(p, uid),
        "THREAD" => sort::thread(p, uid),
        "FETCH" => fetch::fetch(p, uid),
        "STORE" => store::store(p, uid),
        "COPY" => store::copy(p, uid),
        "MOVE" => store::move_to(p, uid),
        "REPLACE" => Err(ParseError::Syntax("Expected REPLACE number mailbox [(flags)] [\"date\"] {size}")),
        "APPEND" => Err(ParseError::Syntax("Expected APPEND mailbox [(flags)] [\"date\"] {size}")),
        _ => Err(ParseError::Syntax("Unknown command")),
    }
}
