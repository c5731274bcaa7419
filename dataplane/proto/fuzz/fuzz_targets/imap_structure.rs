//! Any octets as a message: every part that its BODYSTRUCTURE speaks of can be fetched, and is what was told.
#![no_main]

#[path = "../../imap/tests/numbers/mod.rs"]
mod numbers;

libfuzzer_sys::fuzz_target!(|message: &[u8]| numbers::check(message));
