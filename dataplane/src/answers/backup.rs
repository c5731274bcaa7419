//! `postern backup`: everything in one file, consistent in itself, while the server serves.

use std::path::Path;

use postern_store::{Result, Store, backup};

use crate::control::Response;

/// Writes the archive where the server can.
///
/// # Errors
/// As the database or the file system says.
pub async fn answer(store: &Store, to: &Path) -> Result<Response> {
    let report = backup::backup_to_file(store, to).await?;
    let rows: u64 = report.summary.rows.values().sum();
    let mut text =
        format!("{}: {rows} rows, {} bytes; keep the seal key beside it, it is not inside\n", to.display(), report.summary.bytes);
    if !report.missing.is_empty() {
        text.push_str(&format!("{} bodies could not be read and are not in it\n", report.missing.len()));
    }
    Ok(Response::Text { text })
}
