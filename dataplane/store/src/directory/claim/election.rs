//! The rule by which one of a name's claimants holds it: a pure function, so that it can be read and tested whole.

use postern_core::Timestamp;

use super::{Claim, PATIENCE};

/// The claimant that holds the name now, as an index. `covered` says of a host whether its tenant holds a domain above it.
#[must_use]
pub fn elect(claimants: &[Claim], covered: impl Fn(&Claim) -> bool, now: Timestamp) -> Option<usize> {
    let proven = |c: &Claim| !c.gone && (c.preverified || c.proven || covered(c));
    let standing = |c: &Claim| proven(c) && (c.preverified || covered(c) || !is_lapsed(c, now));
    // Claims of one commit have no order among them: the owner's key decides, never the order of arrival.
    let earliest = |c: &Claim| (c.since.unwrap_or(i64::MAX), c.owner.clone());
    let Some(tenant) = claimants.iter().filter(|c| standing(c)).min_by_key(|c| earliest(c)).map(|c| &c.tenant) else {
        return claimants.iter().position(|c| c.holds && proven(c));
    };
    let of_tenant = claimants.iter().enumerate().filter(|(_, c)| c.tenant == *tenant && standing(c));
    of_tenant.min_by_key(|(_, c)| (c.kind, earliest(c))).map(|(index, _)| index)
}

/// Whether the token has been missing for so long that others may take the name.
#[must_use]
pub fn is_lapsed(claim: &Claim, now: Timestamp) -> bool {
    claim.missing_since.is_some_and(|since| now.since(since) >= PATIENCE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::ClaimKind, *};

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn claim(tenant: &str, since: i64) -> Claim {
        Claim {
            name: "example.org".into(),
            owner: format!("c/Domain/{tenant}/d"),
            tenant: tenant.into(),
            kind: ClaimKind::Domain,
            preverified: false,
            proven: true,
            since: Some(since),
            missing_since: None,
            gone: false,
            holds: false,
        }
    }

    fn winner(mut claimants: Vec<Claim>) -> Option<String> {
        let there = elect(&claimants, |_| false, NOW).map(|i| claimants[i].tenant.clone());
        claimants.reverse();
        let back = elect(&claimants, |_| false, NOW).map(|i| claimants[i].tenant.clone());
        assert_eq!(there, back, "the order of the rows must not matter");
        there
    }

    #[test]
    fn unproven_holds_nothing_and_the_earliest_proven_holds() {
        let unproven = Claim { proven: false, ..claim("early", 1) };
        assert_eq!(winner(vec![unproven.clone()]), None);
        assert_eq!(winner(vec![unproven, claim("b", 5), claim("a", 7)]).as_deref(), Some("b"));
        assert_eq!(winner(vec![Claim { gone: true, ..claim("a", 1) }, claim("b", 5)]).as_deref(), Some("b"));
        let preverified = Claim { preverified: true, proven: false, ..claim("p", 2) };
        assert_eq!(winner(vec![preverified, claim("b", 5)]).as_deref(), Some("p"));
    }

    #[test]
    fn a_holder_without_its_token_gives_way_after_thirty_days_and_only_to_a_rival() {
        let missing =
            |days: u64| Claim { holds: true, missing_since: Some(NOW - Duration::from_secs(days * 86_400)), ..claim("holder", 1) };
        assert_eq!(winner(vec![missing(29), claim("rival", 9)]).as_deref(), Some("holder"));
        assert_eq!(winner(vec![missing(30), claim("rival", 9)]).as_deref(), Some("rival"));
        assert_eq!(winner(vec![missing(400)]).as_deref(), Some("holder"));
        assert_eq!(winner(vec![missing(400), Claim { proven: false, ..claim("rival", 9) }]).as_deref(), Some("holder"));
    }

    #[test]
    fn a_domain_goes_before_a_host_of_the_same_tenant() {
        let host = Claim { kind: ClaimKind::Host, owner: "c/Branding/a/b".into(), ..claim("a", 1) };
        let claimants = [host, claim("a", 4)];
        assert_eq!(elect(&claimants, |_| true, NOW), Some(1));
        assert_eq!(elect(&claimants[..1], |_| false, NOW), Some(0), "a token of its own");
    }
}
