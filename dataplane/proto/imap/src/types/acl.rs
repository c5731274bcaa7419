//! How a right is given or taken (RFC 4314 §3.1).

use postern_core::Rights;

/// `mod-rights = astring`: a sign, then the rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModifyRights {
    /// Exactly these.
    Replace(Rights),
    /// `+`: these too.
    Add(Rights),
    /// `-`: these no longer.
    Remove(Rights),
}
