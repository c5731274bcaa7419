//! Who leads: a `coordination.k8s.io/Lease`, taken when its holder has not renewed it for its whole duration.
//!
//! The lease makes one leader likely; the directory's fence makes it certain where it matters. Time is measured from when
//! *we* saw the lease change, never by comparing clocks of two machines.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use postern_core::Timestamp;
use tokio::time::Instant;

/// Name of the lease.
pub const LEASE: &str = "postern-operator";
/// Without renewal for this long, others may take it.
pub const DURATION: Duration = Duration::from_secs(15);
/// A leader that could not renew for this long ends by itself, before others begin.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// Pause between two attempts to take or to renew.
pub const RETRY: Duration = Duration::from_secs(2);

/// One candidate.
#[derive(Debug)]
pub struct Candidate {
    api: Api<Lease>,
    identity: String,
    /// The lease's version when it last changed, and when we saw that.
    seen: Option<(String, Instant)>,
}

impl Candidate {
    /// A candidate that has not looked yet.
    #[must_use]
    pub fn new(client: Client, namespace: &str, identity: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), identity: identity.to_owned(), seen: None }
    }

    /// Takes or renews the lease; whether it is ours now.
    ///
    /// # Errors
    /// When the API server refuses or does not answer. A race that was lost is no error.
    pub async fn try_hold(&mut self, now: Timestamp) -> Result<bool, kube::Error> {
        let Some(lease) = self.api.get_opt(LEASE).await? else {
            let lease = Lease { metadata: named(), spec: Some(self.spec(None, now)) };
            return raced(self.api.create(&PostParams::default(), &lease).await);
        };
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder != self.identity && !holder.is_empty() && !self.has_expired(&version, &spec) {
            return Ok(false);
        }
        let taken = Lease { spec: Some(self.spec(Some(&spec), now)), ..lease };
        raced(self.api.replace(LEASE, &PostParams::default(), &taken).await)
    }

    /// Gives the lease back, so that another need not wait.
    ///
    /// # Errors
    /// As [`Self::try_hold`].
    pub async fn release(&mut self) -> Result<(), kube::Error> {
        let Some(mut lease) = self.api.get_opt(LEASE).await? else { return Ok(()) };
        let Some(spec) = lease.spec.as_mut().filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity)) else { return Ok(()) };
        (spec.holder_identity, spec.lease_duration_seconds) = (None, Some(1));
        raced(self.api.replace(LEASE, &PostParams::default(), &lease).await).map(drop)
    }

    /// Whether the holder has let it run out, by our own watch.
    fn has_expired(&mut self, version: &str, spec: &LeaseSpec) -> bool {
        match &self.seen {
            Some((known, since)) if known == version => {
                let duration = spec.lease_duration_seconds.and_then(|s| u64::try_from(s).ok()).map_or(DURATION, Duration::from_secs);
                since.elapsed() >= duration
            }
            _ => {
                self.seen = Some((version.to_owned(), Instant::now()));
                false
            }
        }
    }

    fn spec(&self, before: Option<&LeaseSpec>, now: Timestamp) -> LeaseSpec {
        let now = MicroTime(jiff::Timestamp::from_microsecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH));
        let ours = before.is_some_and(|spec| spec.holder_identity.as_ref() == Some(&self.identity));
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: if ours { before.and_then(|spec| spec.acquire_time.clone()) } else { Some(now.clone()) },
            renew_time: Some(now),
            lease_transitions: Some(if ours { transitions } else { transitions + 1 }),
            ..LeaseSpec::default()
        }
    }
}

fn named() -> ObjectMeta {
    ObjectMeta { name: Some(LEASE.to_owned()), ..ObjectMeta::default() }
}

/// Whether a write went through; that somebody else was faster is an answer.
fn raced<T>(written: Result<T, kube::Error>) -> Result<bool, kube::Error> {
    match written {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}
