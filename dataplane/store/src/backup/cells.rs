//! Rows as bytes: each cell a mark (0 NULL, 1 a value), then eight bytes or a length and so many.
//! All numbers are little-endian.

use super::table::Kind;
use crate::{
    db::{Column, Row},
    error::{Result, StoreError},
};

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT or BYTEA.
    Bytes(Vec<u8>),
}

/// The first cells of a row, as many as there are columns.
pub fn read(row: &Row, columns: &[(&str, Kind)]) -> Result<Vec<Cell>> {
    let cells = columns.iter().enumerate().map(|(at, (_, kind))| {
        Ok(match kind {
            Kind::Int => row.opt_int(at)?.map_or(Cell::Null, Cell::Int),
            Kind::Text => row.opt_text(at)?.map_or(Cell::Null, |text| Cell::Bytes(text.into_bytes())),
            Kind::Bytes => row.opt_bytes(at)?.map_or(Cell::Null, Cell::Bytes),
        })
    });
    cells.collect()
}

/// Appends a row.
///
/// # Errors
/// [`StoreError::Refused`] for a value of 4 GiB and more.
pub fn encode(cells: &[Cell], out: &mut Vec<u8>) -> Result<()> {
    for cell in cells {
        match cell {
            Cell::Null => out.push(0),
            Cell::Int(value) => {
                out.push(1);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Cell::Bytes(value) => {
                let length = u32::try_from(value.len()).map_err(|_| StoreError::Refused("a value is too large for an archive".into()))?;
                out.push(1);
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(value);
            }
        }
    }
    Ok(())
}

/// The rows of a frame, as columns for [`crate::db::Tx::batch`].
///
/// # Errors
/// [`StoreError::Damaged`] when the bytes are no such rows.
pub fn decode(kinds: &[Kind], mut bytes: &[u8]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = kinds
        .iter()
        .map(|kind| match kind {
            Kind::Int => Column::OptInt(Vec::new()),
            Kind::Text => Column::OptText(Vec::new()),
            Kind::Bytes => Column::OptBytes(Vec::new()),
        })
        .collect();
    while !bytes.is_empty() && !columns.is_empty() {
        for column in &mut columns {
            let there = take(&mut bytes, 1)? != [0];
            match column {
                Column::OptInt(values) => values.push(if there { Some(i64::from_le_bytes(array(&mut bytes)?)) } else { None }),
                Column::OptText(values) => {
                    let text = if there { Some(counted(&mut bytes)?) } else { None };
                    let text = text.map(|text| String::from_utf8(text).map_err(|_| damaged())).transpose()?;
                    values.push(text);
                }
                Column::OptBytes(values) => values.push(if there { Some(counted(&mut bytes)?) } else { None }),
                Column::Int(_) | Column::Text(_) | Column::Bytes(_) => return Err(damaged()),
            }
        }
    }
    Ok(columns)
}

fn counted(bytes: &mut &[u8]) -> Result<Vec<u8>> {
    let length = u32::from_le_bytes(array(bytes)?);
    take(bytes, usize::try_from(length).unwrap_or(usize::MAX)).map(<[u8]>::to_vec)
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    take(bytes, N)?.try_into().map_err(|_| damaged())
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (first, rest) = bytes.split_at_checked(length).ok_or_else(damaged)?;
    *bytes = rest;
    Ok(first)
}

fn damaged() -> StoreError {
    StoreError::Damaged("rows of the archive that do not read".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = (Option<i64>, Option<String>, Option<Vec<u8>>)> {
        (any::<Option<i64>>(), any::<Option<String>>(), any::<Option<Vec<u8>>>())
    }

    const KINDS: [Kind; 3] = [Kind::Int, Kind::Text, Kind::Bytes];

    proptest! {
        #[test]
        fn rows_come_back(rows in prop::collection::vec(row(), 0..20)) {
            let mut bytes = Vec::new();
            for (int, text, blob) in rows.clone() {
                let text = text.map_or(Cell::Null, |t| Cell::Bytes(t.into_bytes()));
                encode(&[int.map_or(Cell::Null, Cell::Int), text, blob.map_or(Cell::Null, Cell::Bytes)], &mut bytes).unwrap();
            }
            let columns = decode(&KINDS, &bytes).unwrap();
            let (Column::OptInt(ints), Column::OptText(texts), Column::OptBytes(blobs)) = (&columns[0], &columns[1], &columns[2]) else {
                panic!("other columns")
            };
            let back: Vec<_> = ints.iter().zip(texts).zip(blobs).map(|((i, t), b)| (*i, t.clone(), b.clone())).collect();
            prop_assert_eq!(back, rows);
        }

        #[test]
        fn any_bytes_are_rows_or_damage(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&KINDS, &bytes);
        }
    }
}
