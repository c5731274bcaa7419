//! Any octets as a search program: what can be read can be written and read again, and is no larger than is allowed.
#![no_main]

#[path = "../../imap/tests/search_program/mod.rs"]
mod search_program;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    search_program::check(octets);
});
