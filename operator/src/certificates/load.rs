//! From the Secret that cert-manager wrote to the directory.

use k8s_openapi::{api::core::v1::Secret, jiff};
use kube::Api;
use postern_core::{Secret as Hidden, Timestamp};
use postern_store::{StoreError, directory};

use super::kinds::Certificate;
use crate::context::Context;

/// Why a certificate was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The Secret cannot be read.
    #[error("its Secret cannot be read: {0}")]
    Secret(#[from] kube::Error),
    /// The Secret lacks something.
    #[error("its Secret has no {0}")]
    Lacks(&'static str),
    /// The directory does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts what the Secret of a ready certificate holds into the directory; whether that was news.
///
/// # Errors
/// [`LoadError`].
pub async fn load(context: &Context, certificate: &Certificate, host: &str) -> Result<bool, LoadError> {
    let api: Api<Secret> = Api::namespaced(context.client.clone(), &context.place.namespace);
    let data = api.get(&certificate.spec.secret_name).await?.data.unwrap_or_default();
    let part =
        |key: &'static str| data.get(key).map(|bytes| bytes.0.clone()).filter(|bytes| !bytes.is_empty()).ok_or(LoadError::Lacks(key));
    let loaded = directory::Certificate {
        host: host.to_owned(),
        origin: context.place.cluster.clone(),
        chain: part("tls.crt")?,
        private: Hidden::new(part("tls.key")?),
        not_after: not_after(certificate).unwrap_or_default(),
    };
    Ok(context.directory.set_certificate(&loaded, context.epoch).await?)
}

/// When the certificate in the Secret ends, as cert-manager says.
pub fn not_after(certificate: &Certificate) -> Option<Timestamp> {
    let text = certificate.status.as_ref()?.not_after.as_deref()?;
    text.parse::<jiff::Timestamp>().ok().map(|moment| Timestamp(moment.as_microsecond()))
}
