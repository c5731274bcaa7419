//! ORDEREDSUBJECT, "poor man's threading" (RFC 5256 §3): one thread for each base subject.

use postern_proto_imap::types::{Forest, ThreadNode};

use super::Mail;

/// The first message of a subject is the parent of all others of it; threads come in the order in which they began.
pub(super) fn threads(mails: &[Mail]) -> Forest {
    let mut order: Vec<usize> = (0..mails.len()).collect();
    // Stable: by base subject, then by sent date, then by sequence number.
    order.sort_by_key(|at| mails.get(*at).map(|mail| (&mail.subject, mail.sent)));
    let nodes = mails.iter().map(|mail| ThreadNode { number: Some(mail.number), children: Vec::new() }).collect();
    let mut forest = Forest { nodes, roots: Vec::new() };
    let subject = |at: usize| mails.get(at).map(|mail| &mail.subject);
    for at in order {
        match forest.roots.last().copied().filter(|root| subject(*root) == subject(at)) {
            Some(root) => forest.nodes.get_mut(root).into_iter().for_each(|node| node.children.push(at)),
            None => forest.roots.push(at),
        }
    }
    forest.roots.sort_by_key(|root| mails.get(*root).map(|mail| (mail.sent, *root)));
    forest
}
