//! The view against a naive model: a client that keeps its list of uids and does as the answers say.

use std::collections::BTreeMap;

use postern_proto_imap::{
    parse,
    types::{Dialect, SequenceNumber, SequenceRange, SequenceSet, UidSet},
    view::{Allow, NoSuchMessage, Snapshot, Update, View},
};
use proptest::prelude::*;

/// A mailbox: modseq by uid.
#[derive(Clone, Debug, Default)]
struct Mailbox {
    messages: BTreeMap<u32, u64>,
    next: u32,
    modseq: u64,
}

impl Snapshot for Mailbox {
    fn len(&self) -> usize {
        self.messages.len()
    }
    fn uid_at(&self, index: usize) -> Option<u32> {
        self.messages.keys().nth(index).copied()
    }
    fn position(&self, uid: u32) -> usize {
        self.messages.range(..uid).count()
    }
    fn modseq(&self) -> u64 {
        self.modseq
    }
    fn changed_since(&self, modseq: u64, visit: &mut dyn FnMut(usize, u32, u64)) {
        self.messages.iter().enumerate().filter(|(_, (_, at))| **at > modseq).for_each(|(i, (uid, at))| visit(i, *uid, *at));
    }
}

/// What happens to the mailbox, or what the client does.
#[derive(Clone, Debug)]
enum Step {
    Arrive(u32),
    Expunge(prop::sample::Index),
    Change(prop::sample::Index),
    ChangeSilently(prop::sample::Index),
    Tell(bool),
    Resolve(Vec<(u32, Option<u32>)>, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let set = prop::collection::vec((1u32..12, prop::option::of(0u32..12)), 1..4);
    prop::collection::vec(
        prop_oneof![
            (1u32..3).prop_map(Step::Arrive),
            any::<prop::sample::Index>().prop_map(Step::Expunge),
            any::<prop::sample::Index>().prop_map(Step::Change),
            any::<prop::sample::Index>().prop_map(Step::ChangeSilently),
            any::<bool>().prop_map(Step::Tell),
            (set, any::<bool>()).prop_map(|(set, uid)| Step::Resolve(set, uid)),
        ],
        0..60,
    )
}

/// `0` as the end of a range stands for `*`.
fn sequence_set(ranges: &[(u32, Option<u32>)]) -> SequenceSet {
    let number = |n| if n == 0 { SequenceNumber::Largest } else { SequenceNumber::Number(n) };
    SequenceSet::Ranges(ranges.iter().map(|&(a, b)| SequenceRange { start: number(a), end: number(b.unwrap_or(a)) }).collect())
}

/// The set by the client's own list: the uids named, and whether a number went beyond it.
fn named(client: &[u32], ranges: &[(u32, Option<u32>)], uid: bool) -> Result<Vec<u32>, NoSuchMessage> {
    let largest = if uid { client.last().copied().unwrap_or(0) } else { client.len() as u32 };
    let mut found = Vec::new();
    for &(a, b) in ranges {
        let b = match b.unwrap_or(a) {
            0 => largest,
            b => b,
        };
        let (low, high) = (a.min(b), a.max(b));
        if !uid && (low == 0 || high as usize > client.len()) {
            return Err(NoSuchMessage);
        }
        let keys = client.iter().enumerate().map(|(i, &u)| (if uid { u } else { i as u32 + 1 }, u));
        found.extend(keys.filter(|(key, _)| (low..=high).contains(key)).map(|(_, u)| u));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_client_that_believes_the_answers_knows_the_mailbox(start in 0u32..6, steps in steps()) {
        let mut mailbox = Mailbox { next: 1, modseq: 1, ..Mailbox::default() };
        for _ in 0..start {
            mailbox.messages.insert(mailbox.next, 1);
            mailbox.next += 1;
        }
        let mut view = View::new(&mailbox);
        let mut client: Vec<u32> = mailbox.messages.keys().copied().collect();
        // Uids whose change by others the client has yet to hear of.
        let mut unheard: Vec<u32> = Vec::new();
        for step in steps {
            match step {
                Step::Arrive(gap) => {
                    mailbox.next += gap;
                    mailbox.modseq += 1;
                    mailbox.messages.insert(mailbox.next, mailbox.modseq);
                }
                Step::Expunge(which) if !mailbox.is_empty() => {
                    let uid = mailbox.uid_at(which.index(mailbox.len())).unwrap();
                    let before = mailbox.clone();
                    mailbox.messages.remove(&uid);
                    mailbox.modseq += 1;
                    if uid % 2 == 0 { view.expunged([uid]) } else { view.moved(&before, &mailbox) }
                    unheard.retain(|&u| u != uid);
                }
                Step::Change(which) if !mailbox.is_empty() => {
                    let uid = mailbox.uid_at(which.index(mailbox.len())).unwrap();
                    mailbox.modseq += 1;
                    mailbox.messages.insert(uid, mailbox.modseq);
                    if client.contains(&uid) {
                        unheard.push(uid);
                    }
                }
                Step::ChangeSilently(which) if !mailbox.is_empty() => {
                    let uid = mailbox.uid_at(which.index(mailbox.len())).unwrap();
                    mailbox.modseq += 1;
                    mailbox.messages.insert(uid, mailbox.modseq);
                    view.silence([uid].into_iter().collect(), mailbox.modseq);
                    // Its answer to STORE shows nothing, and what others did before is overwritten in this model.
                    unheard.retain(|&u| u != uid);
                }
                Step::Tell(everything) => {
                    let behind = view.is_behind(&mailbox);
                    let updates = view.updates(&mailbox, if everything { Allow::Everything } else { Allow::NoExpunge });
                    prop_assert!(behind || updates.is_empty());
                    let mut heard = Vec::new();
                    for update in updates {
                        match update {
                            Update::Expunge { sequence, uid } => {
                                prop_assert!(everything);
                                prop_assert_eq!(client.remove(sequence as usize - 1), uid);
                            }
                            Update::Exists(count) => {
                                let fresh = mailbox.messages.keys().copied().filter(|uid| client.last().is_none_or(|last| uid > last));
                                client.extend(fresh.collect::<Vec<_>>());
                                prop_assert_eq!(client.len(), count as usize);
                            }
                            Update::Flags { sequence, uid, index } => {
                                prop_assert_eq!(client[sequence as usize - 1], uid);
                                prop_assert_eq!(mailbox.uid_at(index), Some(uid));
                                heard.push(uid);
                            }
                        }
                    }
                    heard.sort_unstable();
                    unheard.sort_unstable();
                    unheard.dedup();
                    prop_assert_eq!(&heard, &unheard);
                    unheard.clear();
                    if everything {
                        prop_assert_eq!(&client, &mailbox.messages.keys().copied().collect::<Vec<_>>());
                        prop_assert!(!view.is_behind(&mailbox));
                    }
                }
                Step::Resolve(ranges, uid) => {
                    let model = named(&client, &ranges, uid);
                    match view.resolve(&mailbox, &sequence_set(&ranges), uid) {
                        Err(error) => prop_assert_eq!(Err(error), model),
                        Ok(targets) => {
                            let found: Vec<u32> = targets.indexes.iter().flat_map(Clone::clone).map(|i| mailbox.uid_at(i).unwrap()).collect();
                            let model = model.unwrap();
                            let there: Vec<u32> = model.iter().copied().filter(|uid| mailbox.messages.contains_key(uid)).collect();
                            prop_assert_eq!(targets.len(), there.len());
                            prop_assert_eq!(found, there.clone());
                            if !uid {
                                prop_assert_eq!(targets.gone, there.len() < model.len());
                            }
                        }
                    }
                }
                _ => {}
            }
            prop_assert_eq!(view.count(&mailbox) as usize, client.len());
            for (i, &uid) in client.iter().enumerate() {
                let there = mailbox.messages.contains_key(&uid).then_some(i as u32 + 1);
                prop_assert_eq!(view.sequence_of(&mailbox, uid), there);
            }
        }
    }
}

#[test]
fn a_saved_result_loses_what_is_expunged() {
    let mut mailbox = Mailbox { messages: (1..=5).map(|uid| (uid, 1)).collect(), next: 6, modseq: 1 };
    let mut view = View::new(&mailbox);
    view.save([2, 3, 4].into_iter().collect::<UidSet>());
    mailbox.messages.remove(&3);
    view.expunged([3]);
    let targets = view.resolve(&mailbox, &SequenceSet::Saved, false).unwrap();
    assert_eq!(targets.indexes.iter().flat_map(Clone::clone).collect::<Vec<_>>(), [1, 2]);
    assert!(!targets.gone, "RFC 9051 §6.4.4.1: a message expunged leaves the saved result silently");
}

#[test]
fn expunges_wait_for_commands_that_count() {
    for (command, allow) in [
        ("FETCH 1 FLAGS", Allow::NoExpunge),
        ("STORE 1 FLAGS ()", Allow::NoExpunge),
        ("SEARCH SEEN", Allow::NoExpunge),
        ("UID SEARCH OR 1:3 SEEN", Allow::NoExpunge),
        ("UID SEARCH SEEN", Allow::Everything),
        ("UID FETCH 1 FLAGS", Allow::Everything),
        ("UID STORE 1 FLAGS ()", Allow::Everything),
        ("NOOP", Allow::Everything),
        ("COPY 1 x", Allow::Everything),
    ] {
        let (_, read) = parse::command(format!("a {command}").as_bytes(), Dialect::REV1).unwrap();
        assert_eq!(Allow::during(&read), allow, "RFC 9051 §7.5.1: {command}");
    }
}
