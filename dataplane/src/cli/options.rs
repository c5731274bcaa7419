//! The flags that say what `postern serve` serves. Whatever they do not name stands in the
//! environment or the file; `postern config check` shows what came out.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, Environment, Flags, Problems, Setting};

/// Flags of `serve` and `config check`.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// A configuration file (TOML); also POSTERN_CONFIG
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// A folder of manifests to serve
    #[arg(long, value_name = "DIR")]
    pub manifests: Option<PathBuf>,
    /// The folder for everything that is kept [default: .postern]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL in place of the embedded database; better by POSTERN_DATABASE, which other users of the machine cannot read
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// What this process does: mx, submission, imap, sender, janitor, or all
    #[arg(long, value_name = "LIST")]
    pub roles: Option<String>,
    /// An address for a listener, or off: mx, submission, submissions, imap, imaps, health, …
    #[arg(long, value_name = "NAME=ADDRESS:PORT", value_parser = listener)]
    pub listen: Vec<(String, String)>,
}

impl Options {
    /// Puts flags over environment over file.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn load(&self) -> Result<(Config, Vec<Setting>), Problems> {
        Config::load(self.config.as_deref(), &self.flags(), &Environment::of_process())
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::new();
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        for (name, value) in [
            ("manifests", path(&self.manifests)),
            ("data", path(&self.data)),
            ("database", self.database.clone()),
            ("roles", self.roles.clone()),
        ] {
            if let Some(value) = value {
                flags = flags.with(name, value, format!("--{name}"));
            }
        }
        for (name, address) in &self.listen {
            flags = flags.with(format!("listen.{name}"), address, format!("--listen {name}={address}"));
        }
        flags
    }
}

fn listener(text: &str) -> Result<(String, String), String> {
    let (name, address) = text.split_once('=').ok_or("write NAME=ADDRESS:PORT or NAME=off, as mx=0.0.0.0:25")?;
    Ok((name.to_owned(), address.to_owned()))
}
