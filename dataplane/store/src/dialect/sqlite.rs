//! SQLite: rewriting the shared text, and multi-row VALUES in a few fixed sizes so that the
//! statement cache knows them all.

use std::{
    collections::HashMap,
    sync::{OnceLock, PoisonError, RwLock},
};

use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments};

use super::remembered;
use crate::db::{Batch, Column, Value};

/// Rows in one statement, largest first. Few sizes, so that each is prepared once.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];

/// The shared text as SQLite takes it.
#[must_use]
pub fn text(sql: &'static str) -> &'static str {
    if !["ANY(", " FOR ", "db_clock(", "array_agg("].iter().any(|mark| sql.contains(mark)) {
        return sql;
    }
    remembered(sql, 0, || rewrite(sql))
}

fn rewrite(sql: &str) -> String {
    let mut out = sql.to_owned();
    for lock in ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR KEY SHARE"] {
        out = out.replace(&format!("{lock} SKIP LOCKED"), "").replace(lock, "");
    }
    out = out.replace("array_agg(", "json_group_array(");
    while let Some(at) = out.find("db_clock(") {
        let inner = at + "db_clock(".len();
        let Some(end) = out[inner..].find(')') else { break };
        let argument = out[inner..inner + end].to_owned();
        out.replace_range(at..=inner + end, &argument);
    }
    while let Some(at) = out.find("= ANY(") {
        let inner = at + "= ANY(".len();
        let Some(end) = out[inner..].find(')') else { break };
        let argument = out[inner..inner + end].to_owned();
        out.replace_range(at..=inner + end, &format!("IN (SELECT value FROM json_each({argument}))"));
    }
    out
}

/// How `rows` rows are cut into statements: (first row, rows).
pub fn chunks(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= rows - at)?;
        at += size;
        Some((at - size, size))
    })
}

/// `sql` with `{rows}` as VALUES of `rows` rows and `columns` columns.
#[must_use]
pub fn batch_text(sql: &'static str, columns: usize, rows: usize) -> &'static str {
    remembered(sql, rows, || {
        // Bare marks: a numbered one has a name, which is looked up at every binding.
        let values: Vec<String> = (0..rows)
            .map(|_| {
                let cells = vec!["?"; columns].join(", ");
                format!("({cells})")
            })
            .collect();
        rewrite(sql).replace("{rows}", &format!("VALUES {}", values.join(", ")))
    })
}

/// Statements of one text at most: each is prepared with all others of its text.
const FUSED: usize = 16;
/// Rows of a statement that is fused at most: of larger ones each is worth its own way to the database.
const FUSED_ROWS: usize = 4;
/// Fused texts that are remembered at most; beyond them statements go alone.
const FUSED_TEXTS: usize = 128;

/// A statement of a batch: its place in the list of batches, the first row and the rows.
pub type Piece = (usize, usize, usize);

/// Cuts batches into statements, and statements into what goes to the database at once. Each way there and back costs
/// two changes of thread, so small statements share one.
#[must_use]
pub fn pieces(batches: &[Batch]) -> Vec<Vec<Piece>> {
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        for (first, rows) in chunks(batch.len()) {
            match groups.last_mut() {
                Some(group) if rows <= FUSED_ROWS && group.len() < FUSED && group.iter().all(|(_, _, rows)| *rows <= FUSED_ROWS) => {
                    group.push((index, first, rows));
                }
                _ => groups.push(vec![(index, first, rows)]),
            }
        }
    }
    groups
}

/// The text of several statements as one; `None` when too many such texts are remembered already.
#[must_use]
pub fn fused_text(batches: &[Batch], pieces: &[Piece]) -> Option<&'static str> {
    type Texts = RwLock<HashMap<Vec<(usize, usize)>, &'static str>>;
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let texts = TEXTS.get_or_init(Texts::default);
    let key: Vec<(usize, usize)> = pieces.iter().map(|(batch, _, rows)| (batches[*batch].sql.as_ptr().addr(), *rows)).collect();
    if let Some(text) = texts.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Some(text);
    }
    let mut texts = texts.write().unwrap_or_else(PoisonError::into_inner);
    if texts.len() >= FUSED_TEXTS {
        return None;
    }
    let each: Vec<&str> =
        pieces.iter().map(|(batch, _, rows)| batch_text(batches[*batch].sql, batches[*batch].columns.len(), *rows)).collect();
    let text: &'static str = each.join("; ").leak();
    texts.insert(key, text);
    Some(text)
}

/// Binds the rows of several statements, one after the other.
pub fn bind_pieces<'q>(sql: &'static str, batches: &[Batch], pieces: &[Piece]) -> Query<'q, Sqlite, SqliteArguments> {
    let cells = pieces.iter().flat_map(|(batch, first, rows)| {
        let columns = &batches[*batch].columns;
        (*first..first + rows).flat_map(move |row| columns.iter().map(move |column| column.cell(row)))
    });
    cells.fold(sqlx::query(sql), bind_one)
}

/// Binds arguments in order; lists become JSON arrays.
pub fn bind<'q>(sql: &'static str, values: &[Value<'_>]) -> Query<'q, Sqlite, SqliteArguments> {
    values.iter().fold(sqlx::query(text(sql)), |query, value| bind_one(query, *value))
}

/// Binds `rows` rows from `first` on, row by row.
pub fn bind_columns<'q>(sql: &'static str, columns: &[Column], first: usize, rows: usize) -> Query<'q, Sqlite, SqliteArguments> {
    let cells = (first..first + rows).flat_map(|row| columns.iter().map(move |column| column.cell(row)));
    cells.fold(sqlx::query(sql), bind_one)
}

fn bind_one<'q>(query: Query<'q, Sqlite, SqliteArguments>, value: Value<'_>) -> Query<'q, Sqlite, SqliteArguments> {
    match value {
        Value::Int(v) => query.bind(v),
        Value::Text(v) => query.bind(v.map(str::to_owned)),
        Value::Bytes(v) => query.bind(v.map(<[u8]>::to_vec)),
        Value::Ints(v) => query.bind(serde_json::Value::from(v).to_string()),
        Value::Texts(v) => query.bind(serde_json::Value::from(v).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_json() {
        assert_eq!(
            text("SELECT a FROM t WHERE b = ANY($1) AND c = ANY($2) ORDER BY a FOR UPDATE SKIP LOCKED"),
            "SELECT a FROM t WHERE b IN (SELECT value FROM json_each($1)) AND c IN (SELECT value FROM json_each($2)) ORDER BY a "
        );
    }

    #[test]
    fn locks_and_the_database_clock_are_ours() {
        assert_eq!(
            text("SELECT a FROM t WHERE b <= db_clock($1) AND c > db_clock($1) FOR NO KEY UPDATE SKIP LOCKED"),
            "SELECT a FROM t WHERE b <= $1 AND c > $1 "
        );
        assert_eq!(text("SELECT a FROM t FOR KEY SHARE"), "SELECT a FROM t ");
        assert_eq!(text("SELECT array_agg(a) FROM t"), "SELECT json_group_array(a) FROM t");
    }

    #[test]
    fn rows_are_cut_into_known_sizes() {
        assert_eq!(chunks(86).collect::<Vec<_>>(), [(0, 64), (64, 16), (80, 4), (84, 1), (85, 1)]);
        assert_eq!(chunks(0).count(), 0);
        assert_eq!(batch_text("INSERT INTO t(a, b) {rows}", 2, 4), "INSERT INTO t(a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?)");
    }

    #[test]
    fn small_statements_share_a_text() {
        let batch = |sql, rows: usize| Batch::new(sql, [Column::Int(vec![1; rows]), Column::Int(vec![2; rows])]);
        let batches =
            [batch("INSERT INTO t(a, b) {rows}", 1), batch("INSERT INTO u(a, b) {rows}", 17), batch("INSERT INTO v(a, b) {rows}", 0)];
        assert_eq!(pieces(&batches), [vec![(0, 0, 1)], vec![(1, 0, 16)], vec![(1, 16, 1)]]);
        let small = [batch("INSERT INTO t(a, b) {rows}", 1), batch("INSERT INTO u(a, b) {rows}", 5)];
        let fused = pieces(&small);
        assert_eq!(fused, [vec![(0, 0, 1), (1, 0, 4), (1, 4, 1)]]);
        let text = fused_text(&small, &fused[0]).unwrap();
        assert_eq!(
            text,
            "INSERT INTO t(a, b) VALUES (?, ?); INSERT INTO u(a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?); INSERT INTO u(a, b) VALUES (?, ?)"
        );
    }
}
