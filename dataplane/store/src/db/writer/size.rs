//! What is small enough to run where it stands: it takes microseconds, a change of thread takes more.
//!
//! It exists so that the bounds stand together. It must not look at the SQL: the arguments alone say how long it takes.

use super::super::{Batch, Column, Value};

/// Rows, and entries of a list, beyond which a statement runs beside.
const SMALL: usize = 64;
/// Octets beyond which it does.
const SMALL_OCTETS: usize = 64 * 1024;

/// Whether a statement with these arguments is.
pub(super) fn is_small(args: &[Value<'_>]) -> bool {
    args.iter().all(|value| match value {
        Value::Ints(list) => list.len() <= SMALL,
        Value::Texts(list) => list.len() <= SMALL,
        Value::Text(text) => text.is_none_or(|text| text.len() <= SMALL_OCTETS),
        Value::Bytes(bytes) => bytes.is_none_or(|bytes| bytes.len() <= SMALL_OCTETS),
        Value::Int(_) => true,
    })
}

/// Whether a statement for these rows is.
pub(super) fn is_small_batch(batch: &Batch) -> bool {
    batch.len() <= SMALL && batch.columns.iter().map(Column::octets).sum::<usize>() <= SMALL_OCTETS
}
