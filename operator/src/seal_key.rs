//! The ring of seal keys: a mounted file, or a Secret that is made here once.
//!
//! A ring is never made anew beside a database that already holds sealed values: they would open no more, and whoever
//! lost the Secret must be told so rather than be helped into it.

use std::{collections::BTreeMap, path::Path};

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use postern_store::{
    StoreError,
    db::Db,
    directory::{SealKeys, seal},
};

use crate::context::Chance;

/// Key of the Secret, and the file's name where pods mount it.
pub const DATA_KEY: &str = "seal.key";

/// Why there is no ring.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyError {
    /// The file cannot be read.
    #[error("cannot read the seal key file: {0}")]
    File(#[from] std::io::Error),
    /// The API server refused, or did not answer.
    #[error("cannot read or make the Secret of the seal key: {0}")]
    Secret(#[from] kube::Error),
    /// The database, or what the ring holds.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Secret is there and empty.
    #[error("Secret {0} has no key {DATA_KEY}; restore it from a backup")]
    Empty(String),
    /// The Secret is gone, and what it sealed is not.
    #[error("Secret {0} is gone, and the database holds values that were sealed with it; restore the Secret from a backup")]
    Lost(String),
}

/// Reads the ring from a file.
///
/// # Errors
/// [`SealKeyError`].
pub fn of_file(path: &Path, chance: &Chance) -> Result<SealKeys, SealKeyError> {
    Ok(SealKeys::parse(&std::fs::read(path)?, Box::new(chance.fork()))?)
}

/// Reads the ring from its Secret, and makes that if nothing was ever sealed.
///
/// # Errors
/// [`SealKeyError`].
pub async fn of_secret(client: &Client, namespace: &str, name: &str, db: &Db, chance: &Chance) -> Result<SealKeys, SealKeyError> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let secret = match api.get_opt(name).await? {
        Some(secret) => secret,
        None if seal::is_in_use(db).await? => return Err(SealKeyError::Lost(name.to_owned())),
        None => match api.create(&PostParams::default(), &made(name, chance)).await {
            Ok(secret) => {
                tracing::info!(secret = name, "the seal key was made; back it up together with the database");
                secret
            }
            // Another replica was faster.
            Err(kube::Error::Api(status)) if status.code == 409 => api.get(name).await?,
            Err(error) => return Err(error.into()),
        },
    };
    let ring = secret.data.as_ref().and_then(|data| data.get(DATA_KEY)).ok_or_else(|| SealKeyError::Empty(name.to_owned()))?;
    Ok(SealKeys::parse(&ring.0, Box::new(chance.fork()))?)
}

fn made(name: &str, chance: &Chance) -> Secret {
    let ring = SealKeys::generate(&mut chance.fork());
    let labels = [("app.kubernetes.io/part-of", "postern"), ("app.kubernetes.io/managed-by", "postern-operator")];
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(DATA_KEY.to_owned(), ByteString(ring.expose().clone().into_bytes()))])),
        // It is turned by adding a line, so it is not immutable.
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    }
}
