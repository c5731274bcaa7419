//! A transaction that writes.

use std::time::Duration;

use sqlx::{Executor, Postgres, Transaction};

use super::{Batch, Column, Row, Value, writer::Turn};
use crate::{
    dialect::{postgres, sqlite},
    error::{Result, StoreError},
};

/// How long the answer to a COMMIT is awaited: a server whose machine is gone never gives one.
const COMMIT_PATIENCE: Duration = Duration::from_secs(30);

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub struct Tx(Kind);

enum Kind {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Turn),
}

impl Tx {
    pub(super) const fn postgres(transaction: Transaction<'static, Postgres>) -> Self {
        Self(Kind::Postgres(transaction))
    }

    pub(super) const fn sqlite(turn: Turn) -> Self {
        Self(Kind::Sqlite(turn))
    }

    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// [`StoreError`] as the database says; the transaction is then of no further use on PostgreSQL.
    pub async fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64> {
        Ok(match &mut self.0 {
            Kind::Postgres(tx) => postgres::bind(sql, args).execute(&mut **tx).await?.rows_affected(),
            Kind::Sqlite(turn) => sqlite::bind(sql, args).execute(turn.connection()?).await?.rows_affected(),
        })
    }

    /// Rows of a statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn rows(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        Ok(match &mut self.0 {
            Kind::Postgres(tx) => postgres::bind(sql, args).fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect(),
            Kind::Sqlite(turn) => sqlite::bind(sql, args).fetch_all(turn.connection()?).await?.into_iter().map(Row::Sqlite).collect(),
        })
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn row(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(match &mut self.0 {
            Kind::Postgres(tx) => postgres::bind(sql, args).fetch_optional(&mut **tx).await?.map(Row::Postgres),
            Kind::Sqlite(turn) => sqlite::bind(sql, args).fetch_optional(turn.connection()?).await?.map(Row::Sqlite),
        })
    }

    /// Runs a statement that holds `{rows}` once for all rows of `columns`, which must be of equal length.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn batch(&mut self, sql: &'static str, columns: &[Column]) -> Result<u64> {
        let rows = columns.first().map_or(0, Column::len);
        if rows == 0 {
            return Ok(0);
        }
        match &mut self.0 {
            Kind::Postgres(tx) => {
                let text = postgres::batch_text(sql, columns);
                Ok(postgres::bind_columns(text, columns).execute(&mut **tx).await?.rows_affected())
            }
            Kind::Sqlite(turn) => {
                let mut touched = 0;
                for (first, rows) in sqlite::chunks(rows) {
                    let text = sqlite::batch_text(sql, columns.len(), rows);
                    touched += sqlite::bind_columns(text, columns, first, rows).execute(turn.connection()?).await?.rows_affected();
                }
                Ok(touched)
            }
        }
    }

    /// Runs several batches in order. On SQLite small ones go to the database together.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn batches(&mut self, batches: &[Batch]) -> Result<()> {
        let Kind::Sqlite(turn) = &mut self.0 else {
            for batch in batches {
                self.batch(batch.sql, &batch.columns).await?;
            }
            return Ok(());
        };
        for group in sqlite::pieces(batches) {
            if let Some(text) = sqlite::fused_text(batches, &group) {
                sqlite::bind_pieces(text, batches, &group).execute(turn.connection()?).await?;
                continue;
            }
            for (batch, first, rows) in group {
                let Batch { sql, columns } = &batches[batch];
                let text = sqlite::batch_text(sql, columns.len(), rows);
                sqlite::bind_columns(text, columns, first, rows).execute(turn.connection()?).await?;
            }
        }
        Ok(())
    }

    /// Several statements without arguments, separated by semicolons: migrations only.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn script(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.0 {
            Kind::Postgres(tx) => tx.execute(sqlx::raw_sql(sql)).await?.rows_affected(),
            Kind::Sqlite(turn) => turn.connection()?.execute(sqlx::raw_sql(sql)).await?.rows_affected(),
        };
        Ok(())
    }

    /// Makes it all durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] or another answer of the database when it was rolled back;
    /// [`StoreError::Ambiguous`] when the answer did not come.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            Kind::Postgres(tx) => match tokio::time::timeout(COMMIT_PATIENCE, tx.commit()).await {
                Ok(committed) => committed.map_err(|e| match StoreError::from(e) {
                    StoreError::Unavailable(cause) => StoreError::Ambiguous(cause),
                    other => other,
                }),
                Err(_) => Err(StoreError::Ambiguous("no answer to COMMIT".into())),
            },
            Kind::Sqlite(turn) => turn.commit().await,
        }
    }

    /// Undoes it all. Nothing can go wrong that the next transaction would not meet too.
    pub async fn rollback(self) {
        match self.0 {
            Kind::Postgres(tx) => drop(tx.rollback().await),
            Kind::Sqlite(turn) => turn.rollback().await,
        }
    }
}
