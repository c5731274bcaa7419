//! Which revision's rules a session follows.

/// What ENABLE has switched on: it decides how names and strings are written and which answers are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Names and quoted strings are UTF-8; otherwise names are modified UTF-7 and 8-bit text is sent in literals.
    pub utf8: bool,
    /// IMAP4rev2 rules: every SEARCH is answered by ESEARCH, nothing is RECENT (RFC 9051 Appendix E).
    pub rev2: bool,
    /// FETCH tells mod-sequences: a command has asked for them (RFC 7162 §3.1).
    pub condstore: bool,
    /// VANISHED takes the place of EXPUNGE (RFC 7162 §3.2.3).
    pub qresync: bool,
    /// Message numbers are neither taken nor given (RFC 9586 §3).
    pub uid_only: bool,
}

impl Dialect {
    /// RFC 3501, until something is enabled.
    pub const REV1: Self = Self { utf8: false, rev2: false, condstore: false, qresync: false, uid_only: false };
    /// RFC 9051, after ENABLE IMAP4rev2.
    pub const REV2: Self = Self { utf8: true, rev2: true, ..Self::REV1 };
}
