//! Every command once or more, as bytes and as the value it becomes: `tests/commands.txt`, two lines a case.

use std::fmt::Write as _;

use postern_proto_imap::{
    parse,
    types::{Dialect, SequenceSet},
};
use proptest::prelude::*;

#[test]
fn commands_become_the_values_written_down() {
    let table = include_str!("commands.txt");
    let mut read = String::new();
    for wire in table.lines().filter_map(|line| line.strip_prefix("C: ")) {
        // A literal's octets stand behind the header, as in a frame.
        let frame = wire.replace("{8}", "{8}\r\nмать");
        match parse::command(frame.as_bytes(), Dialect::REV1) {
            Ok((tag, command)) => writeln!(read, "C: {wire}\n   {tag} {command:?}").unwrap(),
            Err(rejection) => writeln!(read, "C: {wire}\n   {:?} {:?}", rejection.tag, rejection.error).unwrap(),
        }
    }
    let differs = table.lines().zip(read.lines()).find(|(written, read)| written != read);
    assert_eq!(differs, None);
    assert_eq!(table.lines().count(), read.lines().count());
}

proptest! {
    #[test]
    fn nothing_makes_the_parser_panic(frame in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse::command(&frame, Dialect::REV1);
        let _ = parse::command(&[b"a FETCH 1 ".as_slice(), &frame].concat(), Dialect::REV2);
        let _ = parse::command(&[b"a SEARCH ".as_slice(), &frame].concat(), Dialect::REV2);
    }

    #[test]
    fn sequence_sets_come_back(set in "([1-9][0-9]{0,8}|\\*)(:([1-9][0-9]{0,8}|\\*))?(,([1-9][0-9]{0,8}|\\*)(:([1-9][0-9]{0,8}|\\*))?){0,5}|\\$") {
        let frame = format!("a UID EXPUNGE {set}");
        let (_, command) = parse::command(frame.as_bytes(), Dialect::REV1).unwrap();
        let postern_proto_imap::types::Command::Expunge(Some(read)) = command else { panic!("{command:?}") };
        let mut out = Vec::new();
        postern_proto_imap::encode::sequence_set(&mut out, &read);
        let again = parse::command(&[b"a UID EXPUNGE ", out.as_slice()].concat(), Dialect::REV1).unwrap().1;
        prop_assert_eq!(again, postern_proto_imap::types::Command::Expunge(Some(read.clone())));
        prop_assert_eq!(matches!(read, SequenceSet::Saved), set == "$");
    }

    #[test]
    fn mailbox_names_come_back(name in "[^\\p{C}/\u{2028}\u{2029}]{1,20}(/[^\\p{C}/\u{2028}\u{2029}]{1,20}){0,3}", utf8: bool) {
        let dialect = if utf8 { Dialect::REV2 } else { Dialect::REV1 };
        let name = postern_proto_imap::types::MailboxName::new(&name).unwrap();
        let mut frame = b"a DELETE ".to_vec();
        postern_proto_imap::encode::mailbox_name(&mut frame, &name, dialect);
        let (_, command) = parse::command(&frame, dialect).unwrap();
        prop_assert_eq!(command, postern_proto_imap::types::Command::Delete(name));
    }
}
