//! A transaction that writes.

use super::{Batch, Column, Row, Value, postgres::Turn as PgTurn, writer::Turn};
use crate::{dialect::postgres, error::Result};

/// A transaction. Dropped without [`Tx::commit`], it never happened.
pub struct Tx(Kind);

enum Kind {
    Postgres(PgTurn),
    Sqlite(Turn),
}

impl Tx {
    pub(super) const fn postgres(turn: PgTurn) -> Self {
        Self(Kind::Postgres(turn))
    }

    pub(super) const fn sqlite(turn: Turn) -> Self {
        Self(Kind::Sqlite(turn))
    }

    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// [`crate::StoreError`] as the database says; the transaction is then of no further use on PostgreSQL.
    pub async fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64> {
        match &mut self.0 {
            Kind::Postgres(turn) => turn.execute(postgres::bind(sql, args)).await,
            Kind::Sqlite(turn) => turn.execute(sql, args).await,
        }
    }

    /// Rows of a statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn rows(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>> {
        match &mut self.0 {
            Kind::Postgres(turn) => Ok(turn.rows(postgres::bind(sql, args)).await?.into_iter().map(Row::Postgres).collect()),
            Kind::Sqlite(turn) => turn.rows(sql, args).await,
        }
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn row(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Runs a statement that holds `{rows}` once for all rows of `columns`, which must be of equal length.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn batch(&mut self, sql: &'static str, columns: &[Column]) -> Result<u64> {
        if columns.first().is_none_or(Column::is_empty) {
            return Ok(0);
        }
        match &mut self.0 {
            Kind::Postgres(turn) => turn.execute(postgres::bind_columns(postgres::batch_text(sql, columns), columns)).await,
            Kind::Sqlite(turn) => turn.batch(Batch::new(sql, columns)).await,
        }
    }

    /// Runs several batches, each of which writes rows that no other does. On PostgreSQL they are one statement.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn batches(&mut self, mut batches: Vec<Batch>) -> Result<()> {
        batches.retain(|batch| !batch.is_empty());
        match &mut self.0 {
            Kind::Postgres(turn) if batches.len() > 1 => {
                let columns = batches.iter().flat_map(|batch| &batch.columns);
                turn.execute(postgres::bind_columns(postgres::fused_text(&batches), columns)).await?;
            }
            Kind::Postgres(_) => {
                for batch in batches {
                    self.batch(batch.sql, &batch.columns).await?;
                }
            }
            Kind::Sqlite(turn) => {
                for batch in batches {
                    turn.batch(batch).await?;
                }
            }
        }
        Ok(())
    }

    /// Several statements without arguments, separated by semicolons: migrations and upkeep only.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn script(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.0 {
            Kind::Postgres(turn) => turn.script(sql).await,
            Kind::Sqlite(turn) => turn.script(sql).await,
        }
    }

    /// Makes it all durable.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] or another answer of the database when it was rolled back;
    /// [`crate::StoreError::Ambiguous`] when the answer did not come.
    pub async fn commit(self) -> Result<()> {
        self.commit_with(Vec::new()).await
    }

    /// Writes the last of it and makes it all durable: one way to SQLite's thread for both.
    ///
    /// # Errors
    /// As [`Tx::commit`]; when a batch is refused, nothing of the transaction is left.
    pub async fn commit_with(mut self, batches: Vec<Batch>) -> Result<()> {
        match self.0 {
            Kind::Sqlite(turn) => turn.commit(batches).await,
            Kind::Postgres(_) => {
                if let Err(error) = self.batches(batches).await {
                    self.rollback().await;
                    return Err(error);
                }
                let Kind::Postgres(turn) = self.0 else { return Ok(()) };
                turn.commit().await
            }
        }
    }

    /// Undoes it all. Nothing can go wrong that the next transaction would not meet too.
    pub async fn rollback(self) {
        match self.0 {
            Kind::Postgres(turn) => turn.rollback().await,
            Kind::Sqlite(turn) => turn.rollback().await,
        }
    }
}
