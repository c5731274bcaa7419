//! A column: what one field says in each message of a segment.

use super::number::{damaged, push_varint, varint};
use crate::error::Result;

/// What a column says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// There is no such field, or it is empty.
    Nothing,
    /// Only the message can tell.
    Ask,
    /// It says this, mapped for comparison.
    Text(Box<str>),
}

/// Calls `each` with the cells of a column, message by message.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn each_cell(mut bytes: &[u8], mut each: impl FnMut(Cell)) -> Result<()> {
    while !bytes.is_empty() {
        each(match varint(&mut bytes).ok_or_else(damaged)? {
            0 => Cell::Nothing,
            1 => Cell::Ask,
            length => {
                let (text, rest) =
                    usize::try_from(length - 2).ok().and_then(|length| bytes.split_at_checked(length)).ok_or_else(damaged)?;
                bytes = rest;
                Cell::Text(std::str::from_utf8(text).map_err(|_| damaged())?.into())
            }
        });
    }
    Ok(())
}

pub(super) fn encode_column(column: &[Cell]) -> Vec<u8> {
    let mut out = Vec::new();
    for cell in column {
        match cell {
            Cell::Nothing => push_varint(&mut out, 0),
            Cell::Ask => push_varint(&mut out, 1),
            Cell::Text(text) => {
                push_varint(&mut out, text.len() as u64 + 2);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    out
}
