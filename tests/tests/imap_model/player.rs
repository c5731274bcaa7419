//! One client that does whatever comes to its mind, and believes what it is told.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use postern_tests::{
    chance::Chance,
    imap::{Answer, Imap},
    manifests::PASSWORD,
};

use crate::view::{Cache, Message, View, fetch};

/// The mailboxes that all play with.
pub const FOLDERS: [&str; 3] = ["INBOX", "Work", "Archive"];

/// The user.
pub const USER: &str = "one@example.org";

/// What a sorted search asks for.
const SORTED: &str = "(SUBJECT REVERSE ARRIVAL) UTF-8 UNFLAGGED";

/// Tries to come back before it is a failure.
const TRIES: usize = 200;

/// What a client makes use of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing beyond RFC 3501.
    Plain,
    /// CONDSTORE.
    Condstore,
    /// QRESYNC: it keeps what it knows and comes back with it.
    Resync,
}

/// Where the processes that live can be reached.
#[derive(Debug, Default)]
pub struct Doors(Mutex<Vec<SocketAddr>>);

impl Doors {
    pub fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(Mutex::new(addresses))
    }

    pub fn close(&self, address: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|open| *open != address);
    }

    fn any(&self, chance: &mut Chance) -> SocketAddr {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open[chance.below(open.len() as u64) as usize]
    }
}

/// A client.
pub struct Player {
    kind: Kind,
    doors: Arc<Doors>,
    imap: Imap,
    folder: &'static str,
    pub view: View,
    caches: BTreeMap<&'static str, Cache>,
    chance: Chance,
    /// Connections that it has lost.
    pub lost: usize,
}

impl Player {
    /// Logs in and selects INBOX.
    pub fn new(kind: Kind, doors: Arc<Doors>, mut chance: Chance) -> Self {
        let imap = login(kind, doors.any(&mut chance)).unwrap();
        let mut player = Self { kind, doors, imap, folder: FOLDERS[0], view: View::default(), caches: BTreeMap::new(), chance, lost: 0 };
        player.select(FOLDERS[0]).unwrap();
        player
    }

    /// One thing more; a lost connection is made again.
    pub fn step(&mut self) {
        if self.command().is_err() {
            self.lost += 1;
            self.come_back();
        }
    }

    /// Hears the last news; then it must know what there is.
    pub fn settle(&mut self, truth: &BTreeMap<&'static str, Vec<Message>>) {
        if self.run("NOOP").is_err() {
            // It had done all its commands when its process was killed.
            self.come_back();
        }
        if !self.view.sorted.is_empty() {
            let answer = self.imap.ok(&format!("UID SORT {SORTED}"));
            let sorted = answer.untagged.iter().find_map(|line| line.strip_prefix("SORT")).unwrap();
            let sorted: Vec<u32> = sorted.split_whitespace().map(|uid| uid.parse().unwrap()).collect();
            for (tag, result) in &self.view.sorted {
                assert_eq!(*result, sorted, "{:?} {tag} of {}", self.kind, self.folder);
            }
        }
        let first = self.folder;
        self.compare(&truth[first]);
        if self.kind == Kind::Resync {
            // What it kept of the others is enough to know them as they are.
            for folder in FOLDERS {
                self.select(folder).unwrap();
                self.compare(&truth[folder]);
            }
        }
    }

    fn compare(&self, truth: &[Message]) {
        let told = &self.view.messages;
        let undeleted = || truth.iter().filter(|m| m.flags.as_ref().is_some_and(|flags| !flags.iter().any(|flag| flag == "\\Deleted")));
        for (tag, result) in &self.view.followed {
            assert!(undeleted().filter_map(|m| m.uid).eq(result.iter().copied()), "{:?} {tag}: {result:?} of {truth:?}", self.kind);
        }
        assert_eq!(told.len(), truth.len(), "{:?} {}: {told:?} is {truth:?}", self.kind, self.folder);
        for (told, truth) in told.iter().zip(truth) {
            let uid = told.uid.is_none() || told.uid == truth.uid;
            let flags = told.flags.is_none() || told.flags == truth.flags;
            let modseq = told.modseq == 0 || told.modseq == truth.modseq;
            assert!(uid && flags && modseq, "{:?} {}: {told:?} is {truth:?}", self.kind, self.folder);
        }
    }

    fn command(&mut self) -> io::Result<()> {
        let there = self.view.messages.len() as u64;
        let number = self.chance.below(there.max(1)) + 1;
        let flag = ["\\Seen", "\\Deleted", "\\Flagged", "$Work"][self.chance.below(4) as usize];
        let sign = ["+", "-", ""][self.chance.below(3) as usize];
        // Who keeps what it knows must know what becomes of it.
        let silent = if self.kind == Kind::Resync { "" } else { ["", ".SILENT"][self.chance.below(2) as usize] };
        let folder = FOLDERS[self.chance.below(3) as usize];
        match self.chance.below(21) {
            0 | 1 => self.run("NOOP"),
            2 => self.run("EXPUNGE"),
            3 | 4 if there > 0 => self.run(&format!("STORE {number} {sign}FLAGS{silent} ({flag})")),
            5 => self.run(&format!("UID STORE {number}:{} {sign}FLAGS{silent} ({flag})", number + 4)),
            6 if there > 0 => self.run(&format!("FETCH {number}:* (UID FLAGS)")),
            7 => self.run("UID FETCH 1:* (FLAGS)"),
            8 => self.run("SEARCH UNDELETED"),
            9 if there > 0 => self.run("UID SEARCH 1:* UNSEEN"),
            10 if there > 0 => self.run(&format!("COPY {number} {folder}")),
            11 if there > 6 => self.run(&format!("MOVE {number} {folder}")),
            12 | 13 => self.append(folder),
            14 => self.idle(),
            15 => self.select(folder),
            16 if self.kind != Kind::Plain && there > 0 => {
                let since = self.view.messages[number as usize - 1].modseq;
                self.run(&format!("STORE {number} (UNCHANGEDSINCE {since}) {sign}FLAGS ({flag})"))
            }
            18 => self.run("UID SEARCH RETURN (UPDATE ALL) UNDELETED"),
            20 => self.run(&format!("UID SORT RETURN (UPDATE ALL) {SORTED}")),
            19 => match self.view.followed.keys().next().cloned() {
                Some(tag) => self.cancel(&tag),
                None => self.run("NOOP"),
            },
            17 if self.kind == Kind::Resync => {
                let since = self.view.modseq;
                self.run(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {since} VANISHED)"))
            }
            _ => self.run(&format!("UID EXPUNGE {number}:{}", number + 9)),
        }
    }

    fn run(&mut self, command: &str) -> io::Result<()> {
        if command.contains(".SILENT") {
            // What it changes in silence it does not know, for others may have changed it before.
            self.view.messages.iter_mut().for_each(|message| message.flags = None);
        }
        let answer = self.imap.command(command)?;
        self.hear(&answer, command)
    }

    fn hear(&mut self, answer: &Answer, command: &str) -> io::Result<()> {
        let counts = ["FETCH", "STORE", "SEARCH", "UID SEARCH 1:*"].iter().any(|word| command.starts_with(word));
        for line in &answer.untagged {
            self.view.hear(line, counts, command);
        }
        if command.contains(".SILENT") {
            // What was told on the way to it may be of the time before it.
            self.view.messages.iter_mut().for_each(|message| message.flags = None);
        }
        let tolerated = ["[EXPUNGEISSUED]", "[INUSE]"].iter().any(|code| answer.text.starts_with(code));
        assert!(answer.is_ok() || tolerated, "{command}: {answer:?}");
        self.view.ended(&answer.text);
        match self.view.messages.iter().position(|message| message.uid.is_none() || message.flags.is_none()) {
            Some(first) if self.kind == Kind::Resync => self.run(&format!("FETCH {}:* (UID FLAGS)", first + 1)),
            _ => Ok(()),
        }
    }

    fn append(&mut self, folder: &str) -> io::Result<()> {
        let answer = self.imap.append(folder, &format!("Subject: {}\n\nmore\n", self.chance.below(1_000)))?;
        self.hear(&answer, "APPEND")
    }

    fn idle(&mut self) -> io::Result<()> {
        let tag = self.imap.begin("IDLE")?;
        let (go, mut news) = self.imap.go_ahead()?;
        if !go.starts_with('+') {
            return Err(io::Error::other(go));
        }
        self.imap.send(b"DONE\r\n")?;
        let answer = self.imap.finish(&tag)?;
        news.extend(answer.untagged);
        self.hear(&Answer { untagged: news, ..answer }, "IDLE")
    }

    /// Follows a search no more.
    fn cancel(&mut self, tag: &str) -> io::Result<()> {
        self.run(&format!("CANCELUPDATE \"{tag}\""))?;
        self.view.followed.remove(tag);
        Ok(())
    }

    fn select(&mut self, folder: &'static str) -> io::Result<()> {
        self.keep();
        let cache = self.caches.get(folder).filter(|_| self.kind == Kind::Resync).cloned();
        let parameter = match (self.kind, &cache) {
            (Kind::Resync, Some(cache)) => format!(" (QRESYNC ({} {}))", cache.validity, cache.modseq),
            (Kind::Plain, _) => String::new(),
            _ => " (CONDSTORE)".to_owned(),
        };
        let answer = self.imap.command(&format!("SELECT {folder}{parameter}"))?;
        assert!(answer.is_ok(), "SELECT {folder}: {answer:?}");
        self.folder = folder;
        // What stands before it is of the mailbox before.
        let closed = answer.untagged.iter().rposition(|line| line.starts_with("OK [CLOSED]")).map_or(0, |at| at + 1);
        self.view = View::selected(&answer.untagged[closed..], &answer.text, cache.as_ref());
        if self.kind == Kind::Resync && self.view.messages.iter().any(|message| message.uid.is_none()) {
            return self.run("FETCH 1:* (UID FLAGS)");
        }
        Ok(())
    }

    fn keep(&mut self) {
        if let Some(cache) = self.view.cache().filter(|cache| cache.validity > 0) {
            self.caches.insert(self.folder, cache);
        }
    }

    fn come_back(&mut self) {
        for _ in 0..TRIES {
            if let Ok(imap) = login(self.kind, self.doors.any(&mut self.chance)) {
                self.imap = imap;
                if self.select(self.folder).is_ok() {
                    return;
                }
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("no way back");
    }
}

fn login(kind: Kind, address: SocketAddr) -> io::Result<Imap> {
    let mut imap = Imap::login(address, USER, PASSWORD)?;
    if kind == Kind::Resync {
        imap.command("ENABLE QRESYNC")?;
    }
    Ok(imap)
}

/// Every mailbox as a client sees it that has never been here.
pub fn truth(address: SocketAddr) -> BTreeMap<&'static str, Vec<Message>> {
    let mut imap = Imap::login(address, USER, PASSWORD).unwrap();
    let mut seen = |folder: &&'static str| {
        let exists = imap.ok(&format!("EXAMINE {folder}")).untagged.iter().any(|line| line == "0 EXISTS");
        let told = if exists { Vec::new() } else { imap.ok("FETCH 1:* (UID FLAGS MODSEQ)").untagged };
        (*folder, told.iter().filter_map(|line| fetch(line)).map(|(_, message)| message).collect())
    };
    FOLDERS.iter().map(&mut seen).collect()
}
