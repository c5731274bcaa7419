//! Bodies as objects of an S3-compatible store.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, path::Path};
use postern_core::{BlobId, Secret, Timestamp};

use super::Backend;
use crate::error::{Result, StoreError};

/// Any store that `object_store` speaks to; a put is durable when it answers.
#[derive(Clone, Debug)]
pub struct ObjectBackend {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl ObjectBackend {
    /// Objects under a prefix of a bucket.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: Path::from(prefix) }
    }
}

/// A bucket of an S3-compatible service.
#[derive(Clone, Copy, Debug)]
pub struct Bucket<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its region.
    pub region: &'a str,
    /// URL of the service, when it is not the region's own.
    pub endpoint: Option<&'a str>,
    /// What object names begin with.
    pub prefix: &'a str,
    /// Name of the key, and the key; without them, what the environment of the process gives.
    pub key: Option<(&'a str, &'a Secret<String>)>,
}

impl ObjectBackend {
    /// A bucket; nothing is asked of it yet. The process must have a provider of TLS.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for settings that cannot be.
    pub fn s3(bucket: &Bucket<'_>) -> Result<Self> {
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket.name).with_region(bucket.region);
        if let Some(endpoint) = bucket.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some((name, key)) = bucket.key {
            builder = builder.with_access_key_id(name).with_secret_access_key(key.expose());
        }
        let store = builder.build().map_err(|error| StoreError::Refused(format!("the bucket cannot be used: {error}")))?;
        Ok(Self::new(Arc::new(store), bucket.prefix))
    }
}

#[async_trait]
impl Backend for ObjectBackend {
    async fn put(&self, id: BlobId, body: Bytes) -> Result<String> {
        let path = self.prefix.clone().join(format!("{:02x}", id.0 & 0xff)).join(id.to_string());
        self.store.put(&path, body.into()).await.map_err(failed)?;
        Ok(path.to_string())
    }

    async fn get(&self, location: &str) -> Result<Bytes> {
        let got = self.store.get(&Path::from(location)).await.map_err(failed)?;
        got.bytes().await.map_err(failed)
    }

    async fn delete(&self, location: &str) -> Result<()> {
        match self.store.delete(&Path::from(location)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed(e)),
        }
    }

    async fn older_than(&self, at: Timestamp, limit: usize) -> Result<Vec<(BlobId, String)>> {
        self.list_older_than(&self.prefix, at, limit).await
    }

    async fn part_older_than(&self, part: u8, at: Timestamp) -> Result<Vec<(BlobId, String)>> {
        self.list_older_than(&self.prefix.clone().join(format!("{part:02x}")), at, usize::MAX).await
    }
}

impl ObjectBackend {
    async fn list_older_than(&self, under: &Path, at: Timestamp, limit: usize) -> Result<Vec<(BlobId, String)>> {
        let mut listed = self.store.list(Some(under));
        let mut found = Vec::new();
        while let Some(object) = listed.try_next().await.map_err(failed)? {
            let id = object.location.filename().and_then(|name| name.parse().ok());
            if let (Some(id), true) = (id, object.last_modified.timestamp_micros() < at.0) {
                found.push((id, object.location.to_string()));
                if found.len() >= limit {
                    break;
                }
            }
        }
        Ok(found)
    }
}

fn failed(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::NotFound("body"),
        other => StoreError::unavailable(other),
    }
}
