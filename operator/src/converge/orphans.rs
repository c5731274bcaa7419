//! Rows whose resource is gone although nobody saw it go: deleted without our finalizer, or lost by the API server.
//!
//! They are looked for when a leader begins and when a list lacks what was there before, and only after complete lists of
//! all kinds. An API server that has nothing at all is taken for a new one that will be filled, not for an order to
//! delete everything; and a twentieth of all rows is never lost at once without a word.

use postern_apply::confirm;
use postern_store::{
    Result,
    directory::{DirectoryUpdate, VerifiersBySource},
};

use super::gather;
use crate::{context::Context, watch::Id};

/// What became of the rows without a resource.
#[derive(Debug, Default)]
pub struct Orphans {
    /// Rows that went.
    pub removed: Vec<Id>,
    /// Rows that were kept, for they are too many.
    pub withheld: usize,
}

/// Removes rows whose resource is gone.
pub async fn remove(context: &Context) -> Result<Orphans> {
    let held = gather::everything(&context.cache.read());
    if held.is_empty() {
        return Ok(Orphans::default());
    }
    let held: Vec<_> = held.iter().map(|id| id.source(&context.place.cluster)).collect();
    let mut update = DirectoryUpdate { cluster: context.place.cluster.clone(), held, complete: true, ..DirectoryUpdate::default() };
    let none = VerifiersBySource::new();
    let mut report = context.directory.apply(&update, context.epoch, &none).await?;
    if !report.withheld.is_empty() && is_confirmed(context, report.withheld.len()) {
        update.confirm_mass_delete = true;
        report = context.directory.apply(&update, context.epoch, &none).await?;
    }
    context.metrics.withheld(report.withheld.len());
    if let Some(first) = report.withheld.first() {
        tracing::warn!(
            rows = report.withheld.len(),
            %first,
            "so many resources are gone at once that their rows are kept; apply them again, or annotate a Namespace with {}: \"{}\"",
            confirm::ANNOTATION,
            report.withheld.len()
        );
    }
    Ok(Orphans { removed: report.removed.iter().filter_map(Id::of_source).collect(), withheld: report.withheld.len() })
}

fn is_confirmed(context: &Context, going: usize) -> bool {
    // The operator's own namespace: a tenant confirms nothing for others.
    let tables = context.cache.read();
    tables
        .namespaces
        .get("", &context.place.namespace)
        .is_some_and(|entry| confirm::is_given(entry.object.metadata.annotations.as_ref(), going))
}
