//! Random commands by three sessions on one folder, each with a client's model of what it was told.
//!
//! Whatever the others do, every number that a session is told must fit what it was told before:
//! EXPUNGE names a message that is there and comes only when it may, EXISTS never shrinks the mailbox,
//! FETCH never speaks of a message that the client cannot know, and a UID never moves to another number.
//! In the end all agree.

use postern_serve_imap::Config;
use postern_tests::TestDatabase;

use crate::{client::Client, room::Room};

postern_tests::suite!(every_answer_fits_what_was_told_before);

const STEPS: usize = 400;

/// A client that believes what it is told and nothing else.
struct Model {
    client: Client,
    /// By sequence number: the UID, once told, and the flags.
    messages: Vec<(Option<u32>, Option<String>)>,
}

impl Model {
    async fn open(room: &Room) -> Self {
        let mut client = room.login("alice").await;
        let told = client.ok("SELECT INBOX").await;
        let exists = told.iter().find_map(|line| line.strip_suffix(" EXISTS")).unwrap()[2..].parse().unwrap();
        Self { client, messages: vec![(None, None); exists] }
    }

    /// Runs a command and checks each answer; `counts` says that it names sequence numbers.
    async fn run(&mut self, command: &str) {
        let counts = ["FETCH", "STORE", "SEARCH"].iter().any(|word| command.starts_with(word));
        if command.contains(".SILENT") {
            // What it changes itself in silence it does not know, for others may have changed it before.
            self.messages.iter_mut().for_each(|(_, flags)| *flags = None);
        }
        let mut answers = self.client.command(command).await;
        let status = answers.pop().unwrap();
        let gone = ["NO [EXPUNGEISSUED]", "NO [BADURL "].iter().any(|code| status.starts_with(code));
        assert!(status.starts_with("OK") || gone, "{command}: {status}");
        for answer in answers {
            self.hear(&answer, counts, command);
        }
    }

    fn hear(&mut self, answer: &str, counts: bool, command: &str) {
        let words: Vec<&str> = answer.splitn(4, ' ').collect();
        match words[..] {
            ["*", number, "EXPUNGE"] => {
                assert!(!counts, "EXPUNGE during {command}");
                let number: usize = number.parse().unwrap();
                assert!((1..=self.messages.len()).contains(&number), "{answer} of {} during {command}", self.messages.len());
                self.messages.remove(number - 1);
            }
            ["*", count, "EXISTS"] => {
                let count: usize = count.parse().unwrap();
                assert!(count > self.messages.len(), "{answer} after {} during {command}", self.messages.len());
                self.messages.resize(count, (None, None));
            }
            ["*", number, "FETCH", items] => {
                let number: usize = number.parse().unwrap();
                assert!((1..=self.messages.len()).contains(&number), "{answer} of {} during {command}", self.messages.len());
                let (uid, flags) = &mut self.messages[number - 1];
                if let Some(told) = items.split("UID ").nth(1) {
                    let told: u32 = told.split([' ', ')']).next().unwrap().parse().unwrap();
                    assert_eq!(*uid.get_or_insert(told), told, "{answer} during {command}");
                }
                if let Some(told) = items.split("FLAGS (").nth(1) {
                    *flags = Some(told.split(')').next().unwrap().to_owned());
                }
            }
            ["*", "SEARCH", ..] | ["*", "FLAGS", ..] | ["*", "OK", ..] => {
                if words[1] == "SEARCH" && counts {
                    let numbers = answer.split(' ').skip(2).map(|n| n.parse::<usize>().unwrap());
                    assert!(numbers.into_iter().all(|n| n <= self.messages.len()), "{answer} of {}", self.messages.len());
                }
            }
            _ => panic!("{answer} during {command}"),
        }
    }
}

async fn every_answer_fits_what_was_told_before(at: TestDatabase) {
    let room = Room::with(at, Config::default()).await;
    room.deliver_all(&["a", "b", "c"]).await;
    let mut sessions = [Model::open(&room).await, Model::open(&room).await, Model::open(&room).await];
    let mut dice = Dice(0x5eed);
    for _ in 0..STEPS {
        let model = &mut sessions[dice.below(3)];
        let count = model.messages.len();
        let flag = ["\\Seen", "\\Deleted", "\\Flagged", "$Work"][dice.below(4)];
        let sign = ["+", "-", ""][dice.below(3)];
        let silent = ["", ".SILENT"][dice.below(2)];
        let number = dice.below(count.max(1)) + 1;
        match dice.below(17) {
            0 => drop(room.deliver(b"Subject: more\r\n\r\nmore\r\n").await),
            1 => model.run("NOOP").await,
            2 => model.run("EXPUNGE").await,
            3 if count > 0 => model.run(&format!("STORE {number} {sign}FLAGS{silent} ({flag})")).await,
            4 if count > 0 => model.run(&format!("FETCH {number}:* (UID FLAGS)")).await,
            5 => model.run(&format!("UID STORE {number}:{} {sign}FLAGS{silent} ({flag})", number + 3)).await,
            6 => model.run("UID FETCH 1:* FLAGS").await,
            7 => model.run("SEARCH UNDELETED").await,
            8 if count > 0 => model.run(&format!("COPY {number} INBOX")).await,
            9 if count > 4 => model.run(&format!("MOVE {number} Trash")).await,
            10 if count > 0 => model.run(&format!("FETCH {number} BODY[TEXT]")).await,
            11 => model.run("UID SEARCH SUBJECT more").await,
            13 if count > 0 => model.run(&format!("REPLACE {number} INBOX {{7+}}\r\nnewer\r\n")).await,
            14 => model.run(&format!("APPEND INBOX CATENATE (URL \"/INBOX/;UID={number}/;SECTION=HEADER\" TEXT {{5+}}\r\nmore\n)")).await,
            15 => model.run("UID FETCH 1:* (FLAGS) (PARTIAL -1:-2)").await,
            16 => model.run("UID SEARCH UIDAFTER 3 BODY more").await,
            12 => {
                let tag = model.client.idle().await;
                for answer in model.client.done(&tag).await.iter().filter(|a| a.starts_with('*')) {
                    model.hear(answer, false, "IDLE");
                }
            }
            _ => {}
        }
    }
    let mut views = Vec::new();
    for model in &mut sessions {
        model.run("NOOP").await;
        let before = model.messages.clone();
        if !model.messages.is_empty() {
            model.run("FETCH 1:* (UID FLAGS)").await;
        }
        for ((uid_before, flags_before), (uid, flags)) in before.iter().zip(&model.messages) {
            assert!(uid_before.is_none() || uid_before == uid);
            assert!(flags_before.is_none() || flags_before == flags, "a change that was never told: {flags_before:?} is {flags:?}");
        }
        views.push(model.messages.clone());
    }
    assert!(views[0] == views[1] && views[1] == views[2], "{views:?}");
}

/// The same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }
}
