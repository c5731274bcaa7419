//! Changes to the result of a search that is kept up to date (RFC 5267 §4.3).

use super::{
    search::correlator,
    text::{list, number},
};
use crate::types::Tag;

/// Results side by side, by the place of the first: from 1 in a sorted result, 0 in that of a SEARCH, which is in order anyway.
pub type Placed = (u32, Vec<u32>);

/// What has left a result and what has joined it. What has left is taken out before, each in its turn.
#[derive(Clone, Copy, Debug)]
pub struct ContextUpdate<'u> {
    /// The tag of the search.
    pub tag: &'u Tag,
    /// The numbers are UIDs.
    pub uid: bool,
    /// What has left.
    pub removed: &'u [Placed],
    /// What has joined.
    pub added: &'u [Placed],
}

/// `"* ESEARCH" search-correlator [SP "UID"] [SP "REMOVEFROM" …] [SP "ADDTO" …] CRLF` (RFC 5267 §5); nothing when nothing has changed.
pub fn context_update(out: &mut Vec<u8>, update: ContextUpdate<'_>) {
    let ContextUpdate { tag, uid, removed, added } = update;
    if removed.is_empty() && added.is_empty() {
        return;
    }
    correlator(out, tag, uid, None);
    updates(out, b" REMOVEFROM (", removed);
    updates(out, b" ADDTO (", added);
    out.extend_from_slice(b"\r\n");
}

/// `SP word SP "(" context-position SP sequence-set *(SP context-position SP sequence-set) ")"`
fn updates(out: &mut Vec<u8>, word: &[u8], updates: &[Placed]) {
    for (i, (place, numbers)) in updates.iter().enumerate() {
        if i == 0 {
            out.extend_from_slice(word);
        } else {
            out.push(b' ');
        }
        number(out, u64::from(*place));
        out.push(b' ');
        list(out, numbers);
    }
    if !updates.is_empty() {
        out.push(b')');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_5267() {
        let (search, sort) = (Tag::new(b"B01").unwrap(), Tag::new(b"C01").unwrap());
        let mut out = Vec::new();
        let mut write =
            |tag, removed: &[Placed], added: &[Placed]| context_update(&mut out, ContextUpdate { tag, uid: true, removed, added });
        write(&search, &[], &[(0, vec![32768, 32769])]);
        write(&search, &[(0, vec![32768])], &[]);
        write(&sort, &[], &[(1, vec![2733]), (1, vec![2732]), (1, vec![2731])]);
        write(&sort, &[], &[(1, vec![2731, 2732, 2733])]);
        write(&sort, &[(3, vec![7, 5])], &[(1, vec![9])]);
        write(&sort, &[], &[]);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "* ESEARCH (TAG \"B01\") UID ADDTO (0 32768:32769)\r\n",
                "* ESEARCH (TAG \"B01\") UID REMOVEFROM (0 32768)\r\n",
                "* ESEARCH (TAG \"C01\") UID ADDTO (1 2733 1 2732 1 2731)\r\n",
                "* ESEARCH (TAG \"C01\") UID ADDTO (1 2731:2733)\r\n",
                "* ESEARCH (TAG \"C01\") UID REMOVEFROM (3 7,5) ADDTO (1 9)\r\n",
            )
        );
    }
}
