//! The table of standards says what the sources do: whatever a line cites is in it, and what it
//! calls done has a test that exists.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Folders with sources of ours.
const ROOMS: [&str; 4] = ["crds", "dataplane", "operator", "tests"];

struct Line {
    state: String,
    crates: String,
    tests: Vec<String>,
}

#[test]
fn every_cited_rfc_is_listed() {
    let listed = table();
    let mut missing: BTreeMap<u32, PathBuf> = BTreeMap::new();
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        for rfc in cited(&text).into_iter().filter(|rfc| !listed.contains_key(rfc)) {
            missing.entry(rfc).or_insert_with(|| file.clone());
        }
    }
    assert!(missing.is_empty(), "cited and not in dataplane/STANDARDS.md: {missing:#?}");
}

#[test]
fn what_is_called_done_has_a_crate_and_a_test_that_exist() {
    for (rfc, line) in table() {
        match line.state.as_str() {
            "Yes" | "Partial" => {
                assert!(!line.crates.is_empty(), "RFC {rfc}: which crate?");
                assert!(line.state == "Partial" || !line.tests.is_empty(), "RFC {rfc}: which test?");
            }
            "No" => assert!(line.tests.is_empty(), "RFC {rfc}: tested and not done?"),
            other => panic!("RFC {rfc}: `{other}` is none of Yes, Partial, No"),
        }
        for test in &line.tests {
            assert!(root().join(test).exists(), "RFC {rfc}: {test} does not exist");
        }
    }
}

/// Lines `| 5321 | title | Yes | crate | `path`, `path` |`; further words in a cell are remarks.
fn table() -> BTreeMap<u32, Line> {
    let text = fs::read_to_string(root().join("dataplane/STANDARDS.md")).unwrap();
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [rfc, _title, state, crates, tests] = cells.as_slice() else { continue };
        let Ok(rfc) = rfc.parse::<u32>() else { continue };
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let line = Line { state: (*state).to_owned(), crates: (*crates).to_owned(), tests };
        assert!(lines.insert(rfc, line).is_none(), "RFC {rfc} is listed twice");
    }
    assert!(lines.len() > 50, "the table is not where it was");
    lines
}

/// Numbers that stand behind `RFC `.
fn cited(text: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for (at, marker) in text.match_indices("RFC ") {
        let rest = &text[at + marker.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        found.extend(rest[..digits].parse::<u32>());
    }
    found
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = ROOMS.iter().map(|room| root().join(room)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 100, "the sources are not where they were");
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
