//! PostgreSQL: array batches.

use sqlx::{Postgres, postgres::PgArguments, query::Query};

use super::remembered;
use crate::db::{Column, Value};

/// `sql` with `{rows}` as `unnest` over one array per column.
#[must_use]
pub fn batch_text(sql: &'static str, columns: &[Column]) -> &'static str {
    remembered(sql, usize::MAX, || {
        let arrays: Vec<String> = columns.iter().enumerate().map(|(i, c)| format!("${}::{}[]", i + 1, type_of(c))).collect();
        sql.replace("{rows}", &format!("SELECT * FROM unnest({})", arrays.join(", ")))
    })
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
pub fn bind_columns<'q>(sql: &'static str, columns: &[Column]) -> Query<'q, Postgres, PgArguments> {
    columns.iter().fold(sqlx::query(sql), |query, column| match column {
        Column::Int(v) => query.bind(v),
        Column::OptInt(v) => query.bind(v),
        Column::Text(v) => query.bind(v),
        Column::OptText(v) => query.bind(v),
        Column::Bytes(v) => query.bind(v),
        Column::OptBytes(v) => query.bind(v),
    })
}
