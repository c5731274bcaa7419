//! The protocol's words in the store's, and back: flags, uses, names.

use postern_core::Rights;
use postern_proto_imap::{
    encode::FetchWriter,
    types::{self, Keyword, MailboxName, StoreMode, StoreOp, SystemFlags},
};
use postern_store::mail::{FlagChange, Flags, Folder, SpecialUse, flags, snapshot::Entry};

/// A message's system flags.
pub(crate) const fn system(flags: Flags) -> SystemFlags {
    // The store's bits above these are not flags of IMAP's.
    SystemFlags::from_bits((flags.0 & 0x1f) as u8)
}

/// Those of the flags that somebody with these rights may change (RFC 4314 §4).
pub(crate) fn permitted(flags: SystemFlags, rights: Rights) -> SystemFlags {
    let mut denied = SystemFlags::default();
    for (right, governed) in [
        (Rights::SEEN, SystemFlags::SEEN),
        (Rights::DELETE_MESSAGES, SystemFlags::DELETED),
        (Rights::WRITE, SystemFlags::ALL.without(SystemFlags::SEEN | SystemFlags::DELETED)),
    ] {
        if !rights.contains(right) {
            denied = denied | governed;
        }
    }
    flags.without(denied)
}

/// Whether keywords may be changed: `w` is for all but `\Seen` and `\Deleted` (RFC 4314 §4).
pub(crate) const fn may_have_keywords(rights: Rights) -> bool {
    rights.contains(Rights::WRITE)
}

/// System flags as the store keeps them.
pub(crate) fn stored(flags: SystemFlags) -> Flags {
    Flags(u16::from(flags.bits()))
}

/// Keywords as the store keeps them.
pub(crate) fn keywords(keywords: &[Keyword]) -> Option<String> {
    flags::join(keywords.iter().map(Keyword::as_str))
}

/// `FLAGS (…)`
pub(crate) fn write_flags(fetch: &mut FetchWriter<'_>, entry: &Entry) {
    fetch.flags(system(entry.flags), entry.keywords.iter().flat_map(|k| k.split(' ')));
}

/// A MODSEQ; the store's are never negative.
pub(crate) fn modseq(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// What STORE asks for.
pub(crate) fn change(op: &StoreOp) -> FlagChange {
    let system = stored(op.flags.system);
    let keywords = op.flags.keywords.iter().map(|k| k.as_str().to_owned()).collect();
    match op.mode {
        StoreMode::Replace => FlagChange::Replace(system, keywords),
        StoreMode::Add => FlagChange::Add(system, keywords),
        StoreMode::Remove => FlagChange::Remove(system, keywords),
    }
}

/// The use that CREATE asks for, when the store knows it.
pub(crate) fn special_use(asked: types::SpecialUse) -> Option<SpecialUse> {
    SpecialUse::parse(asked.name().trim_start_matches('\\'))
}

/// The use that LIST tells.
pub(crate) fn told_use(kept: SpecialUse) -> types::SpecialUse {
    match kept {
        SpecialUse::Archive => types::SpecialUse::Archive,
        SpecialUse::Drafts => types::SpecialUse::Drafts,
        SpecialUse::Junk => types::SpecialUse::Junk,
        SpecialUse::Sent => types::SpecialUse::Sent,
        SpecialUse::Trash => types::SpecialUse::Trash,
    }
}

/// A folder's name as the protocol knows it. One that another way in has made, and that IMAP cannot name, is not shown.
pub(crate) fn name(folder: &Folder) -> Option<MailboxName> {
    MailboxName::new(&folder.name).ok()
}
