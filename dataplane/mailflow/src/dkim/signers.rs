//! Signers by domain: reading an RSA key costs as much as signing with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use postern_core::{DomainName, Timestamp};
use postern_store::{
    Result,
    directory::{Directory, DkimKey},
};

use super::Signer;

/// Domains remembered.
const MOST: usize = 1000;

/// The keys that were used last, ready to sign.
#[derive(Debug, Default)]
pub struct Signers {
    ready: Mutex<HashMap<DomainName, Ready>>,
}

#[derive(Clone, Debug)]
struct Ready {
    /// What the directory gave: while it is the same value, nothing has changed.
    keys: Arc<[DkimKey]>,
    /// In the same order; `None` is a key that cannot be read.
    signers: Arc<[Option<Signer>]>,
}

impl Signers {
    /// `message` with a signature of every active key of `domain` on top; none when it has no keys. A key that does
    /// not sign is logged and left out: mail without a signature is better than none.
    ///
    /// # Errors
    /// As the directory says.
    pub async fn sign(&self, directory: &Directory, domain: &DomainName, message: &[u8], now: Timestamp) -> Result<Vec<u8>> {
        let keys = directory.dkim_keys(domain).await?;
        let ready = self.ready(domain, keys);
        let mut fields = Vec::new();
        for (key, signer) in ready.keys.iter().zip(ready.signers.iter()) {
            let Some(signer) = signer.as_ref().filter(|_| key.signs(now)) else { continue };
            match signer.sign(message, domain, now) {
                Ok(field) => fields.extend(field),
                Err(error) => tracing::error!(%domain, selector = key.selector, %error, "a key does not sign"),
            }
        }
        Ok(fields)
    }

    fn ready(&self, domain: &DomainName, keys: Arc<[DkimKey]>) -> Ready {
        let mut all = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = all.get(domain).filter(|ready| Arc::ptr_eq(&ready.keys, &keys)) {
            return ready.clone();
        }
        let read = |key: &DkimKey| {
            let signer = Signer::new(key);
            signer.inspect_err(|error| tracing::error!(%domain, selector = key.selector, %error, "a key cannot be read")).ok()
        };
        let ready = Ready { signers: keys.iter().map(read).collect(), keys };
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(domain.clone(), ready.clone());
        ready
    }
}
