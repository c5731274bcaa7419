//! What is known of an issuer, and when it is asked again.
//!
//! Keys are kept for an hour. A token that names a key we do not have sends us to look, for keys turn; but not more often
//! than every half minute, for anybody can name keys that do not exist. While the issuer is away its old keys go on to serve,
//! a day at most. One looks at a time; the others wait for what it finds.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use postern_core::Timestamp;

use super::{
    Unreachable, Web,
    jwks::Keys,
    metadata::{self, Metadata},
};

/// How long what was read is good.
const FRESH: Duration = Duration::from_hours(1);
/// How long it serves while the issuer is away.
const LASTS: Duration = Duration::from_hours(24);
/// The shortest time between two looks.
const BETWEEN: Duration = Duration::from_secs(30);

/// One issuer.
pub(super) struct Known {
    issuer: String,
    held: Mutex<Held>,
    looking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Held {
    metadata: Option<(Timestamp, Arc<Metadata>)>,
    keys: Option<(Timestamp, Arc<Keys>)>,
    /// The last look, and why it failed if it did.
    looked: Option<(Timestamp, Option<Unreachable>)>,
}

impl Known {
    pub(super) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), held: Mutex::default(), looking: tokio::sync::Mutex::new(()) }
    }

    /// Its description.
    pub(super) async fn metadata(&self, web: &dyn Web, now: Timestamp) -> Result<Arc<Metadata>, Unreachable> {
        let good = |held: &Held| held.metadata.clone().filter(|(at, _)| now.since(*at) < FRESH);
        if let Some((_, metadata)) = good(&self.held()) {
            return Ok(metadata);
        }
        let _alone = self.looking.lock().await;
        if let Some((_, metadata)) = good(&self.held()) {
            return Ok(metadata);
        }
        let old = self.held().metadata.filter(|(at, _)| now.since(*at) < LASTS).map(|(_, metadata)| metadata);
        match self.last_look(now) {
            None => {
                let read = self.read_metadata(web, now).await;
                self.looked(now, read.as_ref().err());
                read.or_else(|error| old.ok_or(error))
            }
            Some(failed) => old.ok_or_else(|| failed.unwrap_or_else(|| self.wrong("was asked a moment ago"))),
        }
    }

    /// Its keys; newer ones than are held when `enough` says no and the last look is long enough ago.
    pub(super) async fn keys(&self, web: &dyn Web, now: Timestamp, enough: impl Fn(&Keys) -> bool) -> Result<Arc<Keys>, Unreachable> {
        let good = |held: &Held| held.keys.clone().filter(|(at, keys)| now.since(*at) < FRESH && enough(keys));
        if let Some((_, keys)) = good(&self.held()) {
            return Ok(keys);
        }
        let _alone = self.looking.lock().await;
        if let Some((_, keys)) = good(&self.held()) {
            return Ok(keys);
        }
        let old = self.held().keys.filter(|(at, _)| now.since(*at) < LASTS).map(|(_, keys)| keys);
        match self.last_look(now) {
            None => {
                let read = self.read_keys(web, now).await;
                self.looked(now, read.as_ref().err());
                // An old key that fits still serves; whether there is a newer one nobody can say now.
                read.or_else(|error| old.filter(|keys| enough(keys)).ok_or(error))
            }
            // What was found a moment ago is all that there is.
            Some(None) => old.ok_or_else(|| self.wrong("was asked a moment ago")),
            Some(Some(error)) => old.filter(|keys| enough(keys)).ok_or(error),
        }
    }

    async fn read_keys(&self, web: &dyn Web, now: Timestamp) -> Result<Arc<Keys>, Unreachable> {
        let metadata = self.read_metadata(web, now).await?;
        let url = metadata.jwks_uri.as_ref().ok_or_else(|| self.wrong("publishes no keys"))?;
        let keys = Keys::read(&web.get(url).await?).ok_or_else(|| self.wrong("publishes keys that cannot be read"))?;
        let keys = Arc::new(keys);
        self.hold(|held| held.keys = Some((now, keys.clone())));
        Ok(keys)
    }

    async fn read_metadata(&self, web: &dyn Web, now: Timestamp) -> Result<Arc<Metadata>, Unreachable> {
        let metadata = Arc::new(Metadata::read(&self.issuer, &web.get(&metadata::address(&self.issuer)).await?)?);
        self.hold(|held| held.metadata = Some((now, metadata.clone())));
        Ok(metadata)
    }

    /// The last look, if it is so short ago that there may be no other, and why it failed if it did.
    fn last_look(&self, now: Timestamp) -> Option<Option<Unreachable>> {
        self.held().looked.filter(|(at, _)| now.since(*at) < BETWEEN).map(|(_, failed)| failed)
    }

    fn wrong(&self, what: &str) -> Unreachable {
        Unreachable(format!("the issuer {} {what}", self.issuer))
    }

    fn looked(&self, now: Timestamp, failed: Option<&Unreachable>) {
        if let Some(error) = failed {
            tracing::warn!(issuer = self.issuer, %error, "an issuer of tokens cannot be asked");
        }
        self.hold(|held| held.looked = Some((now, failed.cloned())));
    }

    fn held(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
