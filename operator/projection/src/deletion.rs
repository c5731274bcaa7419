//! What becomes of the data of an object that is being deleted, by the object's own last word.

use postern_core::directory::DeletionPolicy;
use postern_crds::{Domain, Mailbox, reference::DeletionPolicy as Wish, text::Duration};

use crate::convert::parse_duration;

/// What a Domain asks for; `None` when its grace cannot be read.
#[must_use]
pub fn deletion_of_domain(object: &Domain) -> Option<DeletionPolicy> {
    policy(object.spec.deletion_policy, &object.spec.deletion_grace_period)
}

/// What a Mailbox asks for; `None` when its grace cannot be read.
#[must_use]
pub fn deletion_of_mailbox(object: &Mailbox) -> Option<DeletionPolicy> {
    policy(object.spec.deletion_policy, &object.spec.deletion_grace_period)
}

fn policy(wish: Wish, grace: &Duration) -> Option<DeletionPolicy> {
    match wish {
        Wish::Retain => parse_duration(grace).map(DeletionPolicy::Retain),
        Wish::Delete => Some(DeletionPolicy::Delete),
    }
}
