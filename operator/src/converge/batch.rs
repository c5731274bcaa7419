//! Updates of a size that one transaction takes well, in an order in which each finds what it stands on.

use postern_projection::Projection;
use postern_store::directory::{DirectoryUpdate, Leaving};

/// Records a transaction, so that no reader of the position waits long.
const SIZE: usize = 1_000;

/// What goes comes first, for its addresses may be wanted; then what boxes stand on; then boxes and aliases.
pub fn batches(cluster: &str, leaving: Vec<Leaving>, projection: &mut Projection) -> Vec<DirectoryUpdate> {
    let empty = || DirectoryUpdate { cluster: cluster.to_owned(), ..DirectoryUpdate::default() };
    let mut all = Vec::new();
    all.extend(chunks(leaving).map(|leaving| DirectoryUpdate { leaving, ..empty() }));
    all.extend(chunks(std::mem::take(&mut projection.pools)).map(|pools| DirectoryUpdate { pools, ..empty() }));
    all.extend(chunks(std::mem::take(&mut projection.brands)).map(|brands| DirectoryUpdate { brands, ..empty() }));
    all.extend(chunks(std::mem::take(&mut projection.domains)).map(|domains| DirectoryUpdate { domains, ..empty() }));
    all.extend(chunks(std::mem::take(&mut projection.accounts)).map(|accounts| DirectoryUpdate { accounts, ..empty() }));
    all.extend(chunks(std::mem::take(&mut projection.aliases)).map(|aliases| DirectoryUpdate { aliases, ..empty() }));
    all
}

/// Both halves of a batch; `None` when it holds a single record.
pub fn halves(mut batch: DirectoryUpdate) -> Option<[DirectoryUpdate; 2]> {
    if len(&batch) < 2 {
        return None;
    }
    let mut rest = DirectoryUpdate { cluster: batch.cluster.clone(), ..DirectoryUpdate::default() };
    rest.leaving = batch.leaving.split_off(batch.leaving.len().div_ceil(2));
    rest.domains = batch.domains.split_off(batch.domains.len().div_ceil(2));
    rest.accounts = batch.accounts.split_off(batch.accounts.len().div_ceil(2));
    rest.aliases = batch.aliases.split_off(batch.aliases.len().div_ceil(2));
    rest.pools = batch.pools.split_off(batch.pools.len().div_ceil(2));
    rest.brands = batch.brands.split_off(batch.brands.len().div_ceil(2));
    Some([batch, rest])
}

/// Records in a batch.
pub fn len(batch: &DirectoryUpdate) -> usize {
    batch.leaving.len() + batch.domains.len() + batch.accounts.len() + batch.aliases.len() + batch.pools.len() + batch.brands.len()
}

fn chunks<T>(all: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut all = all.into_iter();
    std::iter::from_fn(move || Some(all.by_ref().take(SIZE).collect::<Vec<T>>()).filter(|chunk| !chunk.is_empty()))
}

#[cfg(test)]
mod tests {
    use postern_core::directory::SourceKey;

    use super::*;

    #[test]
    fn a_batch_is_halved_down_to_one() {
        let leaving = |i: usize| Leaving {
            source: SourceKey { cluster: "c".into(), kind: "Mailbox".into(), namespace: "t".into(), name: i.to_string() },
            deletion: None,
        };
        let all: Vec<DirectoryUpdate> = batches("c", (0..2_500).map(leaving).collect(), &mut Projection::default());
        assert_eq!(all.iter().map(len).collect::<Vec<_>>(), [1_000, 1_000, 500]);
        let (mut open, mut single) = (all, 0);
        while let Some(batch) = open.pop() {
            match halves(batch) {
                Some(both) => open.extend(both),
                None => single += 1,
            }
        }
        assert_eq!(single, 2_500);
    }
}
