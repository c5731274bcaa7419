//! The text index: what it answers is what a look at every message answers.

use postern_core::AccountId;
use postern_serve_imap::Config;
use postern_tests::{
    TestDatabase,
    archive::{How, docx, zip},
};

use crate::{client::Client, room::Room};

postern_tests::suite!(
    answers_are_the_same_with_and_without_an_index,
    the_index_follows_the_mail,
    a_long_search_has_its_folder_indexed,
    what_is_attached_is_found,
);

async fn found(client: &mut Client, program: &str) -> String {
    let literal = program
        .rsplit_once('\u{1}')
        .map_or_else(|| program.to_owned(), |(key, needle)| format!("CHARSET UTF-8 {key}{{{}+}}\r\n{needle}", needle.len()));
    client.ok(&format!("SEARCH {literal}")).await.pop().unwrap()
}

/// A message with words of its own and this file attached.
fn attached(name: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "Subject: see there\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nAs we said.\r\n--b\r\n\
         Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: binary\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--b--\r\n"].concat()
}

/// Mail of many kinds, the same every time.
struct Mails(u64);

impl Mails {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }

    fn one<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }

    fn words(&mut self, count: usize) -> String {
        const WORDS: [&str; 14] = [
            "station",
            "nation",
            "report",
            "Straße",
            "ÉTÉ",
            "x9Q2b7c1D4",
            "東京都",
            "水",
            "2026-11",
            "a",
            "Re:",
            "über-",
            "ﬁnal",
            "dkimAbC9123456789012345",
        ];
        (0..count).map(|_| self.one(&WORDS)).collect::<Vec<_>>().join(self.one(&[" ", "\r\n ", "."]))
    }

    fn next(&mut self) -> Vec<u8> {
        let (subject, name, body) = (self.words(3), self.words(1), self.words(12));
        let id = self.0;
        match self.below(8) {
            6 => attached("report.docx", &docx(&body.replace('&', ""))),
            7 => attached("nation.rtf", format!("{{\\rtf1\\ansicpg65001 {body}}}").as_bytes()),
            0 => format!("Subject: {subject}\r\nFrom: {name} <bob@example.org>\r\nMessage-ID: <{id}@x>\r\n\r\n{body}\r\n").into_bytes(),
            1 => {
                // Latin-1 that says so, with what cannot be in it dropped.
                let mut mail = b"Subject: =?iso-8859-1?q?Stra=DFe?=\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n".to_vec();
                mail.extend(body.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()));
                mail
            }
            2 => format!(
                "To: \"{name}\\, {name}\" <a@b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>{body}</p>\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner {subject}\r\n\r\n{name}\r\n"
            )
            .into_bytes(),
            // No header's end, eight bits everywhere, NULs.
            3 => [b"Subject: \xff\xfe ".as_slice(), body.as_bytes(), b"\0\0", name.as_bytes()].concat(),
            4 => format!("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nrep=\r\nort na=74ion {name}").into_bytes(),
            _ => body.into_bytes(),
        }
    }

    fn program(&mut self) -> String {
        const NEEDLES: [&str; 22] = [
            "station",
            "ation",
            "TION",
            "Nation.",
            "straße",
            "STRASSE",
            "été",
            "9q2",
            "x9Q2b7c1D4",
            "東京",
            "京",
            "水",
            "06-1",
            "e:",
            "-",
            "final",
            "c91234567890123",
            "report na",
            "inner",
            "bob@",
            "\u{fffd}",
            "ü",
        ];
        let key = self.one(&["BODY", "TEXT", "SUBJECT", "FROM", "TO", "HEADER Message-ID", "HEADER X-None", "NOT BODY", "1:50 TEXT"]);
        format!("{key} \u{1}{}", self.one(&NEEDLES))
    }
}

async fn answers_are_the_same_with_and_without_an_index(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut mails = Mails(0x00c0_ffee);
    for _ in 0..150 {
        room.deliver(&mails.next()).await;
    }
    let mut alice = room.inbox("alice").await;
    let programs: Vec<String> = (0..120).map(|_| mails.program()).collect();
    let mut before = Vec::new();
    for program in &programs {
        before.push(found(&mut alice, program).await);
    }
    assert!(before.iter().filter(|answer| answer.len() > 10).count() > 30, "{before:?}");
    assert_eq!(room.store.boxes.index_now(AccountId(1), false).await.unwrap(), 150);
    for (program, before) in programs.iter().zip(before) {
        assert_eq!(found(&mut alice, program).await, before, "{program:?}");
    }
}

async fn what_is_attached_is_found(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    for n in 1..=80 {
        room.deliver(format!("Subject: number {n}\r\n\r\nNothing is attached.\r\n").as_bytes()).await;
    }
    let sheet = zip(
        How::Streamed,
        &[
            ("xl/sharedStrings.xml", b"<sst><si><t>Rent for M\xc3\xa4rz</t></si></sst>".as_slice()),
            ("xl/worksheets/sheet1.xml", b"<worksheet><c t=\"s\"><v>0</v></c><c><v>1450.75</v></c></worksheet>"),
        ],
    );
    for (name, file) in [
        ("Plan.docx", docx("The quarterly figures\nare attached")),
        ("rent.xlsx", sheet),
        ("broken.docx", docx("The quarterly plan")[..300].to_vec()),
        ("letter.rtf", br"{\rtf1 Dear {\b quart}erly fr\'e9res}".to_vec()),
        ("quarterly.pdf", b"%PDF-1.7 (figures)".to_vec()),
    ] {
        room.deliver(&attached(name, &file)).await;
    }
    let mut alice = room.inbox("alice").await;
    // Without an index, with one, with one of an older version, and when that was completed.
    for round in 0..4 {
        if round == 2 {
            assert!(older_index(&room).await.unwrap() > 0);
        } else if round > 0 {
            assert_eq!(room.store.boxes.index_now(AccountId(1), false).await.unwrap(), 85);
        }
        for (program, answer) in [
            ("BODY quarterly", "* SEARCH 81 84"),
            ("BODY \"UARTERLY FIG\"", "* SEARCH 81"),
            ("TEXT \u{1}rent for märz", "* SEARCH 82"),
            ("BODY 1450.75", "* SEARCH 82"),
            ("TEXT \u{1}FRÈRES", "* SEARCH"),
            ("TEXT \u{1}FRÉRES", "* SEARCH 84"),
            ("OR (BODY figures NOT BODY attached) BODY rent", "* SEARCH 82"),
            ("NOT BODY attached NOT BODY quarterly", "* SEARCH 82 83 85"),
            ("SUBJECT quarterly", "* SEARCH"),
            ("BODY w:t", "* SEARCH"),
        ] {
            assert_eq!(found(&mut alice, program).await, answer, "{program:?} {round}");
        }
    }
    assert_eq!(room.store.boxes.index_now(AccountId(1), false).await.unwrap(), 0);
}

/// As if a version had written it that did not look into attachments.
async fn older_index(room: &Room) -> postern_store::Result<u64> {
    postern_store::transaction!(room.store.db, |tx| { tx.execute("UPDATE text_segment SET attachments_uid = 0", &[]).await })
}

#[tokio::test]
async fn segments_of_what_is_gone_are_written_anew() {
    let room = Room::open().await;
    room.deliver_all(&(1..=33).map(|n| format!("number {n:02}")).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut alice = room.inbox("alice").await;
    for _ in 0..6 {
        alice.ok("COPY 1:* INBOX").await;
    }
    let boxes = &room.store.boxes;
    assert_eq!(boxes.index_now(AccountId(1), false).await.unwrap(), 33 * 64);
    let segments = async || {
        let rows = room.store.db.rows("SELECT segment, last_uid FROM text_segment WHERE part = 0 ORDER BY last_uid", &[]).await.unwrap();
        rows.iter().map(|row| row.int(1).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(segments().await, [2_048, 2_112]);
    alice.ok("STORE 34:2000 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    boxes.index_now(AccountId(1), false).await.unwrap();
    assert_eq!(segments().await, [2_112], "one, and the watermark where it was");
    // What is left is found, by the index and behind it; and the index goes on.
    let left: usize = 145;
    assert_eq!(found(&mut alice, "BODY \"about number\"").await.split(' ').count(), 2 + left);
    assert_eq!(
        found(&mut alice, "SUBJECT \"number 07\"").await.split(' ').count(),
        2 + 1 + (2_001..=2_112).filter(|n| n % 33 == 7).count()
    );
    room.deliver_all(&["number 07"]).await;
    alice.ok("NOOP").await;
    boxes.index_now(AccountId(1), false).await.unwrap();
    assert_eq!(segments().await, [2_113]);
    assert_eq!(found(&mut alice, "UID 2113 TEXT \"umber 07\"").await, "* SEARCH 146");
}

async fn a_long_search_has_its_folder_indexed(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut asked = room.store.hints.index.subscribe();
    let subjects: Vec<String> = (1..=32).map(|n| format!("message {n:02}")).collect();
    room.deliver_all(&subjects.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut alice = room.inbox("alice").await;
    for _ in 0..3 {
        alice.ok("COPY 1:* INBOX").await;
    }
    let before = found(&mut alice, "BODY \"message 07\"").await;
    assert!(asked.try_recv().is_err(), "so few are looked through in no time");
    room.deliver_all(&["one more"]).await;
    alice.ok("NOOP").await;
    found(&mut alice, "UNSEEN").await;
    assert!(asked.try_recv().is_err(), "what needs no index asks for none");
    assert_eq!(found(&mut alice, "BODY \"message 07\"").await, before);
    let folders = room.store.boxes.folders(AccountId(1)).await.unwrap();
    let (behind, inbox) = (asked.try_recv().unwrap(), folders.iter().find(|folder| folder.messages > 0).unwrap());
    assert_eq!((behind.account, behind.folder), (AccountId(1), inbox.id));
    room.store.boxes.index_now(AccountId(1), false).await.unwrap();
    assert_eq!(found(&mut alice, "BODY \"message 07\"").await, before);
    assert!(asked.try_recv().is_err(), "there is nothing behind the watermark");
}

async fn the_index_follows_the_mail(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    let mut alice = room.inbox("alice").await;
    let subjects: Vec<String> = (1..=100).map(|n| format!("message {n:03}")).collect();
    room.deliver_all(&subjects.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let boxes = &room.store.boxes;
    assert_eq!(boxes.index_now(AccountId(1), false).await.unwrap(), 100);
    alice.ok("NOOP").await;
    // What came since is found too, and what is gone is not; a second look has nothing to do.
    room.deliver_all(&["message 042 again", "other"]).await;
    alice.ok("STORE 42 +FLAGS.SILENT (\\Deleted)").await;
    alice.ok("EXPUNGE").await;
    for _ in 0..3 {
        assert_eq!(found(&mut alice, "BODY 042").await, "* SEARCH 100");
        assert_eq!(found(&mut alice, "SUBJECT 042").await, "* SEARCH 100");
        assert_eq!(found(&mut alice, "TEXT \"message 007\"").await, "* SEARCH 7");
        boxes.index_now(AccountId(1), false).await.unwrap();
    }
    assert_eq!(boxes.index_now(AccountId(1), false).await.unwrap(), 0);
    // Moved mail has new UIDs in its new folder and is found there; the folder's index goes with the folder.
    alice.ok("CREATE Old").await;
    alice.ok("MOVE 1:90 Old").await;
    boxes.index_now(AccountId(1), true).await.unwrap();
    alice.ok("SELECT Old").await;
    assert_eq!(found(&mut alice, "BODY \"about message 0\"").await.split(' ').count(), 2 + 90);
    alice.ok("CLOSE").await;
    alice.ok("DELETE Old").await;
    let rows = room.store.db.rows("SELECT DISTINCT folder FROM text_segment", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
}
