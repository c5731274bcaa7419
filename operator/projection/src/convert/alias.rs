//! Alias → [`AliasRecord`].

use postern_core::directory::{AliasKind, AliasRecord, Digest};
use postern_crds::{Alias, alias::AliasKind as Wish, condition::reason};

use super::Values;
use crate::{report::Refusals, world::Inputs};

/// The record of an Alias.
pub(crate) fn alias(object: &Alias, refusals: &mut Refusals) -> Option<(AliasRecord, Digest)> {
    let spec = &object.spec;
    match (spec.kind, spec.targets.is_empty()) {
        (Wish::NoReply, false) => refusals.invalid(
            "spec.targets",
            "a NoReply alias throws mail away and has no targets",
            "remove them, or set spec.kind to Redirect",
        ),
        (Wish::Redirect | Wish::Group, true) => refusals.invalid(
            "spec.targets",
            "there is nobody to send the mail on to",
            "name at least one address, or set spec.kind to NoReply",
        ),
        _ => {}
    }
    if spec.keep_copy {
        refusals.add(
            reason::UNSUPPORTED,
            "spec.keepCopy",
            "an alias has no storage to keep a copy in",
            "name a Mailbox among the targets instead",
        );
    }
    if let Some(i) = spec.targets.iter().position(|t| *t == spec.address) {
        refusals.invalid(format!("spec.targets[{i}]"), "is the alias itself: mail would go round for ever", "remove it");
    }
    let mut values = Values(refusals);
    let address = values.address("spec.address", &spec.address);
    let record = AliasRecord {
        tenant: object.metadata.namespace.clone().unwrap_or_default(),
        kind: match spec.kind {
            Wish::Redirect => AliasKind::Redirect,
            Wish::Group => AliasKind::Group,
            Wish::NoReply => AliasKind::NoReply,
        },
        targets: values.addresses("spec.targets", &spec.targets),
        expires_at: values.moment("spec.expiresAt", spec.expires_at.as_ref()),
        address: address?,
    };
    let digest = Inputs::default().digest(spec, &record);
    refusals.0.is_empty().then_some((record, digest))
}
