//! Rows of folders and accounts, for all sessions that ask at the same time.
//!
//! ```text
//! SELECT  ─┐
//! STATUS  ─┼─► waiting ─► one statement ─► answer each
//! APPEND  ─┘      ▲              │
//!                 └── who comes meanwhile is asked for by the next
//! ```
//! On PostgreSQL a statement costs many times the row that it reads by a key, so those who wait share one, as changes share a
//! commit. It begins after each of them has asked: what they are told is as new as if each had asked alone. SQLite reads where
//! its caller stands, and nobody waits.

use postern_core::{AccountId, FolderId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::{
    Usage, account,
    folder::{self, Folder, fields},
};
use crate::{
    args,
    db::{Db, Row},
    dialect::Dialect,
    error::{Result, StoreError},
};

/// Questions of one statement.
const TOGETHER: usize = 64;

/// Asks for rows. Clones share the statements.
#[derive(Clone)]
pub(super) struct Asked {
    db: Db,
    waiting: Option<mpsc::Sender<Question>>,
}

/// Somebody who waits.
struct Question {
    account: i64,
    /// The folder's name; empty is none.
    name: String,
    /// The folder's id; 0 is none.
    folder: i64,
    answer: oneshot::Sender<Result<Seen>>,
}

/// What is there.
#[derive(Default)]
struct Seen {
    folder: Option<Folder>,
    usage: Option<Usage>,
}

impl Asked {
    /// Starts the task that asks, where questions are put together.
    pub fn start(db: Db) -> Self {
        let waiting = (db.dialect() == Dialect::Postgres).then(|| {
            let (sender, receiver) = mpsc::channel(TOGETHER);
            tokio::spawn(run(db.clone(), receiver));
            sender
        });
        Self { db, waiting }
    }

    /// A folder by its name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn by_name(&self, account: AccountId, name: &str) -> Result<Option<Folder>> {
        match &self.waiting {
            None => folder::by_name(&self.db, account, name).await,
            Some(waiting) => Ok(ask(waiting, account, name, FolderId(0)).await?.folder),
        }
    }

    /// A folder by its id.
    ///
    /// # Errors
    /// As the database says.
    pub async fn by_id(&self, account: AccountId, folder: FolderId) -> Result<Option<Folder>> {
        match &self.waiting {
            None => folder::by_id(&self.db, account, folder).await,
            Some(waiting) => Ok(ask(waiting, account, "", folder).await?.folder),
        }
    }

    /// What an account holds.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as the database says.
    pub async fn usage(&self, account: AccountId, now: Timestamp) -> Result<Usage> {
        match &self.waiting {
            None => account::usage(&self.db, account, now).await,
            Some(waiting) => {
                let usage = ask(waiting, account, "", FolderId(0)).await?.usage.ok_or(StoreError::NotFound("account"))?;
                Ok(Usage { at: now, ..usage })
            }
        }
    }
}

async fn ask(waiting: &mpsc::Sender<Question>, account: AccountId, name: &str, folder: FolderId) -> Result<Seen> {
    let gone = || StoreError::Unavailable("the process is stopping".into());
    let (answer, answered) = oneshot::channel();
    waiting.send(Question { account: account.0, name: name.to_owned(), folder: folder.0, answer }).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())?
}

async fn run(db: Db, mut inbox: mpsc::Receiver<Question>) {
    let mut questions = Vec::with_capacity(TOGETHER);
    while inbox.recv_many(&mut questions, TOGETHER).await > 0 {
        let seen = look(&db, &questions).await;
        match seen {
            // A session that went away does not need to know.
            Ok(seen) => questions.drain(..).zip(seen).for_each(|(question, seen)| drop(question.answer.send(Ok(seen)))),
            // It may be one question that is refused: each is asked alone.
            Err(StoreError::Statement(_) | StoreError::Damaged(_)) if questions.len() > 1 => {
                for question in questions.drain(..) {
                    let seen = look(&db, std::slice::from_ref(&question)).await.map(|mut seen| seen.pop().unwrap_or_default());
                    drop(question.answer.send(seen));
                }
            }
            Err(error) => questions.drain(..).for_each(|question| drop(question.answer.send(Err(error.again())))),
        }
    }
}

/// What is there for each of the questions.
async fn look(db: &Db, questions: &[Question]) -> Result<Vec<Seen>> {
    if let [question] = questions {
        return Ok(vec![look_alone(db, question).await?]);
    }
    // No folder is named nothing, and none has the number 0: of what is not asked for nothing is found.
    const SQL: &str = concat!(
        "SELECT f.*, c.used, c.messages, c.quota, c.modseq, a.n FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) \
         AS a(n, account, name, folder) LEFT JOIN LATERAL (",
        fields!(" FROM folder WHERE account = a.account AND name = a.name UNION ALL "),
        fields!(" FROM folder WHERE account = a.account AND id = a.folder LIMIT 1"),
        ") AS f ON TRUE LEFT JOIN LATERAL (SELECT * FROM account WHERE id = a.account LIMIT 1) AS c ON TRUE"
    );
    let numbers: Vec<i64> = (0i64..).take(questions.len()).collect();
    let accounts: Vec<i64> = questions.iter().map(|question| question.account).collect();
    let names: Vec<String> = questions.iter().map(|question| question.name.clone()).collect();
    let folders: Vec<i64> = questions.iter().map(|question| question.folder).collect();
    let mut seen: Vec<Seen> = questions.iter().map(|_| Seen::default()).collect();
    for row in db.rows(SQL, args![&numbers, &accounts, &names, &folders]).await? {
        let number = row.int(folder::FIELDS + 4)?;
        if let Some(seen) = usize::try_from(number).ok().and_then(|number| seen.get_mut(number)) {
            *seen = found(&row)?;
        }
    }
    Ok(seen)
}

/// The same of one: a statement with lists is planned anew at each run, which takes longer than this.
async fn look_alone(db: &Db, question: &Question) -> Result<Seen> {
    let account = AccountId(question.account);
    if !question.name.is_empty() {
        return Ok(Seen { folder: folder::by_name(db, account, &question.name).await?, usage: None });
    }
    if question.folder != 0 {
        return Ok(Seen { folder: folder::by_id(db, account, FolderId(question.folder)).await?, usage: None });
    }
    match account::usage(db, account, Timestamp::default()).await {
        Err(StoreError::NotFound(_)) => Ok(Seen::default()),
        usage => Ok(Seen { folder: None, usage: Some(usage?) }),
    }
}

fn found(row: &Row) -> Result<Seen> {
    let folder = row.opt_int(0)?.map(|_| folder::folder(row)).transpose()?;
    let behind = folder::FIELDS;
    let used = row.opt_int(behind)?;
    let usage = used.map(|used| {
        Ok::<_, StoreError>(Usage {
            used,
            messages: row.int(behind + 1)?,
            quota: row.opt_int(behind + 2)?,
            modseq: row.int(behind + 3)?,
            at: Timestamp::default(),
        })
    });
    Ok(Seen { folder, usage: usage.transpose()? })
}
