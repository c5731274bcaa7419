//! PostgreSQL: array batches, and several of them in one statement.

use std::{
    collections::HashMap,
    sync::{OnceLock, PoisonError, RwLock},
};

use sqlx::{Postgres, postgres::PgArguments, query::Query};

use super::remembered;
use crate::db::{Batch, Column, Value};

/// `sql` with `{rows}` as `unnest` over one array per column.
#[must_use]
pub fn batch_text(sql: &'static str, columns: &[Column]) -> &'static str {
    remembered(sql, usize::MAX, || with_arrays(sql, columns, 1))
}

/// `sql` with its arrays numbered from `first` on.
fn with_arrays(sql: &str, columns: &[Column], first: usize) -> String {
    let arrays: Vec<String> = columns.iter().enumerate().map(|(i, c)| format!("${}::{}[]", first + i, type_of(c))).collect();
    sql.replace("{rows}", &format!("SELECT * FROM unnest({})", arrays.join(", ")))
}

/// Several batches as one statement, so that they cost one way to the server and back. They are run in no order and do
/// not see each other's rows: none may write what another does.
#[must_use]
pub fn fused_text(batches: &[Batch]) -> &'static str {
    type Texts = RwLock<HashMap<Vec<usize>, &'static str>>;
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let texts = TEXTS.get_or_init(Texts::default);
    let key: Vec<usize> = batches.iter().map(|batch| batch.sql.as_ptr().addr()).collect();
    if let Some(text) = texts.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return text;
    }
    let mut first = 1;
    let each: Vec<String> = batches
        .iter()
        .enumerate()
        .map(|(index, batch)| {
            let text = format!("b{index} AS ({})", with_arrays(batch.sql, &batch.columns, first));
            first += batch.columns.len();
            text
        })
        .collect();
    let text = || format!("WITH {} SELECT 1", each.join(", ")).leak();
    texts.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(|| text())
}

const fn type_of(column: &Column) -> &'static str {
    match column {
        Column::Int(_) | Column::OptInt(_) => "bigint",
        Column::Text(_) | Column::OptText(_) => "text",
        Column::Bytes(_) | Column::OptBytes(_) => "bytea",
    }
}

/// Binds arguments in order.
pub fn bind<'q>(sql: &'static str, values: &[Value<'_>]) -> Query<'q, Postgres, PgArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Int(v) => query.bind(v),
        Value::Text(v) => query.bind(v),
        Value::Bytes(v) => query.bind(v),
        Value::Ints(v) => query.bind(v),
        Value::Texts(v) => query.bind(v),
    })
}

/// Binds one array per column.
pub fn bind_columns<'q, 'c>(sql: &'static str, columns: impl IntoIterator<Item = &'c Column>) -> Query<'q, Postgres, PgArguments> {
    columns.into_iter().fold(sqlx::query(sql), |query, column| match column {
        Column::Int(v) => query.bind(v),
        Column::OptInt(v) => query.bind(v),
        Column::Text(v) => query.bind(v),
        Column::OptText(v) => query.bind(v),
        Column::Bytes(v) => query.bind(v),
        Column::OptBytes(v) => query.bind(v),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_share_a_statement() {
        let one = Batch::new("INSERT INTO t (a, b) {rows}", [Column::ints([1]), Column::texts(["x"])]);
        let two = Batch::new("WITH r(id) AS ({rows}) UPDATE u SET c = 1 FROM r WHERE u.id = r.id", [Column::ints([1])]);
        assert_eq!(
            fused_text(&[one, two]),
            "WITH b0 AS (INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[])), \
             b1 AS (WITH r(id) AS (SELECT * FROM unnest($3::bigint[])) UPDATE u SET c = 1 FROM r WHERE u.id = r.id) SELECT 1"
        );
    }
}
