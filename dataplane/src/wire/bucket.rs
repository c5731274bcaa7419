//! Bodies in an S3-compatible bucket, as the configuration names it.

use std::sync::Arc;

use postern_store::blob::{Backend, Bucket, ObjectBackend};

use super::PartsError;
use crate::config::S3;

/// Opens the bucket; nothing is asked of it yet.
///
/// # Errors
/// [`PartsError::Store`] for settings that cannot be.
pub fn open(s3: &S3) -> Result<Arc<dyn Backend>, PartsError> {
    // The bucket's client asks the process for TLS.
    postern_net::tls::install_provider();
    let bucket = Bucket {
        name: &s3.bucket,
        region: &s3.region,
        endpoint: s3.endpoint.as_deref(),
        prefix: &s3.prefix,
        key: s3.access_key.as_deref().zip(s3.secret_key.as_ref()),
    };
    Ok(Arc::new(ObjectBackend::s3(&bucket)?))
}
