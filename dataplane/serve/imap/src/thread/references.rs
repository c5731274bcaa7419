//! REFERENCES (RFC 5256 §3), step by step as the RFC numbers them.
//!
//! Messages that others refer to and that are not there stand in as dummies while threads are made. Every step takes time
//! in proportion to messages and references (times the logarithm of sorting); threads may be as deep as there are messages,
//! so nothing recurses.

use std::collections::HashMap;

use postern_proto_imap::types::{Forest, ThreadNode};

use super::{Id, Mail};

/// Steps upwards that looking for loops may take for each link: only ids made to be slow need more, and get no link then.
const STEPS_A_LINK: usize = 64;

/// Threads of messages in the order of their sequence numbers.
pub(super) fn threads(mails: &[Mail]) -> Forest {
    let mut tree = Tree::new(mails);
    tree.link();
    let mut roots = tree.gather();
    // Step 4 sorts the roots by date before subjects are gathered: the first of equal ones is the oldest.
    tree.sort_all(&mut roots);
    tree.merge_subjects(&mut roots);
    tree.sort_all(&mut roots);
    let nodes = tree.nodes.into_iter().map(|node| ThreadNode { number: node.number, children: node.children });
    Forest { nodes: nodes.collect(), roots }
}

#[derive(Default)]
struct Node {
    /// `None` is a dummy.
    number: Option<u32>,
    parent: Option<usize>,
    children: Vec<usize>,
}

struct Tree<'m> {
    mails: &'m [Mail],
    /// A node for each mail, at its index; dummies follow.
    nodes: Vec<Node>,
    by_id: HashMap<Id, usize>,
    steps_left: usize,
}

impl<'m> Tree<'m> {
    fn new(mails: &'m [Mail]) -> Self {
        let nodes = mails.iter().map(|mail| Node { number: Some(mail.number), ..Node::default() }).collect();
        let mut by_id = HashMap::with_capacity(mails.len());
        for (at, mail) in mails.iter().enumerate() {
            // Of several messages with one id the first has it; the others are as if they had an id of their own.
            if let Some(id) = mail.id {
                by_id.entry(id).or_insert(at);
            }
        }
        Self { mails, nodes, by_id, steps_left: 0 }
    }

    /// Step 1: parents and children by reference.
    fn link(&mut self) {
        for (at, mail) in self.mails.iter().enumerate() {
            self.steps_left += STEPS_A_LINK * (mail.references.len() + 1);
            let mut before = None;
            for id in &mail.references {
                let this = match self.by_id.get(id) {
                    Some(known) => *known,
                    None => self.dummy(*id),
                };
                // 1.A: what has a parent keeps it.
                if let Some(parent) = before
                    && self.parent(this).is_none()
                {
                    self.put_under(parent, this);
                }
                before = Some(this);
            }
            // 1.B: a message's own references decide who its parent is.
            self.take_out(at);
            if let Some(parent) = before {
                self.put_under(parent, at);
            }
        }
        for child in 0..self.nodes.len() {
            if let Some(parent) = self.parent(child) {
                self.children_mut(parent).push(child);
            }
        }
    }

    /// Steps 2 and 3: who has no parent is a root; dummies go, and their children take their place.
    fn gather(&mut self) -> Vec<usize> {
        // Children before their parents, so that what takes a dummy's place is itself no dummy that goes.
        for at in self.leaves_first() {
            let children = std::mem::take(self.children_mut(at));
            let mut kept = Vec::with_capacity(children.len());
            for child in children {
                if self.is_dummy(child) {
                    let promoted = std::mem::take(self.children_mut(child));
                    kept.extend(promoted);
                } else {
                    kept.push(child);
                }
            }
            *self.children_mut(at) = kept;
        }
        let mut roots = Vec::new();
        for at in 0..self.nodes.len() {
            if self.parent(at).is_some() {
                continue;
            }
            match (self.is_dummy(at), self.children(at)) {
                (true, []) => {}
                // Only a single child is promoted to be a root; more stay together under their dummy.
                (true, [only]) => roots.push(*only),
                _ => roots.push(at),
            }
        }
        roots
    }

    /// Steps 4 and 6: siblings by date.
    fn sort_all(&mut self, roots: &mut [usize]) {
        let mut todo: Vec<usize> = roots.to_vec();
        while let Some(at) = todo.pop() {
            let mut children = std::mem::take(self.children_mut(at));
            // A dummy has no dummies below it, so its children's dates are their own.
            children.sort_by_key(|child| self.date(*child));
            todo.extend(&children);
            *self.children_mut(at) = children;
        }
        roots.sort_by_key(|root| self.date(*root));
    }

    /// Step 5: threads of one base subject become one.
    fn merge_subjects(&mut self, roots: &mut Vec<usize>) {
        let mut table: HashMap<&str, usize> = HashMap::with_capacity(roots.len());
        for &root in &*roots {
            let Some(mail) = self.speaker(root).filter(|mail| !mail.subject.is_empty()) else { continue };
            let entry = table.entry(&mail.subject).or_insert(root);
            // 5.B: a dummy, or a message that is no reply, is the better head of its thread.
            let better_head = self.is_dummy(root) || (self.is_reply(*entry) && !self.is_reply(root));
            if !self.is_dummy(*entry) && better_head {
                *entry = root;
            }
        }
        let mut merged = vec![false; self.nodes.len()];
        let mut added: Vec<(usize, usize)> = Vec::new();
        for &root in &*roots {
            let Some(subject) = self.speaker(root).map(|mail| &*mail.subject).filter(|subject| !subject.is_empty()) else { continue };
            let Some(head) = table.get_mut(subject).filter(|head| **head != root) else { continue };
            let at = *head;
            set(&mut merged, root);
            match (self.is_dummy(at), self.is_dummy(root)) {
                (true, true) => {
                    let children = std::mem::take(self.children_mut(root));
                    self.children_mut(at).extend(children);
                }
                (true, false) => self.children_mut(at).push(root),
                (false, _) if self.is_reply(root) && !self.is_reply(at) => self.children_mut(at).push(root),
                _ => {
                    // Neither answers the other: both go under a new dummy, which stands where the head stood.
                    let dummy = self.nodes.len();
                    self.nodes.push(Node { children: vec![at, root], ..Node::default() });
                    merged.push(false);
                    set(&mut merged, at);
                    added.push((at, dummy));
                    *head = dummy;
                }
            }
        }
        roots.retain(|root| !merged.get(*root).copied().unwrap_or(false));
        roots.extend(added.into_iter().map(|(_, dummy)| dummy));
    }

    fn dummy(&mut self, id: Id) -> usize {
        self.nodes.push(Node::default());
        self.by_id.insert(id, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// Makes a link, unless it would close a loop.
    fn put_under(&mut self, parent: usize, child: usize) {
        let mut above = Some(parent);
        while let Some(at) = above {
            if at == child || self.steps_left == 0 {
                return;
            }
            self.steps_left -= 1;
            above = self.parent(at);
        }
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent);
        }
    }

    fn take_out(&mut self, at: usize) {
        if let Some(node) = self.nodes.get_mut(at) {
            node.parent = None;
        }
    }

    /// All nodes, each behind what is below it.
    fn leaves_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.nodes.len()).filter(|at| self.parent(*at).is_none()).collect();
        let mut next = 0;
        while let Some(&at) = order.get(next) {
            order.extend(self.children(at));
            next += 1;
        }
        order.reverse();
        order
    }

    /// The message that speaks for a node: itself, or the first child of a dummy.
    fn speaker(&self, at: usize) -> Option<&'m Mail> {
        self.mails.get(self.speaker_at(at))
    }

    fn speaker_at(&self, at: usize) -> usize {
        if self.is_dummy(at) { self.children(at).first().copied().unwrap_or(at) } else { at }
    }

    /// By what siblings are sorted: dates that are equal leave the order of sequence numbers (RFC 5256 §2.2).
    fn date(&self, at: usize) -> (i64, usize) {
        let speaker = self.speaker_at(at);
        (self.mails.get(speaker).map_or(0, |mail| mail.sent), speaker)
    }

    fn is_reply(&self, at: usize) -> bool {
        self.mails.get(at).is_some_and(|mail| mail.is_reply)
    }

    fn is_dummy(&self, at: usize) -> bool {
        at >= self.mails.len()
    }

    fn parent(&self, at: usize) -> Option<usize> {
        self.nodes.get(at).and_then(|node| node.parent)
    }

    fn children(&self, at: usize) -> &[usize] {
        self.nodes.get(at).map(|node| &*node.children).unwrap_or_default()
    }

    fn children_mut(&mut self, at: usize) -> &mut Vec<usize> {
        // Every index comes from this list.
        &mut self.nodes[at].children
    }
}

fn set(flags: &mut [bool], at: usize) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = true;
    }
}
