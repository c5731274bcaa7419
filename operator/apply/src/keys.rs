//! DKIM keys that a domain shall have and lacks. RSA takes its time, so they are made behind everything else; until one is
//! there the domain's mail leaves unsigned, and its condition `DKIMReady` says so.

use postern_core::{DomainName, Timestamp, directory::DkimAlgorithm};
use postern_crds::domain::{self, DkimKeyState, DkimKeyStatus};
use postern_mailflow::dkim;
use postern_store::{
    Result, StoreError,
    directory::{Directory, DkimState, NewDkim},
};
use rand::{SeedableRng, rngs::StdRng};

/// What of a domain's keys is not there, the quick ones first: the domain signs that much sooner. Nothing for a domain that
/// its tenant does not hold.
///
/// # Errors
/// As the database says.
pub async fn missing(directory: &Directory, tenant: &str, domain: &DomainName, wanted: &[DkimAlgorithm]) -> Result<Vec<DkimAlgorithm>> {
    let served = directory.domain(domain).await?;
    if served.is_none_or(|entry| entry.record.tenant != tenant || entry.record.name != *domain) {
        return Ok(Vec::new());
    }
    let there = directory.dkim_keys(domain).await?;
    let lacks = |algorithm: &DkimAlgorithm| !there.iter().any(|k| k.algorithm == *algorithm && k.state != DkimState::Retired);
    let mut missing: Vec<DkimAlgorithm> = wanted.iter().copied().filter(lacks).collect();
    missing.sort_by_key(|algorithm| *algorithm != DkimAlgorithm::Ed25519);
    missing.dedup();
    Ok(missing)
}

/// Makes a domain's first key of a kind. It signs at once: a signature without its record is as good as none, and never worse.
///
/// # Errors
/// As the database says.
pub async fn make(
    directory: &Directory,
    tenant: &str,
    domain: &DomainName,
    algorithm: DkimAlgorithm,
    seed: [u8; 32],
    now: Timestamp,
) -> Result<()> {
    make_all(directory, vec![(tenant.to_owned(), domain.clone(), algorithm)], seed, now).await
}

/// The same for many domains, in one transaction.
///
/// # Errors
/// As the database says; no key is there then.
pub async fn make_all(
    directory: &Directory,
    wanted: Vec<(String, DomainName, DkimAlgorithm)>,
    seed: [u8; 32],
    now: Timestamp,
) -> Result<()> {
    let making = tokio::task::spawn_blocking(move || {
        let mut chance = StdRng::from_seed(seed);
        let made = wanted.into_iter().map(|(tenant, domain, algorithm)| {
            let material = dkim::generate(algorithm, dkim::selector(algorithm, now), &mut chance)?;
            Ok(NewDkim { tenant, domain, algorithm, material })
        });
        made.collect::<std::result::Result<Vec<_>, dkim::KeyError>>()
    });
    let made = making.await.map_err(StoreError::unavailable)?.map_err(|e| StoreError::Refused(e.to_string()))?;
    directory.add_dkim(&made, DkimState::Active, now).await?;
    for NewDkim { domain, algorithm, material, .. } in &made {
        tracing::info!(%domain, ?algorithm, selector = material.selector, "a DKIM key was made; its record stands in the Domain's status.dns");
    }
    Ok(())
}

/// A key as a Domain's status tells it.
#[must_use]
pub fn status(selector: &str, algorithm: DkimAlgorithm, state: DkimState, activates_at: Timestamp) -> DkimKeyStatus {
    DkimKeyStatus {
        selector: selector.to_owned(),
        algorithm: match algorithm {
            DkimAlgorithm::Rsa2048 => domain::DkimAlgorithm::Rsa2048,
            DkimAlgorithm::Ed25519 => domain::DkimAlgorithm::Ed25519,
        },
        state: match state {
            DkimState::Waiting => DkimKeyState::Published,
            DkimState::Active => DkimKeyState::Active,
            DkimState::Retired => DkimKeyState::Retired,
        },
        activates_at: Some(activates_at.to_string()),
    }
}
