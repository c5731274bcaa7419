//! A status in a few bytes: whether it differs from what we would write, and since when its conditions hold.

use std::hash::{DefaultHasher, Hasher};

use postern_core::Timestamp;
use postern_crds::{
    Condition,
    condition::{self, Time},
    k8s_openapi::jiff,
};
use serde::Serialize;

/// Every condition type that we set, so that one octet names it.
const TYPES: [&str; 20] = [
    condition::READY,
    condition::RECONCILING,
    condition::STALLED,
    condition::ACCEPTED,
    condition::PROGRAMMED,
    condition::OWNERSHIP_VERIFIED,
    condition::DKIM_READY,
    condition::CERTIFICATES_READY,
    condition::DNS_READY,
    condition::BULK_SENDER_READY,
    condition::CREDENTIALS_READY,
    condition::QUOTA_EXCEEDED,
    condition::SUSPENDED,
    condition::ADDRESSES_BOUND,
    condition::REVERSE_DNS_VALID,
    condition::WARMING_UP,
    condition::PAUSED,
    condition::LISTED,
    condition::ASSETS_READY,
    condition::HOSTS_READY,
];
const STATUSES: [&str; 3] = ["True", "False", "Unknown"];

/// What is kept of a status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Over all of it; `None` when there is no status.
    digest: Option<u64>,
    /// (type, status, since in microseconds).
    conditions: Box<[(u8, u8, i64)]>,
    /// Whether it counts boxes, as a Domain's does.
    counts_boxes: bool,
}

impl Seen {
    /// Of a status.
    pub fn of<S: Serialize>(status: Option<&S>, conditions: &[Condition]) -> Self {
        let known = conditions.iter().filter_map(|c| {
            let type_ = TYPES.iter().position(|t| *t == c.type_)?;
            let status = STATUSES.iter().position(|s| *s == c.status)?;
            Some((u8::try_from(type_).ok()?, u8::try_from(status).ok()?, c.last_transition_time.0.as_microsecond()))
        });
        Self { digest: status.map(digest), conditions: known.collect(), counts_boxes: false }
    }

    /// The same of a status that says of so many boxes that they stand on the object.
    #[must_use]
    pub fn with_boxes(self, boxes: u64) -> Self {
        Self { counts_boxes: boxes > 0, ..self }
    }

    /// Whether whoever reads the status knows that boxes stand on the object: what keeps a Domain from being deleted by a slip.
    #[must_use]
    pub const fn counts_boxes(&self) -> bool {
        self.counts_boxes
    }

    /// The conditions as far as they matter to what comes after them: type, status, since when.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        let known = self.conditions.iter().filter_map(|(type_, status, since)| {
            Some(Condition {
                type_: (*TYPES.get(usize::from(*type_))?).to_owned(),
                status: (*STATUSES.get(usize::from(*status))?).to_owned(),
                last_transition_time: Time(jiff::Timestamp::from_microsecond(*since).ok()?),
                reason: String::new(),
                message: String::new(),
                observed_generation: None,
            })
        });
        known.collect()
    }

    /// Whether a condition is True, False or Unknown; `None` when it is not there.
    #[must_use]
    pub fn status_of(&self, type_: &str) -> Option<&'static str> {
        let (_, status, _) = self.conditions.iter().find(|(t, ..)| TYPES.get(usize::from(*t)) == Some(&type_))?;
        STATUSES.get(usize::from(*status)).copied()
    }

    /// Since when a condition is as it is.
    #[must_use]
    pub fn since(&self, type_: &str) -> Option<Timestamp> {
        let (.., since) = self.conditions.iter().find(|(t, ..)| TYPES.get(usize::from(*t)) == Some(&type_))?;
        Some(Timestamp(*since))
    }

    /// Whether there is a status at all.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.digest.is_some()
    }

    /// Whether `status` is what was seen.
    pub fn is<S: Serialize>(&self, status: &S) -> bool {
        self.digest == Some(digest(status))
    }
}

/// In memory only, so that any hash does that is the same for the life of a process.
fn digest<S: Serialize>(status: &S) -> u64 {
    let mut hasher = DefaultHasher::new();
    // A status that cannot be written differs from every other: it is written again, and the API server says why not.
    hasher.write(&serde_json::to_vec(status).unwrap_or_default());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_type_status_and_time() {
        let ready = Condition {
            type_: condition::READY.to_owned(),
            status: "False".to_owned(),
            reason: "Programming".to_owned(),
            message: "not yet".to_owned(),
            observed_generation: Some(3),
            // The API server keeps whole seconds.
            last_transition_time: Time(jiff::Timestamp::from_second(1_800_000_000).unwrap()),
        };
        let seen = Seen::of(Some(&vec![&ready]), std::slice::from_ref(&ready));
        assert_eq!(seen.status_of(condition::READY), Some("False"));
        assert_eq!(seen.conditions()[0].last_transition_time, ready.last_transition_time);
        assert!(seen.is(&vec![&ready]) && !seen.is(&vec![Condition { message: "no".to_owned(), ..ready }]));
        assert!(!Seen::default().is_there());
    }
}
