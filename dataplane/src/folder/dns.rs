//! The DNS records that a domain asks for, as its administrator shall set them. Nobody looks yet whether they are there.

use postern_core::{DomainName, Timestamp, directory::PoolRecord};
use postern_crds::Domain;
use postern_projection::dns::{Diagnosis, DkimRecord, Parts, Site, dkim_text, expected};
use postern_store::directory::{DkimKey, DkimState};

/// All of them, none looked up.
pub(super) fn unchecked(
    domain: &Domain,
    name: &DomainName,
    keys: &[DkimKey],
    pool: Option<&PoolRecord>,
    host: &DomainName,
    now: Timestamp,
) -> Diagnosis {
    // A retired key's record stays while mail that it signed is under way.
    let published = keys.iter().filter(|key| key.state != DkimState::Retired || now.since(key.activates_at).as_secs() > 0);
    let dkim: Vec<DkimRecord> =
        published.map(|key| DkimRecord { selector: key.selector.clone(), text: dkim_text(key.algorithm, &key.public) }).collect();
    let site = Site { host: host.clone(), addresses: Vec::new() };
    Diagnosis::unchecked(&expected(name, &domain.spec, Parts { site: &site, dkim: &dkim, pool }), None)
}
