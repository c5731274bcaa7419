//! What is written is read again, and what is joined or added later is what would have been made at once.

use std::collections::{BTreeMap, HashSet};

use postern_message::Summary;

use super::Segment;

fn add(segment: &mut Segment, n: u32) {
    if n.is_multiple_of(50) {
        return segment.add_opaque(n * 7);
    }
    let mail = format!("From: Ann{n} <ann@example.org>\r\nMessage-ID: <abc{n}def{n}ghi@x>\r\n\r\nNumber {n} of all, 東京.\r\n");
    segment.add(n * 7, &Summary::of(mail.as_bytes()).view(), b"Delivered-To: ann\r\n", mail.as_bytes());
}

#[test]
fn attachments_that_were_left_out_are_added() {
    let mail = |n: u32, name: &str| {
        let lines = format!("number {n} a{}b9f2c7d1", "東".repeat(n as usize % 3));
        format!("Content-Type: application/octet-stream; name={name}\r\nMessage-ID: <{n}@x>\r\n\r\n{lines}").into_bytes()
    };
    let (mut bare, mut whole) = (Segment::default(), Segment::default());
    for n in 1..=100u32 {
        let (without, with) = (mail(n, "a.bin"), mail(n, if n.is_multiple_of(2) { "a.txt" } else { "a.bin" }));
        // Their own names stand in their headers.
        let (without, with) =
            (["Subject: a.txt a.bin\r\n".as_bytes(), &without].concat(), ["Subject: a.txt a.bin\r\n".as_bytes(), &with].concat());
        bare.add(n * 3, &Summary::of(&without).view(), b"", &without);
        whole.add(n * 3, &Summary::of(&with).view(), b"", &with);
    }
    assert_ne!(bare.encode(), whole.encode());
    for n in [7, 2, 100, 100].into_iter().chain(1..=200) {
        let with = mail(n, "a.txt");
        if n.is_multiple_of(2) {
            bare.add_attached(n * 3, &Summary::of(&with).view(), &with);
        }
    }
    assert_eq!(bare.encode(), whole.encode());
}

#[test]
fn what_is_joined_is_what_would_be_made_of_the_living() {
    let (mut first, mut second, mut all) = (Segment::default(), Segment::default(), Segment::default());
    let lives = |n: u32| !n.is_multiple_of(3) && n != 150;
    for n in 1..=300 {
        add(if n <= 150 { &mut first } else { &mut second }, n);
        if lives(n) {
            add(&mut all, n);
        }
    }
    let living: HashSet<u32> = (1..=300).filter(|n| lives(*n)).map(|n| n * 7).collect();
    let mut joined = Segment::default();
    joined.append(first, &living);
    joined.append(second, &living);
    assert_eq!(joined.encode(), all.encode());
    let mut nothing = Segment::default();
    nothing.append(all, &HashSet::new());
    assert_eq!(Segment::decode(&nothing.encode().into_iter().collect()).unwrap().len(), 0);
}

#[test]
fn what_is_written_is_read() {
    let mut segment = Segment::default();
    (1..=300).for_each(|n| add(&mut segment, n));
    let parts: BTreeMap<i64, Vec<u8>> = segment.encode().into_iter().collect();
    let again = Segment::decode(&parts).unwrap();
    assert_eq!((&again.uids, &again.opaque, &again.words), (&segment.uids, &segment.opaque, &segment.words));
    assert_eq!((&again.fields, again.jumble == segment.jumble), (&segment.fields, true));
    assert_eq!(again.encode(), segment.encode());
    assert_eq!(segment.words["NUMBER"].len(), 294);
    for (number, part) in &parts {
        let cut = BTreeMap::from([(*number, part[..part.len() / 2].to_vec())]);
        assert!(Segment::decode(&cut).is_err());
    }
}
