//! Asks the index of a folder.
//!
//! A few segments are asked together, in two statements: the parts that every question begins with, then those that these
//! lead to (`look.rs` says which). While one group is looked at, the next is on its way.

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use postern_core::{AccountId, FolderId};
use postern_message::search::Field;

use super::{
    look::{self, Parts, Places},
    segment::{HEAD, Head},
};
use crate::{args, db::Db, dialect, error::Result};

/// Segments whose parts are read together: the words of one are some 100 KiB, of very long messages more.
const TOGETHER: usize = 8;
/// Groups of segments that are read at the same time.
const AHEAD: usize = 2;

/// What is to be found. Texts are mapped for comparison.
#[derive(Clone, Debug)]
pub enum Question {
    /// Any text of the message contains this.
    Text(Box<str>),
    /// A header field contains this, which is not empty.
    Field(Field, Box<str>),
}

/// What the index says to a question: it speaks of the messages up to [`Index::upto`] alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// UIDs of those that match, ascending.
    pub yes: Vec<u32>,
    /// UIDs of those that may match, ascending: they are to be looked at.
    pub maybe: Vec<u32>,
}

/// The index of a folder as it was at one moment.
pub struct Index {
    db: Db,
    account: AccountId,
    folder: FolderId,
    upto: u32,
    segments: Vec<(i64, Head)>,
    lacking: usize,
}

impl Index {
    /// Reads what segments there are.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open(db: &Db, account: AccountId, folder: FolderId) -> Result<Self> {
        let sql = "SELECT segment, last_uid, attachments_uid, data FROM text_segment WHERE account = $1 AND folder = $2 AND part = $3 \
             ORDER BY segment";
        let (mut upto, mut segments, mut lacking) = (0, Vec::new(), 0);
        for row in db.rows(sql, args![account, folder, HEAD]).await? {
            upto = upto.max(u32::try_from(row.int(1)?).unwrap_or(u32::MAX));
            let mut head = Head::read(row.slice(3)?)?;
            lacking += head.lack_behind(row.int(2)?);
            segments.push((row.int(0)?, head));
        }
        Ok(Self { db: db.clone(), account, folder, upto, segments, lacking })
    }

    /// The watermark: what has a higher UID is not indexed.
    #[must_use]
    pub const fn upto(&self) -> u32 {
        self.upto
    }

    /// How many messages are in it without what is attached to them, for an older version has put them there: any text may be in
    /// them.
    #[must_use]
    pub const fn lacking(&self) -> usize {
        self.lacking
    }

    /// Answers questions, each with what it says of all segments.
    ///
    /// # Errors
    /// As the database says.
    pub async fn ask(&self, questions: &[Question]) -> Result<Vec<Found>> {
        let mut found = vec![Found::default(); questions.len()];
        let groups: Vec<_> = self.segments.chunks(TOGETHER).map(|group| self.ask_group(group, questions).boxed()).collect();
        let mut answers = stream::iter(groups).buffered(AHEAD);
        while let Some(answer) = answers.try_next().await? {
            for (found, more) in found.iter_mut().zip(answer) {
                found.yes.extend(more.yes);
                found.maybe.extend(more.maybe);
            }
        }
        for found in &mut found {
            found.yes.sort_unstable();
            found.maybe.sort_unstable();
        }
        Ok(found)
    }

    async fn ask_group(&self, group: &[(i64, Head)], questions: &[Question]) -> Result<Vec<Found>> {
        let mut found = vec![Found::default(); questions.len()];
        let first: BTreeSet<i64> = questions.iter().map(look::first_part).collect();
        let first = group.iter().flat_map(|(id, _)| first.iter().map(|part| (*id, *part))).collect();
        let first = self.parts(first).await?;
        // Where the texts lead to: in each segment, for each question.
        let mut places: Vec<Vec<Option<Places>>> = Vec::with_capacity(group.len());
        for (id, head) in group {
            places.push(look::begin(*id, head, questions, &first, &mut found)?);
            tokio::task::yield_now().await;
        }
        drop(first);
        let wanted: BTreeSet<(i64, i64)> = group
            .iter()
            .zip(&places)
            .flat_map(|((id, _), places)| places.iter().flatten().flat_map(Places::parts).map(|part| (*id, part)))
            .collect();
        let parts = self.parts(wanted).await?;
        for ((id, head), places) in group.iter().zip(&places) {
            for (places, found) in places.iter().zip(&mut found) {
                if let Some(places) = places {
                    places.candidates(*id, head, &parts, found)?;
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(found)
    }

    /// Parts of segments, by segment and number: those that are still there.
    async fn parts(&self, wanted: BTreeSet<(i64, i64)>) -> Result<Parts> {
        let (segments, numbers): (Vec<i64>, Vec<i64>) = wanted.into_iter().unzip();
        if segments.is_empty() {
            return Ok(Parts::new());
        }
        let sql = dialect::parts::text(self.db.dialect());
        let rows = self.db.rows(sql, args![self.account, self.folder, &segments, &numbers]).await?;
        rows.iter().map(|row| Ok(((row.int(0)?, row.int(1)?), row.bytes(2)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use postern_message::Summary;

    use super::{
        super::segment::{LISTS, Segment, WORDS},
        *,
    };
    use crate::db::{Column, Location};

    const SEGMENTS: i64 = 2 * TOGETHER as i64 * AHEAD as i64 + 1;

    /// Segments of two messages each, with the UIDs `10 * n` and `10 * n + 1`.
    async fn filled() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Folder(folder.path().to_owned()), Duration::from_secs(10)).await.unwrap();
        crate::migrations::migrate(&db).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for number in 1..=SEGMENTS {
            let mut segment = Segment::default();
            for at in 0..2 {
                let mail = format!(
                    "From: ann@example.org\r\nSubject: alpha{number}\r\n\r\nThe text {at} of many, code q{number}z{number}x9k.\r\n"
                );
                segment.add(u32::try_from(10 * number + at).unwrap(), &Summary::of(mail.as_bytes()).view(), b"", mail.as_bytes());
            }
            for (part, data) in segment.encode() {
                let ints = [1, 2, part, number, 10 * number + 1, 10 * number + 1].map(|n| Column::ints([n]));
                let columns: Vec<Column> = ints.into_iter().chain([Column::Bytes(vec![data])]).collect();
                tx.batch("INSERT INTO text_segment (account, folder, part, segment, last_uid, attachments_uid, data) {rows}", &columns)
                    .await
                    .unwrap();
            }
        }
        tx.commit().await.unwrap();
        (db, folder)
    }

    fn questions() -> [Question; 4] {
        [
            Question::Field(Field::Subject, "ALPHA3".into()),
            Question::Text("ALPHA7".into()),
            Question::Text("TEXT 1".into()),
            Question::Text("NOWHERE".into()),
        ]
    }

    async fn ask(db: &Db) -> Vec<Found> {
        Index::open(db, AccountId(1), FolderId(2)).await.unwrap().ask(&questions()).await.unwrap()
    }

    #[tokio::test]
    async fn all_groups_of_segments_are_asked_all_questions() {
        let (db, _folder) = filled().await;
        let found = ask(&db).await;
        let both = |numbers: &[u32]| numbers.iter().flat_map(|n| [10 * n, 10 * n + 1]).collect::<Vec<u32>>();
        assert_eq!(found[0], Found { yes: both(&[3, 30, 31, 32, 33]), maybe: vec![] });
        assert_eq!(found[1], Found { yes: vec![], maybe: both(&[7]) });
        assert_eq!(found[2].maybe.len(), 2 * SEGMENTS as usize, "one digit says nothing");
        assert_eq!(found[3], Found::default());
    }

    #[tokio::test]
    async fn of_a_segment_that_was_written_again_nothing_is_known() {
        let subject = look::first_part(&questions()[0]);
        for (part, unsure) in
            [(WORDS, [false, true, true, true]), (subject, [true, false, false, false]), (LISTS, [false, true, true, false])]
        {
            let (db, _folder) = filled().await;
            let before = ask(&db).await;
            let mut tx = db.begin().await.unwrap();
            tx.execute("DELETE FROM text_segment WHERE segment = 7 AND part = $1", args![part]).await.unwrap();
            tx.commit().await.unwrap();
            for ((before, after), unsure) in before.into_iter().zip(ask(&db).await).zip(unsure) {
                assert_eq!(after.yes, before.yes, "{part}");
                assert!(before.maybe.iter().all(|uid| after.maybe.contains(uid)), "{part}");
                assert_eq!([70, 71].iter().all(|uid| after.maybe.contains(uid)), unsure || before.maybe.contains(&70), "{part}");
            }
        }
    }
}
