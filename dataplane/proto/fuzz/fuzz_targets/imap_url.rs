//! Any text as a URL of a message: what is signed is what was written, up to the proof.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_proto_imap::url::{AuthorizedUrl, MessageUrl};

fuzz_target!(|text: &str| {
    let _ = MessageUrl::parse(text);
    let Ok(url) = AuthorizedUrl::parse(text) else { return };
    assert!(text.starts_with(&url.rump));
    // Without its proof it is the same URL.
    let bare = AuthorizedUrl::parse(&url.rump).unwrap();
    assert_eq!(AuthorizedUrl { verifier: None, ..url }, bare);
});
