//! A SEARCH's keys, made ready: sets resolved, texts folded, days counted.

use std::ops::Range;

use postern_core::Timestamp;
use postern_message::{SummaryRef, attachment, search::text};
use postern_proto_imap::types::{Date, DateField, ObjectId, SearchKey, SystemFlags};
use postern_store::mail::{
    index::{Found, Question},
    read::StoredMessage,
    snapshot::Entry,
};

use super::{header, known::Known, needle::Needle};
use crate::{message::Message, object_id, refused::Refused, selected::View, words};

/// One key.
enum Key {
    Always(bool),
    Flag(SystemFlags, bool),
    Keyword(String, bool),
    /// The internal date, in seconds: from, up to but without.
    Arrived(i64, i64),
    /// The day of the Date field: from, up to but without.
    Sent(i64, i64),
    /// RFC822.SIZE: from, up to but without.
    Size(u64, u64),
    Place(Vec<Range<usize>>),
    /// The day it came into the mailbox, in seconds: from, up to but without.
    Saved(i64, i64),
    EmailId(Option<i64>),
    ThreadId(ObjectId),
    /// From this MODSEQ up.
    ModSeq(u64),
    Field(header::Named, Needle, Known),
    Body(Needle, Known),
    Text(Needle, Known),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Vec<Self>),
}

/// A SEARCH that is ready to be asked of messages.
pub(crate) struct Program(Key);

/// What is known of a message when it is asked.
struct Facts<'f> {
    index: usize,
    entry: &'f Entry,
    summary: Option<(SummaryRef<'f>, &'f StoredMessage)>,
    message: Option<&'f Message>,
    /// What is attached to it says.
    attached: Option<&'f [String]>,
}

impl Program {
    /// Resolves the sets against what the client knows; filters have been put in already; `now` is for OLDER and YOUNGER.
    ///
    /// # Errors
    /// BAD for a sequence number that there is not.
    pub fn new(key: &SearchKey, view: &View, now: Timestamp) -> Result<Self, Refused> {
        build(key, view, now.secs()).map(Self)
    }

    /// Where matches can be at all.
    pub(crate) fn ranges(&self, view: &View) -> Vec<Range<usize>> {
        let everything = std::iter::once(0..view.told.len()).collect();
        self.candidates().map_or(everything, <[_]>::to_vec)
    }

    /// `None` is anywhere.
    fn candidates(&self) -> Option<&[Range<usize>]> {
        match &self.0 {
            Key::And(keys) => keys.iter().find_map(places),
            key => places(key),
        }
    }

    /// What to ask the text index: in the order of [`Program::learn`]. Texts beyond [`MOST_QUESTIONS`] are not asked for.
    pub(super) fn questions(&mut self) -> Vec<Question> {
        let mut questions = Vec::new();
        each_text(&mut self.0, &mut |question, _| {
            if questions.len() < MOST_QUESTIONS {
                questions.push(question);
            }
        });
        questions
    }

    /// Takes the answers of the index, which speaks of UIDs up to its watermark.
    pub(super) fn learn(&mut self, upto: u32, answers: Vec<Found>) {
        let mut answers = answers.into_iter();
        each_text(&mut self.0, &mut |_, known| {
            if let Some(found) = answers.next() {
                *known = Known::new(upto, found);
            }
        });
    }

    pub(super) fn by_entry(&self, index: usize, entry: &Entry) -> Option<bool> {
        ask(&self.0, &Facts { index, entry, summary: None, message: None, attached: None })
    }

    pub(super) fn by_summary(&self, index: usize, entry: &Entry, row: &StoredMessage) -> Option<bool> {
        let summary = SummaryRef::new(&row.summary)?;
        ask(&self.0, &Facts { index, entry, summary: Some((summary, row)), message: None, attached: None })
    }

    /// `None` when only what is attached can tell.
    pub(super) fn by_message(&self, index: usize, entry: &Entry, message: &Message) -> Option<bool> {
        let summary = Some((message.summary(), message.row()));
        ask(&self.0, &Facts { index, entry, summary, message: Some(message), attached: None })
    }

    /// The same with [`Message::attached`].
    pub(super) fn by_attachments(&self, index: usize, entry: &Entry, message: &Message, attached: &[String]) -> bool {
        let summary = Some((message.summary(), message.row()));
        ask(&self.0, &Facts { index, entry, summary, message: Some(message), attached: Some(attached) }).unwrap_or(false)
    }
}

/// Texts of one program that the index is asked for.
const MOST_QUESTIONS: usize = 32;

/// Calls `each` with every key that looks for a text which is not empty.
fn each_text(key: &mut Key, each: &mut dyn FnMut(Question, &mut Known)) {
    match key {
        Key::Field(named, needle, known) if !needle.is_empty() => each(named.question(needle), known),
        Key::Body(needle, known) | Key::Text(needle, known) if !needle.is_empty() => each(Question::Text(needle.text().into()), known),
        Key::Not(key) => each_text(key, each),
        Key::Or(a, b) => {
            each_text(a, each);
            each_text(b, each);
        }
        Key::And(keys) => keys.iter_mut().for_each(|key| each_text(key, each)),
        _ => {}
    }
}

fn places(key: &Key) -> Option<&[Range<usize>]> {
    if let Key::Place(ranges) = key { Some(ranges) } else { None }
}

/// Seconds of a day.
const DAY: i64 = 86_400;

fn build(key: &SearchKey, view: &View, now: i64) -> Result<Key, Refused> {
    let again = |key: &SearchKey| build(key, view, now);
    let between = |field: &DateField, from: i64, to: i64| match field {
        DateField::Internal => Key::Arrived(from, to),
        DateField::Sent => Key::Sent(from, to),
        DateField::Saved => Key::Saved(from, to),
    };
    let day = |date: &Date| date.midnight().secs();
    Ok(match key {
        SearchKey::All => Key::Always(true),
        SearchKey::Nothing => Key::Always(false),
        SearchKey::Flag(flag, set) => Key::Flag(*flag, *set),
        SearchKey::Keyword(keyword, set) => Key::Keyword(keyword.as_str().to_owned(), *set),
        SearchKey::Before(field, date) => between(field, i64::MIN, day(date)),
        SearchKey::On(field, date) => between(field, day(date), day(date) + DAY),
        SearchKey::Since(field, date) => between(field, day(date), i64::MAX),
        // RFC 5032 §2: the interval is from now back.
        SearchKey::Older(seconds) => Key::Arrived(i64::MIN, now.saturating_sub(i64::from(*seconds)).saturating_add(1)),
        SearchKey::Younger(seconds) => Key::Arrived(now.saturating_sub(i64::from(*seconds)), i64::MAX),
        SearchKey::Larger(octets) => Key::Size(octets.saturating_add(1), u64::MAX),
        SearchKey::Smaller(octets) => Key::Size(0, *octets),
        SearchKey::EmailId(id) => Key::EmailId(object_id::message(id)),
        SearchKey::ThreadId(id) => Key::ThreadId(id.clone()),
        SearchKey::ModSeq(modseq) => Key::ModSeq(*modseq),
        SearchKey::Envelope(field, text) => Key::Field(header::Named::of_envelope(*field), Needle::new(text), Known::default()),
        SearchKey::Header { name, text } => Key::Field(header::Named::of_header(name), Needle::new(text), Known::default()),
        SearchKey::Body(text) => Key::Body(Needle::new(text), Known::default()),
        SearchKey::Text(text) => Key::Text(Needle::new(text), Known::default()),
        SearchKey::Sequence(set) => Key::Place(view.resolve(set, false)?),
        SearchKey::Uid(set) => Key::Place(view.resolve(set, true)?),
        SearchKey::Not(key) => Key::Not(Box::new(again(key)?)),
        SearchKey::Or(a, b) => Key::Or(Box::new(again(a)?), Box::new(again(b)?)),
        SearchKey::And(keys) => Key::And(keys.iter().map(again).collect::<Result<_, _>>()?),
        SearchKey::Fuzzy(key) => again(&fuzzy(key))?,
        SearchKey::Filter(name) => return Err(Refused::no_such_filter(name)),
    })
}

/// `FUZZY` (RFC 6203 §3): the words of a text may stand in any order, each for itself. The grammar has bounded the keys.
fn fuzzy(key: &SearchKey) -> SearchKey {
    let words = |text: &str, key: &dyn Fn(String) -> SearchKey| match text.split_whitespace().count() {
        0 | 1 => key(text.trim().to_owned()),
        _ => SearchKey::And(text.split_whitespace().map(|word| key(word.to_owned())).collect()),
    };
    match key {
        SearchKey::Body(text) => words(text, &SearchKey::Body),
        SearchKey::Text(text) => words(text, &SearchKey::Text),
        SearchKey::Envelope(field, text) => words(text, &|word| SearchKey::Envelope(*field, word)),
        SearchKey::Header { name, text } => words(text, &|text| SearchKey::Header { name: name.clone(), text }),
        SearchKey::Not(key) => SearchKey::Not(Box::new(fuzzy(key))),
        SearchKey::Fuzzy(key) => fuzzy(key),
        SearchKey::Or(a, b) => SearchKey::Or(Box::new(fuzzy(a)), Box::new(fuzzy(b))),
        SearchKey::And(keys) => SearchKey::And(keys.iter().map(fuzzy).collect()),
        exact => exact.clone(),
    }
}

/// Yes, no, or not with what is known.
fn ask(key: &Key, facts: &Facts<'_>) -> Option<bool> {
    let entry = facts.entry;
    match key {
        Key::Always(answer) => Some(*answer),
        Key::Flag(flag, set) => Some(words::system(entry.flags).contains(*flag) == *set),
        Key::Keyword(keyword, set) => {
            let has = entry.keywords.iter().flat_map(|k| k.split(' ')).any(|k| k.eq_ignore_ascii_case(keyword));
            Some(has == *set)
        }
        Key::Arrived(from, to) => Some((*from..*to).contains(&entry.received_at)),
        Key::Size(from, to) => Some((*from..*to).contains(&u64::from(entry.size))),
        Key::Saved(from, to) => Some((*from..*to).contains(&entry.saved().secs())),
        Key::EmailId(message) => Some(*message == Some(entry.message)),
        Key::ThreadId(id) => {
            let (summary, _) = facts.summary.as_ref()?;
            Some(object_id::thread(summary).is_some_and(|thread| thread == *id))
        }
        Key::ModSeq(modseq) => Some(words::modseq(entry.modseq) >= *modseq),
        Key::Place(ranges) => Some(is_in(ranges, facts.index)),
        Key::Sent(from, to) => {
            let (summary, _) = facts.summary.as_ref()?;
            Some(header::sent_on(summary).is_some_and(|day| (*from..*to).contains(&day)))
        }
        Key::Field(named, needle, known) => known
            .says(entry.uid)
            .or_else(|| facts.summary.as_ref().and_then(|(summary, row)| header::in_summary(summary, row, named, needle)))
            .or_else(|| facts.message.map(|message| header::in_message(message, named, needle))),
        Key::Body(needle, known) => known.says(entry.uid).or_else(|| in_body(facts, needle)),
        Key::Text(needle, known) => known.says(entry.uid).or_else(|| {
            let message = facts.message?;
            if text::header(message.prefix(), message.body(), |line| needle.is_in(line)) { Some(true) } else { in_body(facts, needle) }
        }),
        Key::Not(key) => ask(key, facts).map(|answer| !answer),
        Key::Or(a, b) => match (ask(a, facts), ask(b, facts)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Key::And(keys) => keys
            .iter()
            .try_fold(Some(true), |so_far, key| match ask(key, facts) {
                Some(false) => Err(()),
                None => Ok(None),
                Some(true) => Ok(so_far),
            })
            .unwrap_or(Some(false)),
    }
}

fn in_body(facts: &Facts<'_>, needle: &Needle) -> Option<bool> {
    let message = facts.message?;
    if text::body(&message.summary(), message.body(), |words| needle.is_in(words)) {
        return Some(true);
    }
    match facts.attached {
        Some(attached) => Some(attached.iter().any(|words| needle.is_in(words))),
        None if attachment::any(&message.summary()) => None,
        None => Some(false),
    }
}

/// Whether an index lies in ranges that ascend.
fn is_in(ranges: &[Range<usize>], index: usize) -> bool {
    let at = ranges.partition_point(|range| range.end <= index);
    ranges.get(at).is_some_and(|range| range.contains(&index))
}
