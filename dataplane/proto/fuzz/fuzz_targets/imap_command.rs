//! Any octets as one framed command, in every dialect; names and sets that were read come back as they were.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_proto_imap::{
    encode, parse,
    types::{Command, Dialect},
    utf7,
};

fuzz_target!(|data: &[u8]| {
    let resync = Dialect { condstore: true, qresync: true, ..Dialect::REV2 };
    for dialect in [Dialect::REV1, Dialect::REV2, resync] {
        match parse::command(data, dialect) {
            Ok((_, Command::Delete(name))) => {
                let mut wire = b"a DELETE ".to_vec();
                encode::mailbox_name(&mut wire, &name, dialect);
                assert!(matches!(parse::command(&wire, dialect), Ok((_, Command::Delete(again))) if again == name));
            }
            Ok((_, Command::Expunge(Some(set)))) => {
                let mut wire = b"a UID EXPUNGE ".to_vec();
                encode::sequence_set(&mut wire, &set);
                assert!(matches!(parse::command(&wire, dialect), Ok((_, Command::Expunge(Some(again)))) if again == set));
            }
            _ => {}
        }
    }
    if let Some(name) = utf7::decode(data) {
        let mut wire = Vec::new();
        utf7::encode(&name, &mut wire);
        assert_eq!(wire, data, "two spellings of one name");
    }
});
