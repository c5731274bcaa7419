//! Threads as the RFC draws them, and of any references whatever.

use std::time::Instant;

use postern_proto_imap::encode;
use proptest::prelude::*;

use super::*;

/// `number`, minutes when sent, subject, id, references.
fn mail(number: u32, sent: i64, subject: &str, id: Id, references: &[Id]) -> Mail {
    let base = BaseSubject::of(subject.as_bytes());
    Mail { number, sent, subject: base.text.into(), is_reply: base.is_reply, id: (id > 0).then_some(id), references: references.into() }
}

fn written(forest: &Forest) -> String {
    let mut out = Vec::new();
    encode::thread(&mut out, forest);
    String::from_utf8(out).unwrap().trim_start_matches("* THREAD").trim().to_owned()
}

#[test]
fn ordered_subject_makes_a_thread_of_each_subject() {
    let mails = [
        mail(1, 5, "Tea", 0, &[]),
        mail(2, 1, "Cake", 0, &[]),
        mail(3, 9, "Re: Tea", 0, &[]),
        mail(4, 7, "Fwd: Tea", 0, &[]),
        mail(5, 3, "Re: Cake", 0, &[]),
        mail(6, 3, "Milk", 0, &[]),
    ];
    assert_eq!(written(&ordered_subject::threads(&mails)), "(2 5)(6)(1 (4)(3))");
}

#[test]
fn references_makes_trees() {
    for (mails, expected) in [
        (vec![mail(1, 1, "a", 1, &[]), mail(2, 2, "b", 2, &[1]), mail(3, 3, "c", 3, &[1, 2])], "(1 2 3)"),
        (vec![mail(1, 1, "a", 1, &[]), mail(2, 3, "b", 2, &[1]), mail(3, 2, "c", 3, &[1])], "(1 (3)(2))"),
        // The parent is not there: several stay together under nothing, a single one stands alone.
        (vec![mail(1, 1, "a", 1, &[9]), mail(2, 2, "b", 2, &[9])], "((1)(2))"),
        (vec![mail(1, 1, "a", 1, &[9])], "(1)"),
        (vec![mail(1, 1, "a", 1, &[]), mail(2, 2, "b", 2, &[1, 8]), mail(3, 3, "c", 3, &[1, 8])], "(1 (2)(3))"),
        // A loop gets no link.
        (vec![mail(1, 1, "a", 1, &[2]), mail(2, 2, "b", 2, &[1])], "(2 1)"),
        (vec![mail(1, 1, "a", 1, &[1])], "(1)"),
        // Two of one id are two.
        (vec![mail(1, 1, "a", 1, &[]), mail(2, 2, "b", 1, &[]), mail(3, 3, "c", 3, &[1])], "(1 3)(2)"),
        // Step 5: subjects bring threads together.
        (vec![mail(1, 1, "a", 1, &[]), mail(2, 2, "Re: a", 2, &[])], "(1 2)"),
        (vec![mail(1, 1, "Re: a", 1, &[]), mail(2, 2, "a", 2, &[])], "(2 1)"),
        (vec![mail(1, 1, "a", 1, &[]), mail(2, 2, "a", 2, &[]), mail(3, 3, "Re: a", 3, &[])], "((1)(2)(3))"),
        (vec![mail(1, 1, "a", 1, &[9]), mail(2, 2, "x", 2, &[9]), mail(3, 3, "Re: a", 3, &[])], "((1)(2)(3))"),
        (vec![mail(1, 1, "", 1, &[]), mail(2, 2, "", 2, &[])], "(1)(2)"),
        // Sorted by the first that is there.
        (vec![mail(1, 9, "a", 1, &[7]), mail(2, 2, "b", 2, &[7]), mail(3, 5, "c", 3, &[])], "((2)(1))(3)"),
    ] {
        assert_eq!(written(&references::threads(&mails)), expected, "{mails:?}");
    }
}

#[test]
fn references_made_to_be_slow_are_not() {
    const COUNT: u64 = 30_000;
    // A chain as deep as there are messages, and then messages that are parents already and hang themselves at its end.
    let chain = (1..=COUNT).map(|n| mail(n as u32, 0, "", n, &[n - 1]));
    let hangers = (1..=COUNT).map(|n| mail((COUNT + n) as u32, 0, "", COUNT + n, &[2 * COUNT + n, COUNT, COUNT + n + 1]));
    let mails: Vec<Mail> = chain.chain(hangers).collect();
    let begun = Instant::now();
    assert_eq!(count(&references::threads(&mails)), mails.len());
    println!("{} ms", begun.elapsed().as_millis());
}

/// Messages in a forest, each counted as often as it is reached.
fn count(forest: &Forest) -> usize {
    let (mut todo, mut count) = (forest.roots.clone(), 0);
    while let Some(at) = todo.pop() {
        count += usize::from(forest.nodes[at].number.is_some());
        assert!(count <= forest.nodes.len(), "a loop");
        todo.extend(&forest.nodes[at].children);
    }
    count
}

proptest! {
    #[test]
    fn every_message_is_in_one_thread(
        mails in prop::collection::vec((0i64..5, 0usize..6, 0u64..12, prop::collection::vec(1u64..14, 0..5)), 0..14)
    ) {
        let subjects = ["", "a", "Re: a", "b", "Re: b", "[fwd: b]"];
        let mails: Vec<Mail> =
            (1..).zip(&mails).map(|(n, (sent, subject, id, references))| mail(n, *sent, subjects[*subject], *id, references)).collect();
        for forest in [references::threads(&mails), ordered_subject::threads(&mails)] {
            let mut numbers: Vec<u32> = written(&forest).split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (1..=mails.len() as u32).collect::<Vec<_>>());
            prop_assert_eq!(count(&forest), mails.len());
        }
    }
}
