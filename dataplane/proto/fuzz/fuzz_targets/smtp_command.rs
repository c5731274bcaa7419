//! A command line: no panic, and what was read as an address can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::Address;
use postern_proto_smtp::{Command, ForwardPath};

fuzz_target!(|line: &[u8]| match Command::parse(line) {
    Ok(Command::Mail { sender: Some(address), .. } | Command::Rcpt { recipient: ForwardPath::Mailbox(address), .. }) => {
        assert_eq!(Address::parse(&address.to_string()).as_ref(), Ok(&address));
        assert!(!address.to_string().chars().any(char::is_control));
    }
    Ok(_) => {}
    Err(error) => assert!((500..600).contains(&error.reply().code)),
});
