//! SORT and THREAD (RFC 5256 §4).

use super::{search::numbered, text::number};
use crate::types::Forest;

/// `"*" SP "SORT" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"] CRLF` (RFC 7162 §7)
pub fn sort(out: &mut Vec<u8>, sorted: &[u32], modseq: Option<u64>) {
    numbered(out, b"* SORT", sorted, modseq);
}

/// `"*" SP "THREAD" [SP 1*thread-list] CRLF`
pub fn thread(out: &mut Vec<u8>, forest: &Forest) {
    out.extend_from_slice(b"* THREAD");
    if !forest.roots.is_empty() {
        out.push(b' ');
    }
    // Threads may be as deep as there are messages: no recursion.
    let mut todo: Vec<Todo> = forest.roots.iter().rev().map(|root| Todo::Open(*root)).collect();
    while let Some(next) = todo.pop() {
        match next {
            Todo::Open(node) => {
                out.push(b'(');
                todo.push(Todo::Close);
                members(out, forest, node, &mut todo);
            }
            Todo::Close => out.push(b')'),
        }
    }
    out.extend_from_slice(b"\r\n");
}

enum Todo {
    Open(usize),
    Close,
}

/// `thread-members / thread-nested`, where `thread-members = nz-number *(SP nz-number) [SP thread-nested]` and
/// `thread-nested = 2*thread-list`: one child follows its parent, several have a list each.
fn members(out: &mut Vec<u8>, forest: &Forest, mut at: usize, todo: &mut Vec<Todo>) {
    let mut first = true;
    while let Some(node) = forest.nodes.get(at) {
        if let Some(n) = node.number {
            if !first {
                out.push(b' ');
            }
            number(out, u64::from(n));
            first = false;
        }
        if let [only] = node.children[..] {
            at = only;
            continue;
        }
        if !first && !node.children.is_empty() {
            out.push(b' ');
        }
        todo.extend(node.children.iter().rev().map(|child| Todo::Open(*child)));
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ThreadNode;

    fn node(number: u32, children: &[usize]) -> ThreadNode {
        ThreadNode { number: (number > 0).then_some(number), children: children.to_vec() }
    }

    fn written(nodes: Vec<ThreadNode>, roots: &[usize]) -> String {
        let mut out = Vec::new();
        thread(&mut out, &Forest { nodes, roots: roots.to_vec() });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_examples_of_rfc_5256() {
        let nodes =
            vec![node(2, &[]), node(3, &[2]), node(6, &[3, 5]), node(4, &[4]), node(23, &[]), node(44, &[6]), node(7, &[7]), node(96, &[])];
        assert_eq!(written(nodes, &[0, 1]), "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n");
        assert_eq!(written(vec![node(0, &[1, 2]), node(3, &[]), node(5, &[])], &[0]), "* THREAD ((3)(5))\r\n");
        assert_eq!(written(Vec::new(), &[]), "* THREAD\r\n");
        let mut out = Vec::new();
        sort(&mut out, &[2, 84, 882], None);
        sort(&mut out, &[5], Some(917_162_500));
        sort(&mut out, &[], None);
        assert_eq!(String::from_utf8(out).unwrap(), "* SORT 2 84 882\r\n* SORT 5 (MODSEQ 917162500)\r\n* SORT\r\n");
    }

    #[test]
    fn a_thread_may_be_as_deep_as_there_are_messages() {
        let nodes: Vec<ThreadNode> = (0..200_000u32).map(|n| node(n + 1, &[n as usize * 2 + 1, n as usize * 2 + 2])).collect();
        assert!(written(nodes, &[0]).ends_with(")\r\n"));
        let chain: Vec<ThreadNode> = (1..=200_000).map(|n| node(n, &[n as usize])).collect();
        assert!(written(chain, &[0]).ends_with(" 200000)\r\n"));
    }
}
