//! Dialogues from the RFCs, played against the machine alone.
//!
//! `C:` is sent; `S:` must be answered; `E:` must be part of the next event; `A:` is what the caller
//! does about it (`accept`, `idle`, `tls`, `compressed`, `challenge TEXT`, or a reply such as `OK done`). Each file
//! is played line by line and byte by byte.

mod support;

use std::{fs, path::Path};

use postern_proto_imap::{server::Server, types::Reply};

#[test]
fn every_transcript_plays() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(text.starts_with("# RFC "), "{name}: the first line cites the RFC");
        for split in [usize::MAX, 1, 7] {
            play(&name, &text, split);
        }
        played += 1;
    }
    assert!(played >= 8, "transcripts are missing: {played}");
}

fn play(name: &str, text: &str, split: usize) {
    let mut server = support::server();
    for (number, line) in text.lines().enumerate() {
        let at = format!("{name}:{}", number + 1);
        let (kind, rest) = line.split_at(line.len().min(2));
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match kind {
            "C:" => format!("{rest}\r\n").as_bytes().chunks(split).for_each(|chunk| {
                server.input(chunk);
            }),
            "E:" => {
                let event = server.next();
                assert!(event.is_some() && format!("{event:?}").contains(rest), "{at}: {event:?}");
            }
            "A:" => act(&mut server, rest),
            "S:" => {
                let event = server.next();
                assert!(event.is_none(), "{at}: unexpected {event:?}");
                let output = server.output();
                let end = output.windows(2).position(|pair| pair == b"\r\n").unwrap_or(output.len());
                let answer: Vec<u8> = output.drain(..output.len().min(end + 2)).collect();
                let answer = String::from_utf8_lossy(&answer);
                let mut left = answer.as_ref();
                let mut pieces = format!("{rest}\r\n").split('…').map(str::to_owned).collect::<Vec<_>>();
                let last = pieces.pop().unwrap_or_default();
                for (i, piece) in pieces.iter().enumerate() {
                    let found = left.find(piece.as_str()).filter(|place| i > 0 || *place == 0);
                    assert!(found.is_some(), "{at}: {answer}");
                    left = &left[found.unwrap_or(0) + piece.len()..];
                }
                if pieces.is_empty() {
                    assert_eq!(left, last, "{at}");
                }
                assert!(left.ends_with(&last), "{at}: {answer}");
            }
            _ => assert!(line.is_empty() || line.starts_with('#'), "{at}: {line}"),
        }
    }
    assert_eq!(String::from_utf8_lossy(server.output()), "", "{name}: answered more than was expected");
    assert!(server.next().is_none(), "{name}: more events than were expected");
}

fn act(server: &mut Server, action: &str) {
    let (word, text) = action.split_once(' ').unwrap_or((action, ""));
    let text = text.to_owned();
    match word {
        "accept" => server.accept(),
        "idle" => server.idle(),
        "tls" => server.tls_started(true),
        "compressed" => server.compression_started(),
        "challenge" => server.challenge(text.as_bytes()),
        "greet" => server.greet("ready"),
        "OK" => server.complete(Reply::ok(text)),
        "NO" => server.complete(Reply::no(text)),
        other => assert_eq!(other, "an action", "no such action"),
    }
}
