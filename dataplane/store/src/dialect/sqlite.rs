//! SQLite: rewriting the shared text, and multi-row VALUES in a few fixed sizes so that the
//! statement cache knows them all.

use super::remembered;

/// Rows in one statement, largest first. Few sizes, so that each is prepared once.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];

/// The shared text as SQLite takes it.
#[must_use]
pub fn text(sql: &'static str) -> &'static str {
    if !["$", " FOR ", "array_agg("].iter().any(|mark| sql.contains(mark)) {
        return sql;
    }
    remembered(sql, 0, || rewrite(sql))
}

fn rewrite(sql: &str) -> String {
    // `$1` is a name to SQLite, looked up at every binding; `?1` is a place.
    let mut out = String::with_capacity(sql.len());
    for (index, part) in sql.split('$').enumerate() {
        if index > 0 {
            out.push(if part.starts_with(|c: char| c.is_ascii_digit()) { '?' } else { '$' });
        }
        out.push_str(part);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_json() {
        assert_eq!(
            text("SELECT a FROM t WHERE b = ANY($1) AND c = ANY($2) ORDER BY a FOR UPDATE SKIP LOCKED"),
            "SELECT a FROM t WHERE b IN (SELECT value FROM json_each(?1)) AND c IN (SELECT value FROM json_each(?2)) ORDER BY a "
        );
    }

    #[test]
    fn locks_and_the_database_clock_are_ours() {
        assert_eq!(
            text("SELECT a FROM t WHERE b <= db_clock($1) AND c > db_clock($1) FOR NO KEY UPDATE SKIP LOCKED"),
            "SELECT a FROM t WHERE b <= ?1 AND c > ?1 "
        );
        assert_eq!(text("SELECT a FROM t FOR KEY SHARE"), "SELECT a FROM t ");
        assert_eq!(text("SELECT array_agg(a) FROM t"), "SELECT json_group_array(a) FROM t");
        assert_eq!(text("SELECT json_extract($12, '$.a') FROM t"), "SELECT json_extract(?12, '$.a') FROM t");
    }

    #[test]
    fn rows_are_cut_into_known_sizes() {
        assert_eq!(chunks(86).collect::<Vec<_>>(), [(0, 64), (64, 16), (80, 4), (84, 1), (85, 1)]);
        assert_eq!(chunks(0).count(), 0);
        assert_eq!(batch_text("INSERT INTO t(a, b) {rows}", 2, 4), "INSERT INTO t(a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?)");
    }
}
