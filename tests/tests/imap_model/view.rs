//! What one client must believe of the mailbox it has selected, from nothing but what it was told.

use std::collections::{BTreeMap, BTreeSet};

/// A message as a client knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its UID, once told.
    pub uid: Option<u32>,
    /// Its flags, sorted; `None` when it cannot know them.
    pub flags: Option<Vec<String>>,
    /// Its mod-sequence, once told.
    pub modseq: u64,
}

/// What a client keeps of a mailbox while it has it not selected.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    pub validity: u32,
    /// It knows all changes up to this mod-sequence.
    pub modseq: u64,
    pub messages: BTreeMap<u32, Message>,
}

/// The mailbox selected.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// By sequence number.
    pub messages: Vec<Message>,
    pub validity: u32,
    /// All changes up to it are known (RFC 7162, erratum 1810, says how a client may tell).
    pub modseq: u64,
    /// Searches for UNDELETED that are kept up to date, by tag: the UIDs of their results (RFC 5267).
    pub followed: BTreeMap<String, BTreeSet<u32>>,
    /// The same of sorted searches: the UIDs of their results, each in its place.
    pub sorted: BTreeMap<String, Vec<u32>>,
    /// The search that the server has just said it will not follow.
    refused: Option<String>,
    /// The highest mod-sequence that the command in hand has told, and what it said of HIGHESTMODSEQ.
    heard: u64,
    said: Option<u64>,
}

impl View {
    /// Takes the answers of SELECT: the mailbox as the client knew it becomes the mailbox as it is.
    ///
    /// # Panics
    /// When what was told does not make one mailbox of the two.
    pub fn selected(answers: &[String], text: &str, before: Option<&Cache>) -> Self {
        let word = |line: &str, word: &str| number_behind(line, word);
        let validity = answers.iter().find_map(|line| word(line, "[UIDVALIDITY ")).expect("UIDVALIDITY") as u32;
        let modseq = answers.iter().find_map(|line| word(line, "[HIGHESTMODSEQ ")).expect("HIGHESTMODSEQ");
        let exists = answers.iter().find_map(|line| line.strip_suffix(" EXISTS")).expect("EXISTS").parse().expect("a number");
        let mut view = Self { messages: vec![Message::default(); exists], validity, modseq, ..Self::default() };
        let Some(cache) = before.filter(|cache| cache.validity == validity) else { return view };
        let mut known = cache.messages.clone();
        for uid in answers.iter().filter_map(|line| line.strip_prefix("VANISHED (EARLIER) ")).flat_map(numbers) {
            assert!(uid > 0, "{answers:?}");
            known.remove(&uid);
        }
        let fetched: Vec<(usize, Message)> = answers.iter().filter_map(|line| fetch(line)).collect();
        for (_, message) in &fetched {
            let uid = message.uid.unwrap_or_else(|| panic!("FETCH without UID: {answers:?}"));
            assert!(message.modseq > cache.modseq, "told again: {message:?} is known since {}: {text}", cache.modseq);
            // What it knows above its own mod-sequence is told once more.
            if let Some(old) = known.insert(uid, message.clone()) {
                assert!(old.modseq < message.modseq || old == *message, "{old:?} became {message:?}");
            }
        }
        assert_eq!(
            known.len(),
            exists,
            "what was known since {} and what was missed is not what there is: {known:?} {answers:?}",
            cache.modseq
        );
        view.messages = known.into_values().collect();
        for (at, message) in fetched {
            assert_eq!(view.messages[at - 1], message, "the numbers differ: {answers:?}");
        }
        view
    }

    /// What is worth keeping; `None` while the client does not know all of it.
    pub fn cache(&self) -> Option<Cache> {
        let messages = self.messages.iter().map(|message| Some((message.uid?, message.clone().filter_known()?)));
        Some(Cache { validity: self.validity, modseq: self.modseq, messages: messages.collect::<Option<_>>()? })
    }

    /// Takes one untagged answer to `command`, which `counts` when it names or answers message numbers.
    ///
    /// # Panics
    /// When it does not fit what was told before.
    pub fn hear(&mut self, line: &str, counts: bool, command: &str) {
        let there = self.messages.len();
        if let Some(number) = line.strip_suffix(" EXPUNGE").map(|n| n.parse::<usize>().expect("a number")) {
            assert!(!counts, "EXPUNGE during {command}");
            assert!((1..=there).contains(&number), "{line} of {there} during {command}");
            self.messages.remove(number - 1);
        } else if let Some(uids) = line.strip_prefix("VANISHED (EARLIER) ") {
            for uid in numbers(uids) {
                assert!(self.messages.iter().all(|m| m.uid != Some(uid)), "{uid} is still counted: {line} during {command}");
            }
        } else if let Some(uids) = line.strip_prefix("VANISHED ") {
            assert!(!counts, "VANISHED during {command}");
            for uid in numbers(uids) {
                let at = self.messages.iter().position(|m| m.uid == Some(uid));
                // A message that was counted and never fetched has no UID yet: it is the first such one behind all that have
                // lower ones, for UIDs ascend.
                let behind = self.messages.iter().rposition(|m| m.uid.is_some_and(|known| known < uid)).map_or(0, |at| at + 1);
                let unknown = |messages: &[Message]| messages.iter().position(|m| m.uid.is_none()).map(|at| at + behind);
                let at = at.or_else(|| unknown(&self.messages[behind..]));
                self.messages.remove(at.unwrap_or_else(|| panic!("{uid} is unknown: {line} during {command}: {self:?}")));
            }
        } else if let Some(count) = line.strip_suffix(" EXISTS").map(|n| n.parse::<usize>().expect("a number")) {
            assert!(count >= there, "{line} after {there} during {command}");
            self.messages.resize(count, Message::default());
        } else if let Some((number, told)) = fetch(line) {
            assert!((1..=there).contains(&number), "{line} of {there} during {command}");
            self.heard = self.heard.max(told.modseq);
            let known = &mut self.messages[number - 1];
            assert!(known.uid.is_none() || told.uid.is_none() || known.uid == told.uid, "{line} was {known:?} during {command}");
            assert!(told.modseq == 0 || told.modseq >= known.modseq, "{line} was {known:?} during {command}: it shrank");
            if told.modseq > 0 && told.modseq == known.modseq && known.flags.is_some() && told.flags.is_some() {
                assert_eq!(known.flags, told.flags, "{line} was {known:?} during {command}: changed without a new mod-sequence");
            }
            known.uid = known.uid.or(told.uid);
            known.flags = told.flags.or(known.flags.take());
            known.modseq = known.modseq.max(told.modseq);
        } else if let Some(result) = line.strip_prefix("ESEARCH (TAG \"") {
            self.follow(result, command);
        } else if let Some(tag) = line.strip_prefix("NO [NOUPDATE \"").and_then(|rest| rest.split('"').next()) {
            self.followed.remove(tag);
            self.sorted.remove(tag);
            self.refused = Some(tag.to_owned());
        } else if line.starts_with("OK [HIGHESTMODSEQ ") {
            self.said = number_behind(line, "[HIGHESTMODSEQ ");
        } else {
            let expected = ["SEARCH", "FLAGS (", "OK [COPYUID", "STATUS", "OK [CLOSED]"];
            assert!(expected.iter().any(|word| line.starts_with(word)), "{line} during {command}");
        }
    }

    /// Takes the result of a search that is kept up to date, or what has become of one (RFC 5267 §4.3).
    fn follow(&mut self, result: &str, command: &str) {
        let (tag, rest) = result.split_once('"').expect("a tag");
        let rest = rest.strip_prefix(") UID").expect("UIDs").trim_start();
        if command.starts_with("UID SORT RETURN (UPDATE")
            && !rest.contains(" (")
            && !self.sorted.contains_key(tag)
            && !self.followed.contains_key(tag)
        {
            let all = rest.strip_prefix("ALL ").map(|set| numbers(set).collect()).unwrap_or_default();
            if self.refused.take().as_deref() != Some(tag) {
                self.sorted.insert(tag.to_owned(), all);
            }
            return;
        }
        if let Some(list) = self.sorted.get_mut(tag) {
            return place(list, rest, &format!("{result} during {command}"));
        }
        let place_0 = |word: &str| rest.split_once(word).map(|(_, set)| numbers(set.split(')').next().expect("a set")).collect::<Vec<_>>());
        let (gone, new) = (place_0("REMOVEFROM (0 "), place_0("ADDTO (0 "));
        if gone.is_none() && new.is_none() {
            assert!(command.contains("UPDATE"), "{result} during {command}");
            if self.refused.take().as_deref() == Some(tag) {
                return;
            }
            let all = rest.strip_prefix("ALL ").map(|set| numbers(set).collect()).unwrap_or_default();
            assert!(self.followed.insert(tag.to_owned(), all).is_none(), "{tag} is followed twice");
            return;
        }
        let followed = self.followed.get_mut(tag).unwrap_or_else(|| panic!("{tag} is not followed: {result} during {command}"));
        for uid in gone.into_iter().flatten() {
            assert!(followed.remove(&uid), "{uid} is not in {followed:?}: {result} during {command}");
        }
        for uid in new.into_iter().flatten() {
            assert!(followed.insert(uid), "{uid} is in {followed:?} already: {result} during {command}");
        }
    }

    /// The command has ended with this text behind its OK or NO.
    pub fn ended(&mut self, text: &str) {
        let said = number_behind(text, "[HIGHESTMODSEQ ").or(self.said.take());
        let up_to = said.unwrap_or(self.heard);
        self.heard = 0;
        // New messages that were not fetched yet may be older than what was heard.
        if self.messages.iter().all(|message| message.uid.is_some() && message.flags.is_some()) {
            self.modseq = self.modseq.max(up_to);
        }
        let uids: Vec<u32> = self.messages.iter().filter_map(|m| m.uid).collect();
        assert!(uids.windows(2).all(|pair| pair[0] < pair[1]), "UIDs ascend: {uids:?}");
    }
}

impl Message {
    fn filter_known(self) -> Option<Self> {
        self.flags.is_some().then_some(self)
    }
}

/// Takes out and puts in what an update of a sorted result says, each at its place (RFC 5267 §4.3.3, §4.3.4).
fn place(list: &mut Vec<u32>, update: &str, during: &str) {
    let pairs = |word: &str| {
        let words: Vec<&str> =
            update.split_once(word).map(|(_, rest)| rest.split(')').next().expect("an end").split(' ').collect()).unwrap_or_default();
        words.chunks(2).map(|pair| (pair[0].parse::<usize>().expect("a place"), numbers(pair[1]).collect::<Vec<_>>())).collect::<Vec<_>>()
    };
    for (at, uids) in pairs("REMOVEFROM (") {
        assert!(list.get(at - 1..at - 1 + uids.len()) == Some(&uids[..]), "{uids:?} are not at {at} of {list:?}: {during}");
        list.drain(at - 1..at - 1 + uids.len());
    }
    for (at, uids) in pairs("ADDTO (") {
        assert!(at <= list.len() + 1 && !uids.iter().any(|uid| list.contains(uid)), "{uids:?} into {list:?}: {during}");
        list.splice(at - 1..at - 1, uids);
    }
}

/// `12 FETCH (UID 3 FLAGS (\Seen) MODSEQ (7))`, other items passed over.
pub fn fetch(line: &str) -> Option<(usize, Message)> {
    let (number, items) = line.split_once(" FETCH (")?;
    let uid = number_behind(items, "UID ").and_then(|uid| u32::try_from(uid).ok());
    let flags = items.split_once("FLAGS (").map(|(_, rest)| {
        let mut flags: Vec<String> = rest.split(')').next().unwrap_or("").split_whitespace().map(str::to_owned).collect();
        flags.sort();
        flags
    });
    Some((number.parse().ok()?, Message { uid, flags, modseq: number_behind(items, "MODSEQ (").unwrap_or(0) }))
}

/// The number that stands behind a word.
pub fn number_behind(text: &str, word: &str) -> Option<u64> {
    let behind = text.split_once(word)?.1;
    behind.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `1:3,7` → 1, 2, 3, 7.
pub fn numbers(set: &str) -> impl Iterator<Item = u32> + '_ {
    set.split(',').flat_map(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        from.parse::<u32>().expect("a number")..=to.parse().expect("a number")
    })
}
