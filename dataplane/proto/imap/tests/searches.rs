//! Search programs: whatever can be read can be written and read again (`search_program`, which is fuzzed too).

mod search_program;

use proptest::prelude::*;

/// Programs of all keys, right and nearly so, nested.
fn programs() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "ALL",
        "new",
        "UNSEEN",
        "FLAGGED",
        "KEYWORD $Junk",
        "UNKEYWORD x",
        "SINCE 1-Feb-1994",
        "SENTON \"29-Feb-2024\"",
        "SAVEDBEFORE 3-Mar-2026",
        "OLDER 5",
        "YOUNGER 0",
        "LARGER 0",
        "SMALLER 4294967296",
        "EMAILID M1",
        "THREADID T-2",
        "MODSEQ 7",
        "MODSEQ \"/flags/\\\\draft\" all 7",
        "FROM smith",
        "SUBJECT \"a \\\" b\"",
        "HEADER X-Spam \"\"",
        "BODY {3+}\r\na(b",
        "TEXT caf+AOk-",
        "1:3,5,*:9",
        "$",
        "UID 7:*",
        "UID $",
        "FILTER on-vacation",
        "FILTER a/b",
        "NOT",
        "SAVEDATESUPPORTED",
        "RECENT",
        "",
    ]);
    let nested = leaf.prop_map(str::to_owned).prop_recursive(40, 60, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|key| format!("NOT {key}")),
            inner.clone().prop_map(|key| format!("FUZZY {key}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("OR {a} {b}")),
            prop::collection::vec(inner, 1..4).prop_map(|keys| format!("({})", keys.join(" "))),
        ]
    });
    let charset = prop::sample::select(vec!["", "", "CHARSET UTF-8 ", "CHARSET utf-7 ", "CHARSET \"koi8-r\" ", "CHARSET X "]);
    (charset, prop::collection::vec(nested, 1..4)).prop_map(|(charset, keys)| format!("{charset}{}", keys.join(" ")))
}

proptest! {
    #[test]
    fn what_is_read_is_written_and_read_again(program in programs()) {
        search_program::check(program.as_bytes());
    }

    #[test]
    fn any_octets_are_a_program_or_are_not(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        search_program::check(&octets);
    }
}

#[test]
fn every_key_is_a_program() {
    let every = "ALL NEW (SEEN UNANSWERED) KEYWORD k BEFORE 1-Jan-2026 SENTSINCE 2-Jan-2026 SAVEDON 3-Jan-2026 OLDER 1 YOUNGER 1 LARGER 1 SMALLER 1 \
         EMAILID a THREADID b MODSEQ 1 FROM a TO b CC c BCC d SUBJECT e HEADER f g BODY h TEXT i 1 UID 2 NOT $ OR 1 2 FUZZY TEXT x FILTER y";
    assert!(search_program::check(every.as_bytes()));
}
