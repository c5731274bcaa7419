//! Bodies in an S3-compatible bucket.

use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use postern_store::blob::{Backend, ObjectBackend};

use super::PartsError;
use crate::config::S3;

/// Opens the bucket; nothing is asked of it yet.
///
/// # Errors
/// [`PartsError::Bucket`] for settings that cannot be.
pub fn open(s3: &S3) -> Result<Arc<dyn Backend>, PartsError> {
    postern_net::tls::install_provider();
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&s3.bucket).with_region(&s3.region);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let (Some(key), Some(secret)) = (&s3.access_key, &s3.secret_key) {
        builder = builder.with_access_key_id(key).with_secret_access_key(secret.expose());
    }
    let store = builder.build().map_err(|error| PartsError::Bucket(error.to_string()))?;
    Ok(Arc::new(ObjectBackend::new(Arc::new(store), &s3.prefix)))
}
