//! Objects as they are shown: found by their source, with a status.

use postern_core::directory::SourceKey;
use postern_projection::{Kind, Object};

use super::parse::source_of;

/// Kinds that can be asked for; the others hold secrets, or serve these alone.
pub(super) const SHOWN: [Kind; 6] = [Kind::Domain, Kind::Mailbox, Kind::Alias, Kind::IpPool, Kind::Branding, Kind::MailCluster];

/// The source of an object of the folder.
pub(super) fn source(object: &Object) -> SourceKey {
    source_of(&object.id())
}

/// A kind in any of the forms that `kubectl` takes: plural, singular or short name, in any case.
pub(super) fn kind(text: &str) -> Option<Kind> {
    let text = text.to_ascii_lowercase();
    let text = text.split_once('.').map_or(&*text, |(name, _)| name);
    SHOWN.into_iter().find(|kind| {
        let (singular, short) = (kind.as_str().to_ascii_lowercase(), short(*kind));
        text == singular || text == short || text == plural(*kind)
    })
}

/// As the resource is named in the API.
pub(super) const fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Domain => "domains",
        Kind::Mailbox => "mailboxes",
        Kind::Alias => "aliases",
        Kind::IpPool => "ippools",
        Kind::Branding => "brandings",
        Kind::MailCluster => "mailclusters",
        Kind::Secret => "secrets",
        Kind::ConfigMap => "configmaps",
        Kind::Namespace => "namespaces",
    }
}

const fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::Domain => "md",
        Kind::Mailbox => "mbx",
        Kind::Alias => "mal",
        Kind::IpPool => "ipp",
        Kind::Branding => "mbr",
        Kind::MailCluster => "mc",
        _ => "",
    }
}

/// Gives an object the status that it had before, for conditions remember since when they hold.
pub(super) fn keep_status(before: &Object, now: &mut Object) {
    match (before, now) {
        (Object::Domain(a), Object::Domain(b)) => b.status.clone_from(&a.status),
        (Object::Mailbox(a), Object::Mailbox(b)) => b.status.clone_from(&a.status),
        (Object::Alias(a), Object::Alias(b)) => b.status.clone_from(&a.status),
        (Object::IpPool(a), Object::IpPool(b)) => b.status.clone_from(&a.status),
        (Object::Branding(a), Object::Branding(b)) => b.status.clone_from(&a.status),
        (Object::MailCluster(a), Object::MailCluster(b)) => b.status.clone_from(&a.status),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_as_people_write_them() {
        for text in ["domains", "Domain", "md", "domains.postern.dev"] {
            assert_eq!(kind(text), Some(Kind::Domain), "{text}");
        }
        assert_eq!(kind("mailboxes"), Some(Kind::Mailbox));
        assert_eq!(kind("aliases"), Some(Kind::Alias));
        assert_eq!(kind("secrets"), None);
        for (crd, kind) in postern_crds::all().into_iter().zip(SHOWN) {
            assert!(SHOWN.iter().any(|k| plural(*k) == crd.spec.names.plural), "{}", crd.spec.names.plural);
            let shorts = postern_crds::all().into_iter().find(|crd| crd.spec.names.kind == kind.as_str()).unwrap().spec.names.short_names;
            assert_eq!(shorts, Some(vec![short(kind).to_owned()]));
        }
    }
}
