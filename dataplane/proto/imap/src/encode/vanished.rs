//! VANISHED (RFC 7162 §3.2.10): UIDs that are gone, many in one line.

use super::text::set;
use crate::types::UidSet;

/// `"*" SP "VANISHED" [SP "(EARLIER)"] SP known-uids CRLF`; nothing for an empty set, which has no form on the wire.
///
/// `earlier`: what the client missed, which takes nothing from the count of messages.
pub fn vanished(out: &mut Vec<u8>, earlier: bool, uids: &UidSet) {
    if uids.is_empty() {
        return;
    }
    out.extend_from_slice(if earlier { b"* VANISHED (EARLIER) ".as_slice() } else { b"* VANISHED " });
    set(out, uids);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7162() {
        let mut out = Vec::new();
        vanished(&mut out, true, &[41, 43, 44, 45, 46].into_iter().collect());
        vanished(&mut out, false, &[405, 407, 410, 425].into_iter().collect());
        vanished(&mut out, false, &UidSet::new());
        assert_eq!(String::from_utf8(out).unwrap(), "* VANISHED (EARLIER) 41,43:46\r\n* VANISHED 405,407,410,425\r\n");
    }
}
