//! The one secret of an installation, in a file: it seals what rests sealed, and another is derived from it.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use postern_core::Secret;
use postern_store::directory::SealKeys;
use rand::{
    CryptoRng, SeedableRng,
    rngs::{StdRng, SysRng},
};

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or made.
    #[error("cannot use the seal key {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no key.
    #[error("the seal key {}: {reason}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Chance(String),
}

/// What is made of the file.
pub struct Secrets {
    /// Seals keys and verifiers in the directory.
    pub seal: SealKeys,
    /// Makes what unknown users are answered; the same in every process of the installation.
    pub decoys: Secret<Vec<u8>>,
}

impl Secrets {
    /// Reads the file, or makes it for its owner alone (0600).
    ///
    /// # Errors
    /// [`SecretsError`].
    pub fn open(path: &Path) -> Result<Self, SecretsError> {
        let ring = match fs::read(path) {
            Ok(ring) => ring,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
            Err(source) => return Err(SecretsError::File { path: path.to_owned(), source }),
        };
        let seal = SealKeys::parse(&ring, Box::new(chance()?))
            .map_err(|error| SecretsError::Unusable { path: path.to_owned(), reason: error.to_string() })?;
        // The oldest key stays last when the ring turns, so that decoys do not turn with it.
        let oldest = ring
            .split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .rfind(|line| !line.is_empty() && !line.starts_with(b"#"))
            .unwrap_or_default();
        let decoys = Secret::new(blake3::derive_key("postern 2026 decoys of unknown users", oldest).to_vec());
        Ok(Self { seal, decoys })
    }
}

/// A generator that nobody can foresee.
///
/// # Errors
/// [`SecretsError::Chance`].
pub fn chance() -> Result<impl CryptoRng + Send + Sync + use<>, SecretsError> {
    StdRng::try_from_rng(&mut SysRng).map_err(|error| SecretsError::Chance(error.to_string()))
}

fn make(path: &Path) -> Result<Vec<u8>, SecretsError> {
    let failed = |source| SecretsError::File { path: path.to_owned(), source };
    let ring = SealKeys::generate(&mut chance()?);
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match opened {
        Ok(mut file) => {
            file.write_all(ring.expose().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(ring.expose().as_bytes().to_vec())
        }
        // Another process that starts beside us was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read(path).map_err(failed),
        Err(source) => Err(failed(source)),
    }
}
