//! What goes into a statement: the few portable types that both databases share.

/// One bound argument.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<&'a str>),
    /// BYTEA / BLOB.
    Bytes(Option<&'a [u8]>),
    /// A list for `= ANY($n)`.
    Ints(&'a [i64]),
    /// A list of texts for `= ANY($n)`.
    Texts(&'a [String]),
}

macro_rules! from {
    ($($t:ty => |$v:ident| $e:expr;)*) => { $(impl<'a> From<$t> for Value<'a> { fn from($v: $t) -> Self { $e } })* };
}

from! {
    i64 => |v| Value::Int(Some(v));
    i32 => |v| Value::Int(Some(v.into()));
    u32 => |v| Value::Int(Some(v.into()));
    bool => |v| Value::Int(Some(v.into()));
    Option<i64> => |v| Value::Int(v);
    &'a str => |v| Value::Text(Some(v));
    &'a String => |v| Value::Text(Some(v));
    Option<&'a str> => |v| Value::Text(v);
    &'a [u8] => |v| Value::Bytes(Some(v));
    &'a Vec<u8> => |v| Value::Bytes(Some(v));
    Option<&'a [u8]> => |v| Value::Bytes(v);
    &'a [i64] => |v| Value::Ints(v);
    &'a Vec<i64> => |v| Value::Ints(v);
    &'a [String] => |v| Value::Texts(v);
    &'a Vec<String> => |v| Value::Texts(v);
    postern_core::Timestamp => |v| Value::Int(Some(v.0));
    Option<postern_core::Timestamp> => |v| Value::Int(v.map(|t| t.0));
    postern_core::AccountId => |v| Value::Int(Some(v.0));
    postern_core::FolderId => |v| Value::Int(Some(v.0));
    postern_core::MessageId => |v| Value::Int(Some(v.0));
    postern_core::BlobId => |v| Value::Int(Some(v.0));
    postern_core::TraceId => |v| Value::Int(Some(v.0));
    postern_core::QueueId => |v| Value::Int(Some(v.0));
}

/// Arguments of a statement: `args![id, name, None::<i64>]`.
#[macro_export]
macro_rules! args {
    ($($v:expr),* $(,)?) => { &[$($crate::db::Value::from($v)),*] };
}

/// A statement with `{rows}` and its rows, by column.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The statement.
    pub sql: &'static str,
    /// The columns, of equal length.
    pub columns: Vec<Column>,
}

impl Batch {
    /// A statement and its columns.
    #[must_use]
    pub fn new(sql: &'static str, columns: impl Into<Vec<Column>>) -> Self {
        Self { sql, columns: columns.into() }
    }

    /// Rows of it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One column of many rows, for a statement with `{rows}`.
#[derive(Clone, Debug)]
pub enum Column {
    /// BIGINT NOT NULL.
    Int(Vec<i64>),
    /// BIGINT.
    OptInt(Vec<Option<i64>>),
    /// TEXT NOT NULL.
    Text(Vec<String>),
    /// TEXT.
    OptText(Vec<Option<String>>),
    /// BYTEA NOT NULL.
    Bytes(Vec<Vec<u8>>),
    /// BYTEA.
    OptBytes(Vec<Option<Vec<u8>>>),
}

impl Column {
    /// BIGINTs.
    pub fn ints(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Int(values.into_iter().collect())
    }

    /// TEXTs.
    pub fn texts(values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Text(values.into_iter().map(Into::into).collect())
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Int(v) => v.len(),
            Self::OptInt(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::OptText(v) => v.len(),
            Self::Bytes(v) => v.len(),
            Self::OptBytes(v) => v.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Octets of its texts and blobs.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Int(_) | Self::OptInt(_) => 0,
            Self::Text(v) => v.iter().map(String::len).sum(),
            Self::OptText(v) => v.iter().flatten().map(String::len).sum(),
            Self::Bytes(v) => v.iter().map(Vec::len).sum(),
            Self::OptBytes(v) => v.iter().flatten().map(Vec::len).sum(),
        }
    }

    /// The cell of a row; past the end it is NULL.
    #[must_use]
    pub fn cell(&self, row: usize) -> Value<'_> {
        match self {
            Self::Int(v) => Value::Int(v.get(row).copied()),
            Self::OptInt(v) => Value::Int(v.get(row).copied().flatten()),
            Self::Text(v) => Value::Text(v.get(row).map(String::as_str)),
            Self::OptText(v) => Value::Text(v.get(row).and_then(Option::as_deref)),
            Self::Bytes(v) => Value::Bytes(v.get(row).map(Vec::as_slice)),
            Self::OptBytes(v) => Value::Bytes(v.get(row).and_then(Option::as_deref)),
        }
    }
}
