//! What an operator may decide: flags, then the environment, then a TOML file, then defaults.
//!
//! Each section is a file and owns its type and defaults. Every setting is known by one dotted name,
//! which is `section.name` in the file and `POSTERN_SECTION_NAME` in the environment. What is
//! misspelt or does not parse is refused, all of it at once, with its place and what would be right.
//! Nothing here opens a socket or a database.

pub mod auth;
pub mod database;
pub mod drain;
pub mod environment;
pub mod file;
pub mod flags;
pub mod imap;
pub mod limits;
pub mod listen;
pub mod log;
pub mod oidc;
pub mod outbound;
pub mod problem;
pub mod process;
pub mod proxy_protocol;
pub mod reader;
pub mod report;
pub mod smtp;
pub mod source;
pub mod store;
pub mod tls;
pub mod value;
pub mod web;

#[cfg(test)]
mod tests;

use std::fs;

pub use self::{
    auth::Auth,
    database::DatabaseUrl,
    drain::DrainTimes,
    environment::Environment,
    file::File,
    flags::Flags,
    imap::Imap,
    limits::Limits,
    listen::{Listen, Name},
    log::{Format, Log},
    oidc::{IntrospectionClient, Oidc, Trust},
    outbound::{Outbound, Place, StaticMx},
    problem::{Problem, Problems},
    process::Process,
    proxy_protocol::ProxyProtocol,
    reader::{Reader, Setting},
    smtp::Smtp,
    source::{Found, Key, Origin, Source, Text},
    store::{S3, Store},
    tls::Tls,
    value::Value,
    web::Web,
};

/// Everything that `postern serve` was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The top: names, folders, roles.
    pub process: Process,
    /// Which sockets.
    pub listen: Listen,
    /// Certificates.
    pub tls: Tls,
    /// Database and bodies.
    pub store: Store,
    /// How many connections.
    pub limits: Limits,
    /// Logins.
    pub auth: Auth,
    /// Who may vouch for people.
    pub oidc: Oidc,
    /// SMTP from others and from users.
    pub smtp: Smtp,
    /// IMAP.
    pub imap: Imap,
    /// Pages.
    pub web: Web,
    /// The sender.
    pub outbound: Outbound,
    /// Who stands before us.
    pub proxy_protocol: ProxyProtocol,
    /// The end.
    pub drain: DrainTimes,
    /// Logs.
    pub log: Log,
}

impl Config {
    /// Reads every section from `sources`, the strongest first, and says what holds and why.
    ///
    /// # Errors
    /// [`Problems`]: all that is wrong.
    pub fn read(sources: &[&dyn Source]) -> Result<(Self, Vec<Setting>), Problems> {
        let mut from = Reader::new(sources);
        let config = Self {
            process: Process::read(&mut from),
            listen: Listen::read(&mut from),
            tls: Tls::read(&mut from),
            store: Store::read(&mut from),
            limits: Limits::read(&mut from),
            auth: Auth::read(&mut from),
            oidc: Oidc::read(&mut from),
            smtp: Smtp::read(&mut from),
            imap: Imap::read(&mut from),
            web: Web::read(&mut from),
            outbound: Outbound::read(&mut from),
            proxy_protocol: ProxyProtocol::read(&mut from),
            drain: DrainTimes::read(&mut from),
            log: Log::read(&mut from),
        };
        Ok((config, from.finish()?))
    }

    /// Reads the file that `path` names, or `POSTERN_CONFIG`, if any, and puts environment and flags over it.
    ///
    /// # Errors
    /// [`Problems`], also when the file cannot be read.
    pub fn load(path: Option<&str>, flags: &Flags, environment: &Environment) -> Result<(Self, Vec<Setting>), Problems> {
        let file = match path.or_else(|| environment.config_file()) {
            None => File::default(),
            Some(path) => File::parse(path, &fs::read_to_string(path).map_err(|error| unreadable(path, &error))?)?,
        };
        Self::read(&[flags, environment, &file])
    }

    /// The defaults alone, with sockets on ports that the system picks, for servers inside a test.
    ///
    /// # Errors
    /// [`Problems`], when `flags` are wrong.
    pub fn for_tests(flags: &Flags) -> Result<Self, Problems> {
        let sockets = Name::ALL.iter().filter(|name| name.spec().served);
        let anywhere = sockets.fold(Flags::new(), |flags, name| flags.with(format!("listen.{name}"), "127.0.0.1:0", "--listen"));
        Ok(Self::read(&[flags, &anywhere])?.0)
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Problem {
    let origin = Origin::File { path: path.into(), line: 0 };
    Problem { origin, key: String::new(), message: format!("cannot be read: {error}") }
}
