//! Parts of the text index of a folder, by lists of segments and numbers: unnest on PostgreSQL, two JSON lists on SQLite.
//!
//! Arguments: `$1` account, `$2` folder, `$3` segments, `$4` numbers of parts, as lists of equal length.

use super::Dialect;

const POSTGRES: &str = "SELECT p.segment, p.part, p.data FROM unnest($3::bigint[], $4::bigint[]) AS a(segment, part) \
     CROSS JOIN LATERAL (SELECT t.segment, t.part, t.data FROM text_segment t \
     WHERE t.account = $1 AND t.folder = $2 AND t.part = a.part AND t.segment = a.segment LIMIT 1) AS p";

const SQLITE: &str = "SELECT t.segment, t.part, t.data FROM json_each($3) a \
     CROSS JOIN text_segment t ON t.account = $1 AND t.folder = $2 AND t.segment = a.value AND t.part = json_extract($4, a.fullkey)";

/// The statement.
#[must_use]
pub const fn text(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Sqlite => SQLITE,
    }
}
